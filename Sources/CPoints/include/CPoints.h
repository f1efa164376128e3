// The points of a store as bytes, and the virtual table that shows them to SQL.
//
// In C because the virtual table has to be: it is loaded into the sqlite3 shell, Python and others, which have no Swift.
// Our programs read with the same functions, so that there is one reader of each format.

#ifndef ANOMALYD_CPOINTS_H
#define ANOMALYD_CPOINTS_H

#include <stddef.h>
#include <stdint.h>

/// One channel of one point. NaN stands for "none".
struct anomalyd_point {
    /// Microseconds since 1970.
    int64_t time;
    double value, prediction, lower, upper, residual;
    /// Score and flags are those of the whole point.
    double score;
    uint16_t flags;
};

/// Points in a chunk at most: number n of a stream is in its chunk (n - 1) / ANOMALYD_CHUNK_POINTS.
#define ANOMALYD_CHUNK_POINTS 1024

/// Bytes that a chunk of `count` points takes at most.
size_t anomalyd_chunk_bound(size_t count);

/// Writes `count` points, at most ANOMALYD_CHUNK_POINTS, their times not falling, to `bytes`, which has room for
/// `anomalyd_chunk_bound(count)`. Every bit of every number comes back when they are read, but that all NaN are one.
///
/// Small are points as the detector makes them: values with few decimals, a residual that is a multiple of some power of
/// two, prediction = value - residual, lower and upper at multiples of that power from the prediction, and a score in
/// steps of 1 / ANOMALYD_SCORE_STEPS.
///
/// Returns the number of bytes written.
size_t anomalyd_chunk_encode(const struct anomalyd_point *points, size_t count, uint8_t *bytes);

/// Reads `count` points of a chunk that was written with as many. Returns 0, or -1 if the bytes are damaged; no byte
/// beyond `size` is looked at, whatever they are.
int anomalyd_chunk_decode(const uint8_t *bytes, size_t size, struct anomalyd_point *points, size_t count);

/// What of points is read: their times; also their values; or all of them.
enum anomalyd_depth { ANOMALYD_NOTHING, ANOMALYD_TIMES, ANOMALYD_VALUES, ANOMALYD_EVERYTHING };

/// The same, but reads only a part of each point: what comes first in a chunk is read sooner.
int anomalyd_chunk_decode_to(
    const uint8_t *bytes, size_t size, struct anomalyd_point *points, size_t count, enum anomalyd_depth depth);

/// A score is stored in steps of one in so many.
#define ANOMALYD_SCORE_STEPS 4096

/// Reads `count` points of a row of the hot table: `text` is its JSON, which begins at `first_time`, and whose residuals
/// count in steps of `step`. Returns 0, or -1 if it is not what our writer writes.
int anomalyd_hot_decode(
    const char *text, size_t size, int64_t first_time, double step, struct anomalyd_point *points, size_t count);

/// FNV-1a, 64 bits wide.
uint64_t anomalyd_checksum(const uint8_t *bytes, size_t size);

/// Registers the virtual table `points` with every connection that this process opens from now on. Returns SQLite's
/// code.
int anomalyd_points_register(void);

#endif
