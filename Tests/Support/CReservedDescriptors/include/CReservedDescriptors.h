#ifndef RESERVED_DESCRIPTORS_H
#define RESERVED_DESCRIPTORS_H

/// Where a service manager puts the sockets that it passes. In a test's process these are taken before anything else
/// runs: libdispatch, which opens a descriptor when it first needs one, would not survive another file in its place.
enum { RESERVED_FIRST = 3, RESERVED_COUNT = 8 };

#endif
