#ifndef FAULTDISK_H
#define FAULTDISK_H

#include "CFaultVFS.h"

/* Bytes in memory; `size` of them count. */
typedef struct {
    uint8_t *bytes;
    int64_t size, capacity;
} fault_bytes;

/* A write that has not been synced, or, without bytes, a truncation to `offset`. */
typedef struct {
    int64_t offset;
    int64_t length;
    uint8_t *bytes;
} fault_change;

/* One name in the folder, as the disk knows it. */
typedef struct fault_node {
    struct fault_node *next;
    char *path;
    /* What is safe, and what came later, in order. */
    fault_bytes safe;
    fault_change *changes;
    int64_t count, room;
    /* Whether the name is there, and whether it would be after a power failure for certain. */
    int linked, safely_linked;
    /* The contents that a removed file comes back with if its removal was not safe; NULL bytes if it can't. */
    fault_bytes ghost;
    int has_ghost;
} fault_node;

struct fault_disk {
    fault_disk *next;
    char *folder;
    fault_node *nodes;
    int64_t operations;
    fault_kind kind;
    int64_t at, times, struck, power_at;
    uint64_t seed;
    int off;
};

/* The disk that a path lies on; NULL for none. */
fault_disk *fault_disk_of(const char *path);

/*
 * Counts an operation that `kind` (and `other`, if it is another) can strike.
 * Returns FAULT_NONE, the fault that strikes it, or FAULT_POWER if the power fails now or has failed.
 */
fault_kind fault_disk_strike(fault_disk *disk, const fault_kind *kinds, int count);

/* A number below `limit` that depends on the disk's seed and `salt` only. */
int64_t fault_disk_chance(const fault_disk *disk, uint64_t salt, int64_t limit);

/* The node of a path, made if needed with what the file holds now as safe. NULL: no memory, or it can't be read. */
fault_node *fault_node_of(fault_disk *disk, const char *path);
/* The name is there from now on. */
void fault_node_link(fault_node *node);
/* The name is gone from now on. */
void fault_node_unlink(fault_node *node);
/* Bytes were given to the file. 0, or -1 without memory. */
int fault_node_write(fault_node *node, const void *bytes, int64_t length, int64_t offset);
int fault_node_truncate(fault_node *node, int64_t size);
/* All that was given is safe. */
int fault_node_sync(fault_node *node);
/* A sync failed: chance decides which of the changes are safe; the others are forgotten. */
int fault_node_fail_sync(fault_node *node, uint64_t seed);
/* All names in the folder are safe. */
void fault_disk_sync_names(fault_disk *disk);

#endif
