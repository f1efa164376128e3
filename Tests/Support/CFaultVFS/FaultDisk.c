#define _GNU_SOURCE
#include "FaultDisk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { sector = 512 };

static pthread_mutex_t registry = PTHREAD_MUTEX_INITIALIZER;
static fault_disk *disks;

/* SplitMix64: http://prng.di.unimi.it/splitmix64.c */
static uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

/* ---- Bytes ---- */

static int set_size(fault_bytes *it, int64_t size) {
    if (size > it->capacity) {
        int64_t capacity = size * 2;
        uint8_t *bytes = realloc(it->bytes, (size_t)capacity);
        if (!bytes) return -1;
        it->bytes = bytes;
        it->capacity = capacity;
    }
    if (size > it->size) memset(it->bytes + it->size, 0, (size_t)(size - it->size));
    it->size = size;
    return 0;
}

static int put(fault_bytes *it, const uint8_t *bytes, int64_t length, int64_t offset) {
    if (offset + length > it->size && set_size(it, offset + length)) return -1;
    memcpy(it->bytes + offset, bytes, (size_t)length);
    return 0;
}

static void discard(fault_bytes *it) {
    free(it->bytes);
    memset(it, 0, sizeof *it);
}

static void forget_changes(fault_node *node) {
    for (int64_t i = 0; i < node->count; i++) free(node->changes[i].bytes);
    node->count = 0;
}

/* Reads the file at `path`. A missing file has no bytes, and `*exists` is 0. */
static int load(const char *path, fault_bytes *it, int *exists) {
    *exists = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return errno == ENOENT ? 0 : -1;
    *exists = 1;
    struct stat status;
    int result = fstat(descriptor, &status);
    if (!result) result = set_size(it, status.st_size);
    if (!result && it->size && pread(descriptor, it->bytes, (size_t)it->size, 0) != it->size) result = -1;
    close(descriptor);
    return result;
}

/* Gives the file at `path` these bytes, or removes it. */
static int store(const char *path, const fault_bytes *it, int exists) {
    if (!exists) return unlink(path) && errno != ENOENT ? -1 : 0;
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (descriptor < 0) return -1;
    int result = it->size && write(descriptor, it->bytes, (size_t)it->size) != it->size ? -1 : 0;
    close(descriptor);
    return result;
}

/* ---- Disks ---- */

fault_disk *fault_disk_create(const char *folder) {
    fault_disk *disk = calloc(1, sizeof *disk);
    if (!disk) return NULL;
    if (asprintf(&disk->folder, "%s/", folder) < 0) {
        free(disk);
        return NULL;
    }
    pthread_mutex_lock(&registry);
    disk->next = disks;
    disks = disk;
    pthread_mutex_unlock(&registry);
    return disk;
}

void fault_disk_destroy(fault_disk *disk) {
    pthread_mutex_lock(&registry);
    for (fault_disk **link = &disks; *link; link = &(*link)->next) {
        if (*link == disk) {
            *link = disk->next;
            break;
        }
    }
    pthread_mutex_unlock(&registry);
    for (fault_node *node = disk->nodes; node;) {
        fault_node *next = node->next;
        forget_changes(node);
        free(node->changes);
        discard(&node->safe);
        discard(&node->ghost);
        free(node->path);
        free(node);
        node = next;
    }
    free(disk->folder);
    free(disk);
}

fault_disk *fault_disk_of(const char *path) {
    pthread_mutex_lock(&registry);
    fault_disk *disk = disks;
    while (disk && strncmp(path, disk->folder, strlen(disk->folder))) disk = disk->next;
    pthread_mutex_unlock(&registry);
    return disk;
}

int64_t fault_disk_operations(const fault_disk *disk) { return disk->operations; }
int64_t fault_disk_struck(const fault_disk *disk) { return disk->struck; }
int fault_disk_is_off(const fault_disk *disk) { return disk->off; }
void fault_disk_cut(fault_disk *disk) { disk->off = 1; }
void fault_disk_arm_power(fault_disk *disk, int64_t at) { disk->power_at = at; }

void fault_disk_arm(fault_disk *disk, fault_kind kind, int64_t at, int64_t times, uint64_t seed) {
    disk->kind = kind;
    disk->at = at;
    disk->times = times;
    disk->struck = 0;
    disk->seed = seed;
    if (kind == FAULT_POWER) disk->power_at = at;
}

fault_kind fault_disk_strike(fault_disk *disk, const fault_kind *kinds, int count) {
    if (disk->off) return FAULT_POWER;
    disk->operations++;
    if (disk->power_at && disk->operations >= disk->power_at) {
        disk->off = 1;
        if (disk->kind == FAULT_POWER) disk->struck = 1;
        return FAULT_POWER;
    }
    for (int i = 0; i < count; i++) {
        if (disk->kind != kinds[i] || disk->operations < disk->at || disk->struck >= disk->times) continue;
        disk->struck++;
        return kinds[i];
    }
    return FAULT_NONE;
}

int64_t fault_disk_chance(const fault_disk *disk, uint64_t salt, int64_t limit) {
    return limit < 1 ? 0 : (int64_t)(mix(disk->seed ^ mix(salt)) % (uint64_t)limit);
}

/* ---- Nodes ---- */

fault_node *fault_node_of(fault_disk *disk, const char *path) {
    for (fault_node *node = disk->nodes; node; node = node->next) {
        if (strcmp(node->path, path)) continue;
        if (node->linked) return node;
        // It may have been made anew behind our back, as by rename(2).
        discard(&node->safe);
        return load(path, &node->safe, &node->linked) ? NULL : node;
    }
    fault_node *node = calloc(1, sizeof *node);
    if (!node) return NULL;
    node->path = strdup(path);
    if (!node->path || load(path, &node->safe, &node->linked)) {
        free(node->path);
        discard(&node->safe);
        free(node);
        return NULL;
    }
    // Whoever made or renamed a file without syncing its folder can't be sure of its name.
    node->next = disk->nodes;
    disk->nodes = node;
    return node;
}

void fault_node_link(fault_node *node) { node->linked = 1; }

void fault_node_unlink(fault_node *node) {
    if (node->safely_linked && !node->has_ghost) {
        node->ghost = node->safe;
        node->has_ghost = 1;
        memset(&node->safe, 0, sizeof node->safe);
    } else {
        discard(&node->safe);
    }
    forget_changes(node);
    node->linked = 0;
    node->safely_linked = 0;
}

void fault_disk_sync_names(fault_disk *disk) {
    for (fault_node *node = disk->nodes; node; node = node->next) {
        node->safely_linked = node->linked;
        discard(&node->ghost);
        node->has_ghost = 0;
    }
}

static fault_change *new_change(fault_node *node) {
    if (node->count == node->room) {
        int64_t room = node->room ? node->room * 2 : 64;
        fault_change *changes = realloc(node->changes, (size_t)room * sizeof *changes);
        if (!changes) return NULL;
        node->changes = changes;
        node->room = room;
    }
    fault_change *change = &node->changes[node->count++];
    memset(change, 0, sizeof *change);
    return change;
}

int fault_node_write(fault_node *node, const void *bytes, int64_t length, int64_t offset) {
    if (length <= 0) return 0;
    fault_change *change = new_change(node);
    if (!change) return -1;
    change->bytes = malloc((size_t)length);
    if (!change->bytes) {
        node->count--;
        return -1;
    }
    memcpy(change->bytes, bytes, (size_t)length);
    change->length = length;
    change->offset = offset;
    return 0;
}

int fault_node_truncate(fault_node *node, int64_t size) {
    fault_change *change = new_change(node);
    if (!change) return -1;
    change->offset = size;
    return 0;
}

int fault_node_sync(fault_node *node) {
    for (int64_t i = 0; i < node->count; i++) {
        fault_change *change = &node->changes[i];
        if (change->bytes ? put(&node->safe, change->bytes, change->length, change->offset)
                          : set_size(&node->safe, change->offset)) {
            return -1;
        }
    }
    forget_changes(node);
    return 0;
}

/*
 * How many of the changes reach a sector. The lowest bits of the seed choose the manner of the failure: nothing
 * arrives, everything, or each sector as far as it got; then some are rubbish, too.
 */
static int64_t reach(uint64_t seed, int64_t place, int64_t count) {
    switch (seed & 3) {
        case 0: return 0;
        case 1: return count;
        default: break;
    }
    uint64_t chance = mix(seed ^ mix((uint64_t)place));
    switch (chance & 3) {
        case 0: return 0;
        case 1: return count;
        default: return (int64_t)((chance >> 2) % (uint64_t)(count + 1));
    }
}

static int settle(fault_node *node, uint64_t seed) {
    for (int64_t i = 0; i < node->count; i++) {
        fault_change *change = &node->changes[i];
        if (!change->bytes) {
            // A size is not part of any sector.
            if (i < reach(seed, -1, node->count) && set_size(&node->safe, change->offset)) return -1;
            continue;
        }
        for (int64_t done = 0; done < change->length;) {
            int64_t place = (change->offset + done) / sector;
            int64_t length = (place + 1) * sector - change->offset - done;
            if (length > change->length - done) length = change->length - done;
            uint64_t chance = mix(seed ^ mix(~(uint64_t)place));
            int is_rubbish = (seed & 3) == 3 && chance % 8 == 0;
            if (is_rubbish || i < reach(seed, place, node->count)) {
                if (put(&node->safe, change->bytes + done, length, change->offset + done)) return -1;
            }
            if (is_rubbish) {
                for (int64_t k = 0; k < length; k++) {
                    node->safe.bytes[change->offset + done + k] = (uint8_t)mix(chance + (uint64_t)k);
                }
            }
            done += length;
        }
    }
    forget_changes(node);
    return 0;
}

int fault_node_fail_sync(fault_node *node, uint64_t seed) { return settle(node, seed); }

int fault_disk_reboot(fault_disk *disk, uint64_t seed) {
    uint64_t salt = 0;
    for (fault_node *node = disk->nodes; node; node = node->next) {
        uint64_t own = (mix(seed + ++salt) & ~(uint64_t)3) | (seed & 3);
        if (settle(node, own)) return -1;
        int exists = node->linked;
        if (node->linked != node->safely_linked && (own >> 2) & 1) exists = node->safely_linked;
        if (node->has_ghost && (own >> 3) & 1) {
            discard(&node->safe);
            node->safe = node->ghost;
            memset(&node->ghost, 0, sizeof node->ghost);
            exists = 1;
        }
        discard(&node->ghost);
        node->has_ghost = 0;
        if (!exists) discard(&node->safe);
        node->linked = node->safely_linked = exists;
        char *memory = NULL;
        int failed = store(node->path, &node->safe, exists) || asprintf(&memory, "%s-shm", node->path) < 0;
        if (!failed && unlink(memory) && errno != ENOENT) failed = 1;
        free(memory);
        if (failed) return -1;
    }
    fault_disk_restart(disk);
    return 0;
}

void fault_disk_restart(fault_disk *disk) {
    disk->off = 0;
    disk->power_at = 0;
    disk->kind = FAULT_NONE;
}
