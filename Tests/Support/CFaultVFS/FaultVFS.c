#include "FaultDisk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>
#include <string.h>

/* The VFS that does the work. */
static sqlite3_vfs *real;
static sqlite3_vfs shim;

typedef struct {
    sqlite3_file base;
    fault_disk *disk;
    fault_node *node;
    /* True until the first sync of a new journal or WAL, with which the unix VFS syncs the folder, too. */
    int syncs_names;
    /* The file of the VFS below, szOsFile bytes of it. SQLite aligns what it allocates to 8 bytes. */
    _Alignas(8) char below[];
} fault_file;

static sqlite3_file *below(sqlite3_file *file) { return (sqlite3_file *)((fault_file *)file)->below; }

#define CALL(file, method, ...) below(file)->pMethods->method(below(file), ##__VA_ARGS__)

/* Counts an operation that one kind of fault can strike. */
static fault_kind strike(sqlite3_file *file, fault_kind kind) {
    return fault_disk_strike(((fault_file *)file)->disk, &kind, 1);
}

static int file_close(sqlite3_file *file) { return CALL(file, xClose); }

static int file_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset) {
    if (strike(file, FAULT_READ)) return SQLITE_IOERR_READ;
    return CALL(file, xRead, bytes, length, offset);
}

static int file_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset) {
    static const fault_kind kinds[] = {FAULT_WRITE, FAULT_SHORT_WRITE, FAULT_NO_SPACE};
    fault_file *it = (fault_file *)file;
    int wasOff = it->disk->off;
    fault_kind fault = fault_disk_strike(it->disk, kinds, 3);
    int written = length;
    switch (fault) {
        case FAULT_NONE: break;
        // In the very moment of the failure the bytes are on their way, whole; which arrive is decided at the end.
        case FAULT_POWER: written = wasOff ? 0 : length; break;
        case FAULT_WRITE: written = 0; break;
        default: written = (int)fault_disk_chance(it->disk, (uint64_t)it->disk->operations, length);
    }
    if (written > 0) {
        int code = CALL(file, xWrite, bytes, written, offset);
        if (code != SQLITE_OK) return code;
        if (fault_node_write(it->node, bytes, written, offset)) return SQLITE_IOERR_NOMEM;
    }
    if (fault == FAULT_NONE) return SQLITE_OK;
    return fault == FAULT_NO_SPACE ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    if (strike(file, FAULT_TRUNCATE)) return SQLITE_IOERR_TRUNCATE;
    int code = CALL(file, xTruncate, size);
    if (code != SQLITE_OK) return code;
    return fault_node_truncate(((fault_file *)file)->node, size) ? SQLITE_IOERR_NOMEM : SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags) {
    (void)flags;
    fault_file *it = (fault_file *)file;
    switch (strike(file, FAULT_SYNC)) {
        case FAULT_NONE: break;
        case FAULT_POWER: return SQLITE_IOERR_FSYNC;
        default:
            if (fault_node_fail_sync(it->node, it->disk->seed + (uint64_t)it->disk->operations)) {
                return SQLITE_IOERR_NOMEM;
            }
            return SQLITE_IOERR_FSYNC;
    }
    // The disk below need not really be synced: what is safe is what we remember.
    if (fault_node_sync(it->node)) return SQLITE_IOERR_NOMEM;
    if (it->syncs_names) fault_disk_sync_names(it->disk);
    it->syncs_names = 0;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    if (strike(file, FAULT_SIZE)) return SQLITE_IOERR_FSTAT;
    return CALL(file, xFileSize, size);
}

/* Locks can also be held by somebody else. */
static int refuse_lock(sqlite3_file *file, int error) {
    static const fault_kind kinds[] = {FAULT_LOCK, FAULT_BUSY};
    switch (fault_disk_strike(((fault_file *)file)->disk, kinds, 2)) {
        case FAULT_NONE: return SQLITE_OK;
        case FAULT_BUSY: return SQLITE_BUSY;
        default: return error;
    }
}

static int file_lock(sqlite3_file *file, int level) {
    int refused = refuse_lock(file, SQLITE_IOERR_LOCK);
    return refused ? refused : CALL(file, xLock, level);
}

static int file_unlock(sqlite3_file *file, int level) { return CALL(file, xUnlock, level); }

static int file_check_reserved_lock(sqlite3_file *file, int *isHeld) {
    return CALL(file, xCheckReservedLock, isHeld);
}

static int file_control(sqlite3_file *file, int code, void *argument) {
    return CALL(file, xFileControl, code, argument);
}

static int file_sector_size(sqlite3_file *file) { return CALL(file, xSectorSize); }
static int file_characteristics(sqlite3_file *file) { return CALL(file, xDeviceCharacteristics); }

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory) {
    if (strike(file, FAULT_MAP)) {
        *memory = NULL;
        return SQLITE_IOERR_SHMMAP;
    }
    return CALL(file, xShmMap, page, size, extend, memory);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    // Unlocking works always, as it does when a process ends.
    if (flags & SQLITE_SHM_LOCK) {
        int refused = refuse_lock(file, SQLITE_IOERR_SHMLOCK);
        if (refused) return refused;
    }
    return CALL(file, xShmLock, offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file) { CALL(file, xShmBarrier); }
static int file_shm_unmap(sqlite3_file *file, int deletes) { return CALL(file, xShmUnmap, deletes); }

/* Version 2: no memory mapping of the file itself, which would bypass us. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *given) {
    (void)vfs;
    fault_disk *disk = name ? fault_disk_of(name) : NULL;
    if (!disk) return real->xOpen(real, name, file, flags, given);
    fault_file *it = (fault_file *)file;
    it->base.pMethods = NULL;
    const fault_kind kind = FAULT_OPEN;
    if (fault_disk_strike(disk, &kind, 1)) return SQLITE_CANTOPEN;
    // Before the file is opened, which may create it: the node must learn what was there.
    fault_node *node = fault_node_of(disk, name);
    if (!node) return SQLITE_IOERR_NOMEM;
    int code = real->xOpen(real, name, below(file), flags, given);
    if (code != SQLITE_OK) {
        if (below(file)->pMethods) below(file)->pMethods->xClose(below(file));
        return code;
    }
    fault_node_link(node);
    it->disk = disk;
    it->node = node;
    it->syncs_names = flags & SQLITE_OPEN_CREATE
                      && flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL);
    it->base.pMethods = &methods;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int syncsFolder) {
    (void)vfs;
    fault_disk *disk = fault_disk_of(name);
    if (!disk) return real->xDelete(real, name, syncsFolder);
    const fault_kind kind = FAULT_DELETE;
    if (fault_disk_strike(disk, &kind, 1)) return SQLITE_IOERR_DELETE;
    fault_node *node = fault_node_of(disk, name);
    if (!node) return SQLITE_IOERR_NOMEM;
    int code = real->xDelete(real, name, 0);
    if (code != SQLITE_OK) return code;
    fault_node_unlink(node);
    if (syncsFolder) fault_disk_sync_names(disk);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
    (void)vfs;
    fault_disk *disk = fault_disk_of(name);
    const fault_kind kind = FAULT_ACCESS;
    if (disk && fault_disk_strike(disk, &kind, 1)) return SQLITE_IOERR_ACCESS;
    return real->xAccess(real, name, flags, result);
}

static void install(void) {
    sqlite3_initialize();
    real = sqlite3_vfs_find(NULL);
    shim = *real;
    shim.pNext = NULL;
    shim.zName = "fault";
    shim.szOsFile = (int)sizeof(fault_file) + real->szOsFile;
    shim.xOpen = vfs_open;
    shim.xDelete = vfs_delete;
    shim.xAccess = vfs_access;
    sqlite3_vfs_register(&shim, 1);
}

void fault_vfs_install(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
}
