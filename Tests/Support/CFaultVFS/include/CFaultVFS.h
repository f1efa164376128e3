#ifndef CFAULTVFS_H
#define CFAULTVFS_H

#include <stdint.h>

/*
 * For tests only: an SQLite VFS that passes everything on to the default one, but for the files of folders that have
 * been made into a fault_disk. There it counts each I/O operation, lets a chosen one fail, and remembers which bytes
 * the disk is sure to have and which it was merely given, so that a power failure can be played out.
 *
 * What is modelled: fsync(2) makes a file's bytes safe (and, for a new journal or WAL, the names in its folder, as
 * SQLite's unix VFS syncs that too); until then each sector of 512 bytes may have any state that it went through, or
 * be rubbish; a failed fsync leaves it open which bytes arrived and never writes them again by itself, as Linux does
 * (https://wiki.postgresql.org/wiki/Fsync_Errors); the shared memory is gone.
 *
 * A disk is used by one thread at a time. Different disks, and files elsewhere, don't touch each other.
 */

/* What can go wrong. Each strikes the first operations of its sort from a chosen number on. */
typedef enum {
    FAULT_NONE,
    FAULT_WRITE,          /* write: error, nothing written */
    FAULT_SHORT_WRITE,    /* write: error after a part of the bytes */
    FAULT_NO_SPACE,       /* write: ENOSPC after a part of the bytes */
    FAULT_SYNC,           /* fsync: error; any part of what it should have made safe is, the rest never will be */
    FAULT_TRUNCATE,       /* ftruncate: error */
    FAULT_READ,           /* read: error */
    FAULT_SIZE,           /* fstat: error */
    FAULT_OPEN,           /* open: error */
    FAULT_DELETE,         /* unlink: error */
    FAULT_ACCESS,         /* access: error */
    FAULT_LOCK,           /* a lock of the file or of the shared memory: error */
    FAULT_BUSY,           /* the same: held by somebody else */
    FAULT_MAP,            /* mapping the shared memory: error */
    FAULT_POWER,          /* any operation: the power fails in the middle of it; from then on everything fails */
} fault_kind;

typedef struct fault_disk fault_disk;

/* Makes the VFS the default one of this process. Calls after the first do nothing. */
void fault_vfs_install(void);

/* Takes over a folder, given by its path without symbolic links. Its files must not be open. NULL: no memory. */
fault_disk *fault_disk_create(const char *folder);
/* Lets go of the folder. Its files must have been closed. */
void fault_disk_destroy(fault_disk *disk);

/* Operations so far. */
int64_t fault_disk_operations(const fault_disk *disk);
/* How often the armed fault has struck since it was armed. */
int64_t fault_disk_struck(const fault_disk *disk);
/* True once the power has failed. */
int fault_disk_is_off(const fault_disk *disk);

/*
 * From operation number `at` on (the first has number 1), `kind` strikes `times` operations. What is left to chance
 * depends on `seed` only. Replaces what was armed before; a power failure may be armed beside it.
 */
void fault_disk_arm(fault_disk *disk, fault_kind kind, int64_t at, int64_t times, uint64_t seed);
/* The power fails in operation number `at`; 0 for never, which is so at first. */
void fault_disk_arm_power(fault_disk *disk, int64_t at);
/* The power fails now, between two operations. */
void fault_disk_cut(fault_disk *disk);

/*
 * After a power failure, and after all files have been closed: gives each file the contents that it has when the
 * machine comes back, and the disk works again with nothing armed. Returns 0, or -1 with errno set.
 */
int fault_disk_reboot(fault_disk *disk, uint64_t seed);
/*
 * In place of a reboot: it was only the process that ended. All that was given to the disk is there, if not safe yet;
 * the disk works again with nothing armed.
 */
void fault_disk_restart(fault_disk *disk);

#endif
