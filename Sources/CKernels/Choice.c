#include "CKernels.h"

#include <stdlib.h>
#include <string.h>

static const ck_loops *chosen;
const ck_loops *const *const ck_chosen = &chosen;

#ifdef __x86_64__

extern const ck_loops ck_avx2_loops, ck_avx512_loops;

const ck_loops *ck_variant(int index) {
    const ck_loops *variants[3] = {0, 0, 0};
    int count = 0;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) variants[count++] = &ck_avx512_loops;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) variants[count++] = &ck_avx2_loops;
    return index >= 0 && index < count ? variants[index] : 0;
}

#else

const ck_loops *ck_variant(int index) {
    (void)index;
    return 0;
}

#endif

// A constructor, and a plain pointer, not ifunc: resolvers of ifunc run before ThreadSanitizer is ready.
__attribute__((constructor)) static void choose(void) {
    const char *wish = getenv("ANOMALYD_KERNELS");
    if (wish && strcmp(wish, "portable") == 0) return;
    for (int i = 0; ck_variant(i); i++) {
        if (!wish || !*wish || strcmp(wish, ck_variant(i)->name) == 0) {
            chosen = ck_variant(i);
            return;
        }
    }
    chosen = ck_variant(0);
}
