// Reading the rows of `points`: stream by stream, in each the tables `chunk` and `hot`, and between them, by time, the
// table of points that have rows of their own. In memory is one row of `chunk` or `hot`; of each channel, where a
// point's channels stand together.

#include "points_table.h"

#include <string.h>

SQLITE_EXTENSION_INIT3

/// A stream with more channels is read one channel after the other, unless the order of time is asked for: its rows would
/// take 72 KiB of memory for each.
#define TOGETHER 32

enum { CHUNK, HOT, TIERS };
static const char *const tier_names[] = {"chunk", "hot"};

/// The points of one channel of a row of `chunk` or `hot`, as far as they have been read.
struct part {
    struct anomalyd_point *points;
    int depth;
};

struct points_cursor {
    sqlite3_vtab_cursor base;
    /// What the statements below were made for.
    char *schema, *plan;
    int order;
    /// As long as it is not reset, the others read the same state of the file.
    sqlite3_stmt *pin;
    sqlite3_stmt *streams, *rows, *packed[TIERS], *beside[TIERS];
    int has_tiers;
    struct points_range times, channels;

    // The stream, and the channels of it that are read together.
    sqlite3_int64 stream;
    struct points_range all, run;

    /// Whether `rows` is at a row.
    int has_row;
    /// Whether packed[tier] is; and what that is.
    int has_packed, tier;
    sqlite3_int64 first_time, last_time, first_sequence, count;
    struct part *parts;
    sqlite3_int64 part_count;
    /// Points of it that are in `times`: from `begin`, before `end`; and the current one.
    sqlite3_int64 begin, end, index;

    enum { AT_END, AT_ROW, AT_PACKED } at;
    sqlite3_int64 channel;
};

static struct points_vtab *table_of(struct points_cursor *c) { return (struct points_vtab *)c->base.pVtab; }
static int goes_down(struct points_cursor *c, int order) { return (c->order & order) != 0; }
static const char *direction(struct points_cursor *c, int order) { return goes_down(c, order) ? "DESC" : "ASC"; }

// MARK: Errors

static int fail_with(struct points_cursor *c, int code, char *message) {
    sqlite3_free(table_of(c)->base.zErrMsg);
    table_of(c)->base.zErrMsg = message;
    return code;
}

/// The last error of the connection.
static int fail(struct points_cursor *c, int code) {
    return fail_with(c, code, sqlite3_mprintf("points: %s", sqlite3_errmsg(table_of(c)->db)));
}

static int fail_damaged(struct points_cursor *c) {
    char time[TIME_TEXT_SIZE + 1] = "an impossible time";
    if (anomalyd_time_text(c->first_time, time)) time[TIME_TEXT_SIZE] = 0;
    return fail_with(
        c, SQLITE_CORRUPT_VTAB,
        sqlite3_mprintf(
            "the points of stream \"%s\" from %s on, in the table %s, are damaged", sqlite3_column_text(c->streams, 1),
            time, tier_names[c->tier]));
}

// MARK: Statements

static void finalize(sqlite3_stmt **statement) {
    sqlite3_finalize(*statement);
    *statement = NULL;
}

static void finalize_all(struct points_cursor *c) {
    finalize(&c->streams);
    finalize(&c->rows);
    for (int tier = 0; tier < TIERS; tier++) {
        finalize(&c->packed[tier]);
        finalize(&c->beside[tier]);
    }
    sqlite3_free(c->plan);
    c->plan = NULL;
}

/// Takes `sql`.
static int prepare(struct points_cursor *c, sqlite3_stmt **statement, char *sql) {
    if (sql == NULL) return SQLITE_NOMEM;
    // A file from elsewhere may have anything in the place of our tables.
    int code = sqlite3_prepare_v3(table_of(c)->db, sql, -1, SQLITE_PREPARE_NO_VTAB, statement, NULL);
    sqlite3_free(sql);
    return code == SQLITE_OK ? code : fail(c, code);
}

/// Looks at which tables there are.
static int use_schema(struct points_cursor *c, const char *schema) {
    sqlite3 *db = table_of(c)->db;
    finalize_all(c);
    finalize(&c->pin);
    sqlite3_free(c->schema);
    c->schema = NULL;
    if (sqlite3_db_readonly(db, schema) < 0) {
        return fail_with(
            c, SQLITE_ERROR, sqlite3_mprintf("points: there is no database \"%s\" on this connection", schema));
    }
    int code = prepare(
        c, &c->pin,
        sqlite3_mprintf(
            "SELECT total(name = 'stream'), total(name IN ('chunk', 'hot', 'point_row')), total(name = 'point') "
            "FROM \"%w\".sqlite_master WHERE type = 'table'",
            schema));
    if (code != SQLITE_OK) return code;
    code = sqlite3_step(c->pin);
    if (code != SQLITE_ROW) return fail(c, code);
    c->has_tiers = sqlite3_column_int(c->pin, 1) == 3;
    int is_ours = sqlite3_column_int(c->pin, 0) == 1 && (c->has_tiers || sqlite3_column_int(c->pin, 2) == 1);
    if (!is_ours) {
        return fail_with(
            c, SQLITE_ERROR,
            sqlite3_mprintf("points: the database \"%s\" is none of anomalyd's: it has no tables of points", schema));
    }
    c->schema = sqlite3_mprintf("%s", schema);
    return c->schema == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

static int prepare_streams(struct points_cursor *c, const char *plan) {
    char *terms = NULL;
    struct points_term term;
    for (int i = 1; anomalyd_points_next_term(&plan, &term); i++) {
        if (term.column != COLUMN_STREAM) continue;
        char *longer = sqlite3_mprintf(
            "%s%sname %.*s ?%d", terms ? terms : "", terms ? " AND " : " WHERE ", term.sql_size, term.sql, i);
        sqlite3_free(terms);
        if (longer == NULL) return SQLITE_NOMEM;
        terms = longer;
    }
    char *sql = sqlite3_mprintf(
        "SELECT id, name, channels FROM \"%w\".stream%s ORDER BY name %s", c->schema, terms ? terms : "",
        direction(c, ORDER_STREAMS_DOWN));
    sqlite3_free(terms);
    return prepare(c, &c->streams, sql);
}

static int prepare_all(struct points_cursor *c, const char *plan, int order) {
    finalize_all(c);
    c->order = order;
    int code = prepare_streams(c, plan);
    if (code != SQLITE_OK) return code;
    code = prepare(
        c, &c->rows,
        sqlite3_mprintf(
            "SELECT time, channel, sequence, value, prediction, lower, upper, residual, score, flags FROM \"%w\".%s "
            "WHERE stream_id = ?1 AND time BETWEEN ?2 AND ?3 AND channel BETWEEN ?4 AND ?5 "
            "ORDER BY time %s, channel %s",
            c->schema, c->has_tiers ? "point_row" : "point", direction(c, ORDER_TIMES_DOWN),
            direction(c, ORDER_CHANNELS_DOWN)));
    for (int tier = 0; tier < TIERS && c->has_tiers && code == SQLITE_OK; tier++) {
        const char *name = tier_names[tier], *last = tier == CHUNK ? "checksum" : "step";
        code = prepare(
            c, &c->packed[tier],
            sqlite3_mprintf(
                "SELECT first_time, last_time, first_sequence, count, points, %s FROM \"%w\".%s "
                "WHERE stream_id = ?1 AND channel = ?2 AND first_time <= ?4 AND first_time >= ifnull(("
                "SELECT max(first_time) FROM \"%w\".%s WHERE stream_id = ?1 AND channel = ?2 AND first_time <= ?3), ?3) "
                "ORDER BY first_time %s",
                last, c->schema, name, c->schema, name, direction(c, ORDER_TIMES_DOWN)));
        if (code != SQLITE_OK) break;
        code = prepare(
            c, &c->beside[tier],
            sqlite3_mprintf(
                "SELECT first_time, last_time, first_sequence, count, points, %s FROM \"%w\".%s "
                "WHERE stream_id = ?1 AND channel = ?2 AND first_time = ?3",
                last, c->schema, name));
    }
    if (code != SQLITE_OK) return code;
    c->plan = sqlite3_mprintf("%s", plan);
    return c->plan == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

// MARK: Packed points

/// Reads the points of a channel, unless they have been read as far as that.
static int read_points(struct points_cursor *c, sqlite3_int64 channel, int depth) {
    struct part *part = &c->parts[channel - c->run.low];
    if (part->depth >= depth) return SQLITE_OK;
    if (depth < (c->order & ORDER_DEPTH)) depth = c->order & ORDER_DEPTH;
    if (c->count < 1 || c->count > ANOMALYD_CHUNK_POINTS) return fail_damaged(c);
    if (part->points == NULL) part->points = sqlite3_malloc64(ANOMALYD_CHUNK_POINTS * sizeof *part->points);
    if (part->points == NULL) return SQLITE_NOMEM;
    sqlite3_stmt *row = c->packed[c->tier];
    if (channel != c->run.low) {
        row = c->beside[c->tier];
        sqlite3_bind_int64(row, 1, c->stream);
        sqlite3_bind_int64(row, 2, channel);
        sqlite3_bind_int64(row, 3, c->first_time);
        int code = sqlite3_step(row);
        if (code != SQLITE_ROW && code != SQLITE_DONE) {
            code = fail(c, code);
            sqlite3_reset(row);
            return code;
        }
        int is_same = code == SQLITE_ROW && sqlite3_column_int64(row, 1) == c->last_time
            && sqlite3_column_int64(row, 2) == c->first_sequence && sqlite3_column_int64(row, 3) == c->count;
        if (!is_same) {
            sqlite3_reset(row);
            return fail_damaged(c);
        }
    }
    const void *bytes = sqlite3_column_blob(row, 4);
    size_t size = (size_t)sqlite3_column_bytes(row, 4), count = (size_t)c->count;
    int result = -1;
    if (bytes == NULL) {
        result = -1;
    } else if (c->tier == HOT) {
        result = anomalyd_hot_decode(bytes, size, c->first_time, sqlite3_column_double(row, 5), part->points, count);
        depth = ANOMALYD_EVERYTHING;
    } else if (anomalyd_checksum(bytes, size) == (uint64_t)sqlite3_column_int64(row, 5)) {
        result = anomalyd_chunk_decode_to(bytes, size, part->points, count, depth);
    }
    if (row != c->packed[c->tier]) sqlite3_reset(row);
    if (result != 0) return fail_damaged(c);
    if (part->points[0].time != c->first_time || part->points[count - 1].time != c->last_time) return fail_damaged(c);
    part->depth = depth;
    return SQLITE_OK;
}

/// The first point that is not before `time`; all of them are read.
static sqlite3_int64 first_not_before(struct points_cursor *c, sqlite3_int64 time) {
    sqlite3_int64 low = 0, high = c->count;
    while (low < high) {
        sqlite3_int64 middle = (low + high) / 2;
        if (c->parts[0].points[middle].time < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/// Goes on to the next row of `chunk` or `hot` that has points in the times of the query.
static int next_packed(struct points_cursor *c) {
    int down = goes_down(c, ORDER_TIMES_DOWN);
    c->has_packed = 0;
    while (c->tier >= 0 && c->tier < TIERS) {
        sqlite3_stmt *row = c->packed[c->tier];
        int code = sqlite3_step(row);
        if (code == SQLITE_DONE) {
            sqlite3_reset(row);
            c->tier += down ? -1 : 1;
            continue;
        }
        if (code != SQLITE_ROW) return fail(c, code);
        c->first_time = sqlite3_column_int64(row, 0);
        c->last_time = sqlite3_column_int64(row, 1);
        c->first_sequence = sqlite3_column_int64(row, 2);
        c->count = sqlite3_column_int64(row, 3);
        for (sqlite3_int64 i = 0; i < c->part_count; i++) c->parts[i].depth = ANOMALYD_NOTHING;
        c->begin = 0;
        c->end = c->count;
        if (c->last_time < c->times.low || c->first_time > c->times.high) continue;
        if (c->first_time < c->times.low || c->last_time > c->times.high) {
            code = read_points(c, c->run.low, ANOMALYD_TIMES);
            if (code != SQLITE_OK) return code;
            c->begin = first_not_before(c, c->times.low);
            if (c->last_time > c->times.high) c->end = first_not_before(c, c->times.high + 1);
        } else if (c->count < 1 || c->count > ANOMALYD_CHUNK_POINTS) {
            return fail_damaged(c);
        }
        if (c->begin >= c->end) continue;
        c->index = down ? c->end - 1 : c->begin;
        c->has_packed = 1;
        return SQLITE_OK;
    }
    return SQLITE_OK;
}

// MARK: Runs

static int next_row(struct points_cursor *c) {
    int code = sqlite3_step(c->rows);
    c->has_row = code == SQLITE_ROW;
    if (code == SQLITE_ROW) return SQLITE_OK;
    if (code != SQLITE_DONE) return fail(c, code);
    sqlite3_reset(c->rows);
    return SQLITE_OK;
}

/// Begins to read the channels of `run`.
static int start_run(struct points_cursor *c) {
    sqlite3_reset(c->rows);
    sqlite3_bind_int64(c->rows, 1, c->stream);
    sqlite3_bind_int64(c->rows, 2, c->times.low);
    sqlite3_bind_int64(c->rows, 3, c->times.high);
    sqlite3_bind_int64(c->rows, 4, c->run.low);
    sqlite3_bind_int64(c->rows, 5, c->run.high);
    int code = next_row(c);
    c->has_packed = 0;
    if (code != SQLITE_OK || !c->has_tiers) return code;
    for (int tier = 0; tier < TIERS; tier++) {
        sqlite3_reset(c->packed[tier]);
        sqlite3_bind_int64(c->packed[tier], 1, c->stream);
        sqlite3_bind_int64(c->packed[tier], 2, c->run.low);
        sqlite3_bind_int64(c->packed[tier], 3, c->times.low);
        sqlite3_bind_int64(c->packed[tier], 4, c->times.high);
    }
    sqlite3_int64 width = c->run.high - c->run.low + 1;
    if (width > c->part_count) {
        struct part *more = sqlite3_realloc64(c->parts, (sqlite3_uint64)width * sizeof *more);
        if (more == NULL) return SQLITE_NOMEM;
        memset(more + c->part_count, 0, (size_t)(width - c->part_count) * sizeof *more);
        c->parts = more;
        c->part_count = width;
    }
    // All points in `chunk` are older than those in `hot`.
    c->tier = goes_down(c, ORDER_TIMES_DOWN) ? HOT : CHUNK;
    return next_packed(c);
}

/// Goes on to other channels of the stream or, if there are none, to the next stream.
static int next_run(struct points_cursor *c) {
    int down = goes_down(c, ORDER_CHANNELS_DOWN);
    if (down ? c->run.low > c->all.low : c->run.high < c->all.high) {
        c->run.low = c->run.high = c->run.low + (down ? -1 : 1);
        return start_run(c);
    }
    do {
        int code = sqlite3_step(c->streams);
        if (code == SQLITE_DONE) {
            sqlite3_reset(c->streams);
            c->at = AT_END;
            return SQLITE_DONE;
        }
        if (code != SQLITE_ROW) return fail(c, code);
        c->stream = sqlite3_column_int64(c->streams, 0);
        sqlite3_int64 channels = sqlite3_column_int64(c->streams, 2);
        c->all = c->channels;
        if (c->all.low < 0) c->all.low = 0;
        if (c->all.high >= channels) c->all.high = channels - 1;
    } while (c->all.low > c->all.high);
    c->run = c->all;
    if (c->all.high - c->all.low >= TOGETHER && !(c->order & ORDER_BY_TIME)) {
        if (down) {
            c->run.low = c->run.high;
        } else {
            c->run.high = c->run.low;
        }
    }
    return start_run(c);
}

/// Whether the next row of its own comes before the next packed point. Times are read only where that matters.
static int row_is_next(struct points_cursor *c, int *is_next) {
    *is_next = c->has_row;
    if (!c->has_row || !c->has_packed) return SQLITE_OK;
    sqlite3_int64 time = sqlite3_column_int64(c->rows, 0), other = c->first_time;
    int down = goes_down(c, ORDER_TIMES_DOWN);
    if (time >= c->first_time && time <= c->last_time) {
        int code = read_points(c, c->run.low, ANOMALYD_TIMES);
        if (code != SQLITE_OK) return code;
        other = c->parts[0].points[c->index].time;
    }
    *is_next = down ? time > other : time < other;
    return SQLITE_OK;
}

/// Finds out what comes next.
static int choose(struct points_cursor *c) {
    int code = SQLITE_OK, is_row;
    while (code == SQLITE_OK && !c->has_row && !c->has_packed) code = next_run(c);
    if (code == SQLITE_OK) code = row_is_next(c, &is_row);
    if (code == SQLITE_DONE) return SQLITE_OK;
    if (code != SQLITE_OK) return code;
    c->at = is_row ? AT_ROW : AT_PACKED;
    if (is_row) {
        c->channel = sqlite3_column_int64(c->rows, 1);
    } else {
        c->channel = goes_down(c, ORDER_CHANNELS_DOWN) ? c->run.high : c->run.low;
    }
    return SQLITE_OK;
}

// MARK: SQLite's side

int anomalyd_cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor) {
    (void)table;
    struct points_cursor *c = sqlite3_malloc64(sizeof *c);
    if (c == NULL) return SQLITE_NOMEM;
    memset(c, 0, sizeof *c);
    *cursor = &c->base;
    return SQLITE_OK;
}

int anomalyd_cursor_close(sqlite3_vtab_cursor *cursor) {
    struct points_cursor *c = (struct points_cursor *)cursor;
    finalize_all(c);
    finalize(&c->pin);
    for (sqlite3_int64 i = 0; i < c->part_count; i++) sqlite3_free(c->parts[i].points);
    sqlite3_free(c->parts);
    sqlite3_free(c->schema);
    sqlite3_free(c);
    return SQLITE_OK;
}

int anomalyd_cursor_filter(sqlite3_vtab_cursor *cursor, int order, const char *plan, int argc, sqlite3_value **argv) {
    struct points_cursor *c = (struct points_cursor *)cursor;
    const char *schema = "main", *rest = plan;
    c->times = c->channels = (struct points_range){INT64_MIN, INT64_MAX};
    c->has_row = c->has_packed = 0;
    c->all = c->run = (struct points_range){0, -1};
    c->at = AT_END;
    struct points_term term;
    for (int i = 0; i < argc && anomalyd_points_next_term(&rest, &term); i++) {
        switch (term.column) {
        case COLUMN_SCHEMA: schema = (const char *)sqlite3_value_text(argv[i]); break;
        case COLUMN_T: anomalyd_range_narrow(&c->times, term.op, argv[i]); break;
        case COLUMN_TIME: anomalyd_range_narrow_text(&c->times, term.op, argv[i]); break;
        case COLUMN_CHANNEL: anomalyd_range_narrow(&c->channels, term.op, argv[i]); break;
        }
    }
    if (schema == NULL) return SQLITE_OK;
    int code = SQLITE_OK;
    if (plan == NULL) plan = "";
    if (c->schema == NULL || strcmp(c->schema, schema) != 0) code = use_schema(c, schema);
    if (code != SQLITE_OK) return code;
    if (c->plan == NULL || strcmp(c->plan, plan) != 0 || c->order != order) code = prepare_all(c, plan, order);
    if (code != SQLITE_OK) return code;
    if (c->times.low > c->times.high || c->channels.low > c->channels.high) return SQLITE_OK;
    sqlite3_reset(c->streams);
    rest = plan;
    for (int i = 0; i < argc && anomalyd_points_next_term(&rest, &term); i++) {
        if (term.column == COLUMN_STREAM) sqlite3_bind_value(c->streams, i + 1, argv[i]);
    }
    return choose(c);
}

int anomalyd_cursor_next(sqlite3_vtab_cursor *cursor) {
    struct points_cursor *c = (struct points_cursor *)cursor;
    int code = SQLITE_OK;
    if (c->at == AT_ROW) {
        code = next_row(c);
    } else {
        int down = goes_down(c, ORDER_CHANNELS_DOWN);
        if (down ? c->channel > c->run.low : c->channel < c->run.high) {
            c->channel += down ? -1 : 1;
            return SQLITE_OK;
        }
        c->index += goes_down(c, ORDER_TIMES_DOWN) ? -1 : 1;
        if (c->index < c->begin || c->index >= c->end) code = next_packed(c);
    }
    return code == SQLITE_OK ? choose(c) : code;
}

int anomalyd_cursor_eof(sqlite3_vtab_cursor *cursor) { return ((struct points_cursor *)cursor)->at == AT_END; }

static void result_flag(sqlite3_context *context, int is_so) { sqlite3_result_int(context, is_so != 0); }

static void result_time(sqlite3_context *context, sqlite3_int64 time) {
    char text[TIME_TEXT_SIZE];
    if (anomalyd_time_text(time, text)) sqlite3_result_text(context, text, sizeof text, SQLITE_TRANSIENT);
}

static int row_column(struct points_cursor *c, sqlite3_context *context, int column) {
    sqlite3_int64 flags = sqlite3_column_int64(c->rows, 9);
    switch (column) {
    case COLUMN_T: sqlite3_result_int64(context, sqlite3_column_int64(c->rows, 0)); break;
    case COLUMN_TIME: result_time(context, sqlite3_column_int64(c->rows, 0)); break;
    case COLUMN_SEQUENCE: sqlite3_result_int64(context, sqlite3_column_int64(c->rows, 2)); break;
    case COLUMN_ANOMALY: result_flag(context, (flags & FLAG_ANOMALY) != 0); break;
    case COLUMN_LATE: result_flag(context, (flags & FLAG_LATE) != 0); break;
    case COLUMN_FLAGS: sqlite3_result_int64(context, flags); break;
    case COLUMN_MISSING: result_flag(context, sqlite3_column_type(c->rows, 3) == SQLITE_NULL); break;
    default:
        // From value to score they stand in the order of the statement.
        sqlite3_result_value(context, sqlite3_column_value(c->rows, 3 + column - COLUMN_VALUE));
    }
    return SQLITE_OK;
}

static int packed_column(struct points_cursor *c, sqlite3_context *context, int column) {
    if (column == COLUMN_SEQUENCE) {
        sqlite3_result_int64(context, c->first_sequence + c->index);
        return SQLITE_OK;
    }
    int is_time = column == COLUMN_T || column == COLUMN_TIME;
    int is_value = column == COLUMN_VALUE || column == COLUMN_MISSING;
    int depth = is_time ? ANOMALYD_TIMES : is_value ? ANOMALYD_VALUES : ANOMALYD_EVERYTHING;
    int code = read_points(c, c->channel, depth);
    if (code != SQLITE_OK) return code;
    const struct anomalyd_point *point = &c->parts[c->channel - c->run.low].points[c->index];
    switch (column) {
    case COLUMN_T: sqlite3_result_int64(context, point->time); break;
    case COLUMN_TIME: result_time(context, point->time); break;
    // NaN becomes NULL.
    case COLUMN_VALUE: sqlite3_result_double(context, point->value); break;
    case COLUMN_PREDICTION: sqlite3_result_double(context, point->prediction); break;
    case COLUMN_LOWER: sqlite3_result_double(context, point->lower); break;
    case COLUMN_UPPER: sqlite3_result_double(context, point->upper); break;
    case COLUMN_RESIDUAL: sqlite3_result_double(context, point->residual); break;
    case COLUMN_SCORE: sqlite3_result_double(context, point->score); break;
    case COLUMN_ANOMALY: result_flag(context, (point->flags & FLAG_ANOMALY) != 0); break;
    case COLUMN_LATE: result_flag(context, (point->flags & FLAG_LATE) != 0); break;
    case COLUMN_MISSING: result_flag(context, point->value != point->value); break;
    case COLUMN_FLAGS: sqlite3_result_int64(context, point->flags); break;
    }
    return SQLITE_OK;
}

int anomalyd_cursor_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column) {
    struct points_cursor *c = (struct points_cursor *)cursor;
    switch (column) {
    case COLUMN_STREAM: sqlite3_result_value(context, sqlite3_column_value(c->streams, 1)); return SQLITE_OK;
    case COLUMN_CHANNEL: sqlite3_result_int64(context, c->channel); return SQLITE_OK;
    case COLUMN_SCHEMA: sqlite3_result_text(context, c->schema, -1, SQLITE_TRANSIENT); return SQLITE_OK;
    }
    return c->at == AT_ROW ? row_column(c, context, column) : packed_column(c, context, column);
}
