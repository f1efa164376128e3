#define _GNU_SOURCE
#include "CReservedDescriptors.h"

#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void reserve(void)
{
    for (int descriptor = RESERVED_FIRST; descriptor < RESERVED_FIRST + RESERVED_COUNT; descriptor++) {
        if (fcntl(descriptor, F_GETFD) >= 0) continue;
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (null < 0 || null == descriptor) continue;
        dup3(null, descriptor, O_CLOEXEC);
        close(null);
    }
}
