// What Sources/Systemd uses of libsystemd. Functions with variable arguments (sd_notifyf, sd_journal_send) exist here
// too, but Swift cannot import them: sd_notify and sd_journal_sendv take their place.
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

// So has prctl(2).
#include <sys/prctl.h>
static inline int anomalyd_set_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

// memfd_create(2). sys/mman.h declares it under _GNU_SOURCE only, with which Swift's Glibc module is not built.
int memfd_create(const char *name, unsigned int flags);
