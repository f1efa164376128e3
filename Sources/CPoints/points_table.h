// The virtual table `points`: what its parts know of each other. Not part of the module: its users need no SQLite.

#ifndef ANOMALYD_POINTS_TABLE_H
#define ANOMALYD_POINTS_TABLE_H

#include "CPoints.h"

#include <sqlite3ext.h>

/// The columns, in the order of their declaration.
enum points_column {
    COLUMN_STREAM,
    COLUMN_T,
    COLUMN_VALUE,
    COLUMN_PREDICTION,
    COLUMN_LOWER,
    COLUMN_UPPER,
    COLUMN_RESIDUAL,
    COLUMN_SCORE,
    COLUMN_ANOMALY,
    COLUMN_SCHEMA,
    COLUMN_CHANNEL,
    COLUMN_TIME,
    COLUMN_SEQUENCE,
    COLUMN_FLAGS,
    COLUMN_MISSING,
    COLUMN_LATE,
};

/// Bits of flags.
#define FLAG_ANOMALY 4
#define FLAG_LATE 128

/// How the rows of a query are read: bits of its idxNum. The lowest two are a `enum anomalyd_depth`, which is what it
/// looks at of all points.
enum points_order {
    ORDER_DEPTH = 3,
    ORDER_STREAMS_DOWN = 4,
    ORDER_TIMES_DOWN = 8,
    ORDER_CHANNELS_DOWN = 16,
    /// A point's channels stand together, however many they are.
    ORDER_BY_TIME = 32,
};

struct points_vtab {
    sqlite3_vtab base;
    sqlite3 *db;
};

// MARK: points_range.c

/// Integers from low to high; none if high < low.
struct points_range {
    sqlite3_int64 low, high;
};

/// Leaves those for which `integer op value` is true as SQL compares a column of type INTEGER. `op` is one of
/// SQLITE_INDEX_CONSTRAINT_EQ, IS, GT, GE, LT, LE.
void anomalyd_range_narrow(struct points_range *range, int op, sqlite3_value *value);

/// The same for `text op value`, where the text is that of each time in the range; leaves more of them where `value` is
/// a number.
void anomalyd_range_narrow_text(struct points_range *range, int op, sqlite3_value *value);

#define TIME_TEXT_SIZE 27

/// Writes a time as RFC 3339 in UTC, without a zero at the end. Returns 0 outside of the years 0 to 9999, which have none.
int anomalyd_time_text(sqlite3_int64 time, char text[TIME_TEXT_SIZE]);

// MARK: points_cursor.c

/// The arguments of a query, as xBestIndex names them in idxStr: `t >=, stream =`.
struct points_term {
    int column, op;
    /// The operator as SQL has it.
    const char *sql;
    int sql_size;
};

/// Reads the next term of idxStr. Returns 0 at its end.
int anomalyd_points_next_term(const char **plan, struct points_term *term);

int anomalyd_cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor);
int anomalyd_cursor_close(sqlite3_vtab_cursor *cursor);
int anomalyd_cursor_filter(sqlite3_vtab_cursor *cursor, int order, const char *plan, int argc, sqlite3_value **argv);
int anomalyd_cursor_next(sqlite3_vtab_cursor *cursor);
int anomalyd_cursor_eof(sqlite3_vtab_cursor *cursor);
int anomalyd_cursor_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column);

#endif
