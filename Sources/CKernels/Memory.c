#include <malloc.h>

#include "CKernels.h"

void ck_prefetch(const void *origin, const int32_t *places, long count) {
    const char *const line = (const char *)((uintptr_t)origin & ~(uintptr_t)(ck_line - 1));
    for (long i = 0; i < count; i++) {
        const char *const start = line + (intptr_t)(places[i] >> ck_count_bits) * ck_line;
        const long lines = places[i] & ((1 << ck_count_bits) - 1);
        for (long k = 0; k < lines; k++) ck_prefetch_line(start + k * ck_line);
    }
}

// Not in the header: with a second module that includes malloc.h, mallinfo2() returned zeros in Swift.
long ck_block_bytes(const void *block) { return (long)malloc_usable_size((void *)block); }
