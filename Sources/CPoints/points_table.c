// The virtual table `points`: one row for each channel of each stored point, whichever table of the file it lies in.
//
// It is there on every connection that has loaded this library, under its own name and without CREATE VIRTUAL TABLE
// (https://www.sqlite.org/vtab.html#epovtab). There is one for all attached databases; its hidden column `schema` says
// which is read, as that of SQLite's dbstat: WHERE schema = 'old', or points('old').

#include "points_table.h"

#include <string.h>

SQLITE_EXTENSION_INIT1

/// Hidden columns are there for those who name them.
static const char declaration[] =
    "CREATE TABLE points ("
    "stream TEXT, t INTEGER, value REAL, prediction REAL, lower REAL, upper REAL, residual REAL, score REAL, "
    "anomaly INTEGER, schema TEXT HIDDEN, channel INTEGER HIDDEN, time TEXT HIDDEN, sequence INTEGER HIDDEN, "
    "flags INTEGER HIDDEN, missing INTEGER HIDDEN, late INTEGER HIDDEN, "
    "PRIMARY KEY (schema, stream, t, channel)) WITHOUT ROWID";

// sqlite3_vtab_collation.
#define LEAST_SQLITE_VERSION 3022000
/// Of SQLite 3.41, whose header may be older here: all of a statement reads one snapshot of the tables below.
#define USES_ALL_SCHEMAS 4
#define USES_ALL_SCHEMAS_VERSION 3041000

static int connect(
    sqlite3 *db, void *unused, int argc, const char *const *argv, sqlite3_vtab **table, char **message) {
    (void)unused, (void)argc, (void)argv, (void)message;
    int code = sqlite3_declare_vtab(db, declaration);
    if (code != SQLITE_OK) return code;
    if (sqlite3_libversion_number() >= USES_ALL_SCHEMAS_VERSION) sqlite3_vtab_config(db, USES_ALL_SCHEMAS);
    struct points_vtab *points = sqlite3_malloc64(sizeof *points);
    if (points == NULL) return SQLITE_NOMEM;
    memset(points, 0, sizeof *points);
    points->db = db;
    *table = &points->base;
    return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *table) {
    sqlite3_free(table);
    return SQLITE_OK;
}

// MARK: Terms

static const struct {
    int column;
    const char *name;
} term_columns[] = {
    {COLUMN_SCHEMA, "schema"},
    {COLUMN_STREAM, "stream"},
    {COLUMN_T, "t"},
    {COLUMN_TIME, "time"},
    {COLUMN_CHANNEL, "channel"},
};

static const struct {
    int op;
    const char *sql;
    int for_streams_only;
} term_operators[] = {
    {SQLITE_INDEX_CONSTRAINT_EQ, "=", 0},     {SQLITE_INDEX_CONSTRAINT_IS, "IS", 0},
    {SQLITE_INDEX_CONSTRAINT_GT, ">", 0},     {SQLITE_INDEX_CONSTRAINT_GE, ">=", 0},
    {SQLITE_INDEX_CONSTRAINT_LT, "<", 0},     {SQLITE_INDEX_CONSTRAINT_LE, "<=", 0},
    {SQLITE_INDEX_CONSTRAINT_NE, "<>", 1},    {SQLITE_INDEX_CONSTRAINT_GLOB, "GLOB", 1},
    {SQLITE_INDEX_CONSTRAINT_LIKE, "LIKE", 1},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

int anomalyd_points_next_term(const char **plan, struct points_term *term) {
    if (*plan == NULL || **plan == 0) return 0;
    size_t size = strcspn(*plan, " ");
    for (size_t i = 0; i < COUNT(term_columns); i++) {
        const char *name = term_columns[i].name;
        if (strlen(name) == size && memcmp(name, *plan, size) == 0) term->column = term_columns[i].column;
    }
    term->sql = *plan + size + 1;
    size = strcspn(term->sql, ",");
    term->sql_size = (int)size;
    for (size_t i = 0; i < COUNT(term_operators); i++) {
        const char *sql = term_operators[i].sql;
        if (strlen(sql) == size && memcmp(sql, term->sql, size) == 0) term->op = term_operators[i].op;
    }
    *plan = term->sql + size;
    if (**plan == ',') *plan += 2;
    return 1;
}

/// Whether a constraint is of use; then what it is called.
static int is_term(sqlite3_index_info *info, int i, const char **name, const char **sql) {
    int column = info->aConstraint[i].iColumn, op = info->aConstraint[i].op;
    *name = *sql = NULL;
    for (size_t j = 0; j < COUNT(term_columns); j++) {
        if (term_columns[j].column == column) *name = term_columns[j].name;
    }
    for (size_t j = 0; j < COUNT(term_operators); j++) {
        if (term_operators[j].op == op && (column == COLUMN_STREAM || !term_operators[j].for_streams_only)) {
            *sql = term_operators[j].sql;
        }
    }
    if (*name == NULL || *sql == NULL) return 0;
    int is_pattern = op == SQLITE_INDEX_CONSTRAINT_GLOB || op == SQLITE_INDEX_CONSTRAINT_LIKE;
    int is_text = column == COLUMN_STREAM || column == COLUMN_TIME;
    if (is_text && !is_pattern && sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY") != 0) return 0;
    return column != COLUMN_SCHEMA || op == SQLITE_INDEX_CONSTRAINT_EQ;
}

// MARK: Plans

/// What is known of a query while it is planned.
struct outlook {
    /// Whether there is but one of each.
    int one_stream, one_time, one_channel;
    int some_streams, lower_ends, upper_ends;
};

static void take_note(struct outlook *outlook, int column, int op) {
    int is_one = op == SQLITE_INDEX_CONSTRAINT_EQ || op == SQLITE_INDEX_CONSTRAINT_IS;
    switch (column) {
    case COLUMN_STREAM:
        outlook->one_stream |= is_one;
        outlook->some_streams = 1;
        break;
    case COLUMN_CHANNEL: outlook->one_channel |= is_one; break;
    case COLUMN_T:
    case COLUMN_TIME:
        outlook->one_time |= is_one;
        outlook->lower_ends |= op == SQLITE_INDEX_CONSTRAINT_GT || op == SQLITE_INDEX_CONSTRAINT_GE;
        outlook->upper_ends |= op == SQLITE_INDEX_CONSTRAINT_LT || op == SQLITE_INDEX_CONSTRAINT_LE;
        break;
    }
}

/// Guesses, in units of the work for a row. What matters is their order: one stream is far better than some, and a range
/// of time better than none.
static void estimate(sqlite3_index_info *info, const struct outlook *outlook) {
    double streams = outlook->one_stream ? 1 : outlook->some_streams ? 200 : 1000;
    double points = 20000;
    if (outlook->one_time) {
        points = 1;
    } else if (outlook->lower_ends && outlook->upper_ends) {
        points /= 50;
    } else if (outlook->lower_ends || outlook->upper_ends) {
        points /= 4;
    }
    double channels = outlook->one_channel ? 1 : 1.2;
    // Statements that are begun anew, and the chunk of which but a part is wanted.
    const double start = 300;
    info->estimatedRows = (sqlite3_int64)(streams * points * channels);
    info->estimatedCost = streams * (start + points * channels);
    if (outlook->one_stream && outlook->one_time && outlook->one_channel) {
        info->estimatedRows = 1;
        info->idxFlags |= SQLITE_INDEX_SCAN_UNIQUE;
    }
}

/// Whether the rows can come in the order that is asked for: by stream, t and channel, each upwards or downwards, without
/// those of which there is but one.
static int orders(const sqlite3_index_info *info, const struct outlook *outlook, int *order) {
    int is_one[] = {outlook->one_stream, outlook->one_time, outlook->one_channel};
    static const int columns[] = {COLUMN_STREAM, COLUMN_T, COLUMN_CHANNEL};
    static const int downs[] = {ORDER_STREAMS_DOWN, ORDER_TIMES_DOWN, ORDER_CHANNELS_DOWN};
    size_t next = 0;
    for (int i = 0; i < info->nOrderBy; i++) {
        int column = info->aOrderBy[i].iColumn;
        size_t place = 0;
        while (place < COUNT(columns) && columns[place] != column) place++;
        if (place == COUNT(columns)) return 0;
        if (is_one[place]) continue;
        for (; next < place; next++) {
            if (!is_one[next]) return 0;
        }
        if (next > place) return 0;
        next = place + 1;
        if (info->aOrderBy[i].desc) *order |= downs[place];
        if (column != COLUMN_STREAM) *order |= ORDER_BY_TIME;
    }
    return 1;
}

static int depth(sqlite3_uint64 columns) {
    const sqlite3_uint64 one = 1;
    const sqlite3_uint64 free = one << COLUMN_STREAM | one << COLUMN_SCHEMA | one << COLUMN_CHANNEL
        | one << COLUMN_SEQUENCE;
    const sqlite3_uint64 times = free | one << COLUMN_T | one << COLUMN_TIME;
    const sqlite3_uint64 values = times | one << COLUMN_VALUE | one << COLUMN_MISSING;
    if ((columns & ~free) == 0) return ANOMALYD_NOTHING;
    if ((columns & ~times) == 0) return ANOMALYD_TIMES;
    return (columns & ~values) == 0 ? ANOMALYD_VALUES : ANOMALYD_EVERYTHING;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
    (void)table;
    char *plan = NULL;
    int terms = 0, order = depth(info->colUsed), has_schema = 0;
    struct outlook outlook = {0};
    for (int i = 0; i < info->nConstraint; i++) {
        const char *name, *sql;
        if (!is_term(info, i, &name, &sql)) continue;
        int column = info->aConstraint[i].iColumn, op = info->aConstraint[i].op;
        if (!info->aConstraint[i].usable) {
            if (column != COLUMN_SCHEMA) continue;
            // Without it, another database would be read.
            sqlite3_free(plan);
            return SQLITE_CONSTRAINT;
        }
        if (column == COLUMN_SCHEMA && has_schema++) continue;
        char *longer = sqlite3_mprintf("%s%s%s %s", plan ? plan : "", plan ? ", " : "", name, sql);
        sqlite3_free(plan);
        if (longer == NULL) return SQLITE_NOMEM;
        plan = longer;
        take_note(&outlook, column, op);
        info->aConstraintUsage[i].argvIndex = ++terms;
        // What the cursor and SQL agree on need not be looked at again for each row.
        int is_equal = op == SQLITE_INDEX_CONSTRAINT_EQ || op == SQLITE_INDEX_CONSTRAINT_IS;
        info->aConstraintUsage[i].omit = column != COLUMN_TIME && (column != COLUMN_STREAM || is_equal);
    }
    estimate(info, &outlook);
    int downs = 0;
    if (info->nOrderBy > 0 && orders(info, &outlook, &downs)) {
        order |= downs;
        info->orderByConsumed = 1;
    }
    info->idxNum = order;
    info->idxStr = plan;
    info->needToFreeIdxStr = 1;
    return SQLITE_OK;
}

// MARK: Registration

static const sqlite3_module module = {
    // Without xCreate, nobody can store a table of it in a file.
    .xConnect = connect,
    .xBestIndex = best_index,
    .xDisconnect = disconnect,
    .xOpen = anomalyd_cursor_open,
    .xClose = anomalyd_cursor_close,
    .xFilter = anomalyd_cursor_filter,
    .xNext = anomalyd_cursor_next,
    .xEof = anomalyd_cursor_eof,
    .xColumn = anomalyd_cursor_column,
};

/// What SQLite calls when it loads points.so.
__attribute__((visibility("default"))) int sqlite3_points_init(
    sqlite3 *db, char **message, const sqlite3_api_routines *api) {
    (void)api;
    SQLITE_EXTENSION_INIT2(api);
    if (sqlite3_libversion_number() < LEAST_SQLITE_VERSION) {
        *message = sqlite3_mprintf("the table points needs SQLite 3.22 or newer, this is %s", sqlite3_libversion());
        return SQLITE_ERROR;
    }
    return sqlite3_create_module_v2(db, "points", &module, NULL, NULL);
}

#ifdef SQLITE_CORE
int anomalyd_points_register(void) { return sqlite3_auto_extension((void (*)(void))sqlite3_points_init); }
#endif
