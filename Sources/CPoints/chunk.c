// A chunk: points of one channel, column by column.
//
// Most numbers are turned into integers of which the next can be foretold, and what is left is coded after Rice (R. F.
// Rice, "Some Practical Universal Noiseless Coding Techniques", JPL 79-22, 1979), with a parameter for each block of 32.
// Columns, in this order:
//
//   kinds      for each point, what of it is there, and how it is told (see KIND_…)
//   times      second differences
//   values     as decimals m / 10^d with one d for the chunk, or as bits; differences
//   residuals  in steps of 2^e, one e for the chunk
//   widths     prediction - lower, and upper - prediction, in the same steps; differences
//   scores     in steps of 1 / ANOMALYD_SCORE_STEPS
//   flags      differences
//   and for each of prediction, lower, upper, residual and score those that cannot be told so, as bits; differences

#include "CPoints.h"

#include <math.h>
#include <string.h>

// A product and a sum in one step have other last bits; the writer made two steps of them.
#pragma STDC FP_CONTRACT OFF

#define FORMAT 1
#define BLOCK 32
/// A quotient of so many ones is followed by the whole number instead.
#define ESCAPE 20
/// Parameters of blocks: 0 to 62 bits below the quotient; or nothing but zeros.
#define ALL_ZERO 63
#define MOST ANOMALYD_CHUNK_POINTS
#define HEADER 5

enum { PREDICTION, LOWER, UPPER, RESIDUAL, SCORE, DERIVED };

// Two bits for each of the DERIVED, and one for the value.
enum { NONE = 0, TOLD = 1, EXPLICIT = 2 };
#define KIND(kind, column) (((kind) >> (1 + 2 * (column))) & 3)
#define HAS_VALUE 1

// MARK: Bits

struct writer {
    uint8_t *next;
    uint64_t bits;
    int count;
};

/// At most 32 bits, and none above them.
static inline void put_some(struct writer *w, uint64_t bits, int count) {
    w->bits = w->bits << count | bits;
    w->count += count;
    if (w->count >= 32) {
        w->count -= 32;
        uint32_t word = __builtin_bswap32((uint32_t)(w->bits >> w->count));
        memcpy(w->next, &word, sizeof word);
        w->next += sizeof word;
    }
}

static inline void put(struct writer *w, uint64_t bits, int count) {
    if (count > 32) {
        put_some(w, bits >> 32 & ((UINT64_C(1) << (count - 32)) - 1), count - 32);
        count = 32;
    }
    put_some(w, bits & ((UINT64_C(1) << count) - 1), count);
}

static void finish(struct writer *w) {
    for (; w->count > 0; w->count -= 8) {
        *w->next++ = (uint8_t)(w->count >= 8 ? w->bits >> (w->count - 8) : w->bits << (8 - w->count));
    }
}

struct reader {
    const uint8_t *next, *end;
    // The next bits, the first of them on top.
    uint64_t bits;
    int count;
    int failed;
};

static inline void fill(struct reader *r) {
    if (r->end - r->next >= 8) {
        // Bits that there is no room for are read again the next time.
        uint64_t word;
        memcpy(&word, r->next, sizeof word);
        r->bits |= __builtin_bswap64(word) >> r->count;
        r->next += (63 - r->count) >> 3;
        r->count |= 56;
        return;
    }
    while (r->count <= 56 && r->next < r->end) {
        r->bits |= (uint64_t)*r->next++ << (56 - r->count);
        r->count += 8;
    }
}

// At most 32 bits.
static inline uint64_t take_some(struct reader *r, int count) {
    if (count == 0) return 0;
    if (r->count < count) fill(r);
    if (r->count < count) {
        r->failed = 1;
        return 0;
    }
    uint64_t taken = r->bits >> (64 - count);
    r->bits <<= count;
    r->count -= count;
    return taken;
}

static inline uint64_t take(struct reader *r, int count) {
    if (count <= 32) return take_some(r, count);
    uint64_t high = take_some(r, count - 32);
    return high << 32 | take_some(r, 32);
}

// MARK: Integers

static uint64_t zigzag(int64_t n) { return (uint64_t)n << 1 ^ (uint64_t)(n >> 63); }
static int64_t unzigzag(uint64_t n) { return (int64_t)(n >> 1) ^ -(int64_t)(n & 1); }

static uint64_t cost(const uint64_t *numbers, size_t count, int k) {
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t quotient = numbers[i] >> k;
        bits += quotient < ESCAPE ? quotient + 1 + (uint64_t)k : ESCAPE + 64;
    }
    return bits;
}

static int parameter(const uint64_t *numbers, size_t count) {
    uint64_t all = 0;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        all |= numbers[i];
        sum += (double)numbers[i];
    }
    if (all == 0) return ALL_ZERO;
    // The best one is near the logarithm of the mean, unless a few large ones make that.
    double mean = sum / (double)count;
    int k = mean < 1 ? 0 : mean >= 0x1p62 ? 62 : 63 - __builtin_clzll((uint64_t)mean);
    uint64_t least = cost(numbers, count, k);
    for (int direction = -1; direction <= 1; direction += 2) {
        for (int other = k + direction; other >= 0 && other <= 62; other += direction) {
            uint64_t bits = cost(numbers, count, other);
            if (bits >= least) break;
            least = bits;
            k = other;
        }
    }
    return k;
}

static void put_numbers(struct writer *w, const uint64_t *numbers, size_t count) {
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t block = count - start < BLOCK ? count - start : BLOCK;
        int k = parameter(numbers + start, block);
        put(w, (uint64_t)k, 6);
        if (k == ALL_ZERO) continue;
        for (size_t i = start; i < start + block; i++) {
            uint64_t quotient = numbers[i] >> k;
            if (quotient < ESCAPE) {
                put_some(w, (UINT64_C(2) << quotient) - 2, (int)quotient + 1);
                put(w, numbers[i], k);
            } else {
                put(w, (UINT64_C(1) << ESCAPE) - 1, ESCAPE);
                put(w, numbers[i], 64);
            }
        }
    }
}

static void take_numbers(struct reader *r, uint64_t *numbers, size_t count) {
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t block = count - start < BLOCK ? count - start : BLOCK;
        int k = (int)take_some(r, 6);
        if (k == ALL_ZERO) {
            memset(numbers + start, 0, block * sizeof *numbers);
            continue;
        }
        for (size_t i = start; i < start + block; i++) {
            if (r->count < ESCAPE) fill(r);
            int ones = ~r->bits == 0 ? 64 : __builtin_clzll(~r->bits);
            if (ones >= ESCAPE) {
                take_some(r, ESCAPE);
                numbers[i] = take(r, 64);
            } else {
                take_some(r, ones + 1);
                numbers[i] = (uint64_t)ones << k | take(r, k);
            }
        }
    }
}

/// Differences of the given order; all arithmetic is modulo 2^64. Changes `numbers`.
static void put_differences(struct writer *w, int64_t *numbers, size_t count, int order) {
    if (count == 0) return;
    uint64_t coded[MOST];
    for (; order > 0; order--) {
        for (size_t i = count; i > 1; i--) {
            numbers[i - 1] = (int64_t)((uint64_t)numbers[i - 1] - (uint64_t)numbers[i - 2]);
        }
    }
    for (size_t i = 0; i < count; i++) coded[i] = zigzag(numbers[i]);
    put_numbers(w, coded, count);
}

static void take_differences(struct reader *r, int64_t *numbers, size_t count, int order) {
    uint64_t coded[MOST];
    take_numbers(r, coded, count);
    for (size_t i = 0; i < count; i++) numbers[i] = unzigzag(coded[i]);
    for (; order > 0; order--) {
        for (size_t i = 1; i < count; i++) {
            numbers[i] = (int64_t)((uint64_t)numbers[i] + (uint64_t)numbers[i - 1]);
        }
    }
}

// MARK: Numbers

/// Bits whose order as integers is that of the numbers, so that neighbours have small differences.
static int64_t ordered(double number) {
    int64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits ^ (int64_t)((uint64_t)(bits >> 63) >> 1);
}

static double number(int64_t ordered) {
    int64_t bits = ordered ^ (int64_t)((uint64_t)(ordered >> 63) >> 1);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static int same(double a, double b) { return ordered(a) == ordered(b); }

/// To the nearest whole number; of two that are as near, the even one. Magnitudes below 2^51 only.
static inline double whole(double number) {
    return (number + 6755399441055744.0) - 6755399441055744.0;
}

/// Larger numbers are told as bits.
#define MOST_STEPS 2251799813685248.0
#define MOST_DECIMALS 15
static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/// Both m and 10^d are exact, so that m / 10^d is the double nearest to the decimal number.
static double decimal(int64_t m, int d) { return (double)m / tens[d]; }

static int is_decimal(double value, int d, int64_t *m) {
    double scaled = value * tens[d];
    if (!(fabs(scaled) < MOST_STEPS)) return 0;
    *m = (int64_t)whole(scaled);
    return same(decimal(*m, d), value);
}

/// The least d with which all values are decimals; -1: there is none.
static int decimals(const struct anomalyd_point *points, size_t count) {
    int d = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t m;
        if (isnan(points[i].value)) continue;
        while (d <= MOST_DECIMALS && !is_decimal(points[i].value, d, &m)) d++;
        if (d > MOST_DECIMALS) return -1;
    }
    // One that has fewer decimals may be too large for so many.
    for (size_t i = 0; i < count; i++) {
        int64_t m;
        if (!isnan(points[i].value) && !is_decimal(points[i].value, d, &m)) return -1;
    }
    return d;
}

/// The exponent of the lowest bit of a number that is neither 0 nor NaN nor infinite.
static int lowest_bit(double number) {
    int exponent;
    int64_t mantissa = (int64_t)ldexp(frexp(fabs(number), &exponent), 53);
    return exponent - 53 + __builtin_ctzll((uint64_t)mantissa);
}

#define LEAST_EXPONENT -1100
/// The largest e with which all residuals are multiples of 2^e.
static int common_exponent(const struct anomalyd_point *points, size_t count) {
    int e = 1023;
    for (size_t i = 0; i < count; i++) {
        double residual = points[i].residual;
        if (residual == 0 || !isfinite(residual)) continue;
        int lowest = lowest_bit(residual);
        if (lowest < e) e = lowest;
    }
    return e == 1023 ? 0 : e;
}

/// Steps of 2^e.
struct grid {
    int e;
    /// A product with a power of two is exact where ldexp is, but for the smallest and largest.
    int is_plain;
    double step, inverse;
};

static struct grid make_grid(int e) {
    struct grid grid = {e, e > -960 && e < 960, ldexp(1, e), ldexp(1, -e)};
    return grid;
}

/// Rounded; 0 if there are too many.
static inline int steps(double number, const struct grid *grid, int64_t *count) {
    double scaled = grid->is_plain ? number * grid->inverse : ldexp(number, -grid->e);
    if (!(fabs(scaled) < MOST_STEPS)) return 0;
    *count = (int64_t)whole(scaled);
    return 1;
}

static inline double unsteps(double count, const struct grid *grid) {
    return grid->is_plain ? count * grid->step : ldexp(count, grid->e);
}

// MARK: Points


static double *field(struct anomalyd_point *point, int column) {
    switch (column) {
    case PREDICTION: return &point->prediction;
    case LOWER: return &point->lower;
    case UPPER: return &point->upper;
    case RESIDUAL: return &point->residual;
    default: return &point->score;
    }
}

/// Whether a number follows from others of its point, and from how many steps.
static inline int is_told(const struct anomalyd_point *p, int column, const struct grid *grid, int64_t *count) {
    switch (column) {
    case PREDICTION: return same(p->prediction, p->value - p->residual);
    case LOWER:
        return steps(p->prediction - p->lower, grid, count)
            && same(p->lower, p->prediction - unsteps((double)*count, grid));
    case UPPER:
        return steps(p->upper - p->prediction, grid, count)
            && same(p->upper, p->prediction + unsteps((double)*count, grid));
    case RESIDUAL: return steps(p->residual, grid, count) && same(p->residual, unsteps((double)*count, grid));
    default:
        if (!(fabs(p->score) <= 1)) return 0;
        *count = (int64_t)whole(p->score * ANOMALYD_SCORE_STEPS);
        return same(p->score, (double)*count / ANOMALYD_SCORE_STEPS);
    }
}

// Of widths and scores; a prediction needs none.
static const int difference_order[DERIVED] = {0, 1, 1, 0, 0};

size_t anomalyd_chunk_bound(size_t count) {
    // Each number at most ESCAPE + 64 bits, and 6 for each block.
    return HEADER + 16 + count * 13 * 11 + (count / BLOCK + 1) * 13;
}

size_t anomalyd_chunk_encode(const struct anomalyd_point *points, size_t count, uint8_t *bytes) {
    int64_t kinds[MOST], numbers[MOST], told[DERIVED][MOST], explicits[DERIVED][MOST];
    size_t told_count[DERIVED] = {0}, explicit_count[DERIVED] = {0};
    int d = decimals(points, count), e = common_exponent(points, count);
    struct grid grid = make_grid(e);

    for (size_t i = 0; i < count; i++) {
        struct anomalyd_point point = points[i];
        int64_t kind = isnan(point.value) ? 0 : HAS_VALUE;
        for (int column = 0; column < DERIVED; column++) {
            double it = *field(&point, column);
            if (isnan(it)) continue;
            int64_t number = 0;
            int is = is_told(&point, column, &grid, &number);
            kind |= (int64_t)(is ? TOLD : EXPLICIT) << (1 + 2 * column);
            if (is) {
                told[column][told_count[column]++] = number;
            } else {
                explicits[column][explicit_count[column]++] = ordered(it);
            }
        }
        kinds[i] = kind;
    }

    bytes[0] = FORMAT;
    bytes[1] = (uint8_t)(d + 1);
    uint16_t exponent = (uint16_t)(e - LEAST_EXPONENT);
    bytes[2] = (uint8_t)(exponent >> 8);
    bytes[3] = (uint8_t)exponent;
    bytes[4] = 0;
    struct writer w = {bytes + HEADER, 0, 0};
    put_differences(&w, kinds, count, 1);
    for (size_t i = 0; i < count; i++) numbers[i] = points[i].time;
    put_differences(&w, numbers, count, 2);
    int64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isnan(points[i].value)) {
            if (d < 0) {
                last = ordered(points[i].value);
            } else {
                is_decimal(points[i].value, d, &last);
            }
        }
        numbers[i] = last;
    }
    put_differences(&w, numbers, count, 1);
    for (int column = LOWER; column < DERIVED; column++) {
        put_differences(&w, told[column], told_count[column], difference_order[column]);
    }
    for (size_t i = 0; i < count; i++) numbers[i] = points[i].flags;
    put_differences(&w, numbers, count, 1);
    for (int column = 0; column < DERIVED; column++) {
        put_differences(&w, explicits[column], explicit_count[column], 1);
    }
    finish(&w);
    return (size_t)(w.next - bytes);
}

int anomalyd_chunk_decode(const uint8_t *bytes, size_t size, struct anomalyd_point *points, size_t count) {
    return anomalyd_chunk_decode_to(bytes, size, points, count, ANOMALYD_EVERYTHING);
}

static void take_values(const int64_t *kinds, const int64_t *values, int d, struct anomalyd_point *points, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!(kinds[i] & HAS_VALUE)) {
            points[i].value = NAN;
        } else if (d < 0) {
            points[i].value = number(values[i]);
        } else {
            points[i].value = decimal(values[i], d);
        }
    }
}

int anomalyd_chunk_decode_to(
    const uint8_t *bytes, size_t size, struct anomalyd_point *points, size_t count, enum anomalyd_depth depth) {
    if (count > MOST || size < HEADER || bytes[0] != FORMAT || bytes[1] > MOST_DECIMALS + 1 || bytes[4] != 0) return -1;
    int d = bytes[1] - 1, e = (bytes[2] << 8 | bytes[3]) + LEAST_EXPONENT;
    int64_t kinds[MOST], values[MOST], numbers[MOST], told[DERIVED][MOST], explicits[DERIVED][MOST];
    size_t told_count[DERIVED] = {0}, explicit_count[DERIVED] = {0};
    struct reader r = {bytes + HEADER, bytes + size, 0, 0, 0};

    take_differences(&r, kinds, count, 1);
    for (size_t i = 0; i < count; i++) {
        for (int column = 0; column < DERIVED; column++) {
            told_count[column] += KIND(kinds[i], column) == TOLD;
            explicit_count[column] += KIND(kinds[i], column) == EXPLICIT;
        }
    }
    take_differences(&r, numbers, count, 2);
    for (size_t i = 0; i < count; i++) points[i].time = numbers[i];
    if (depth <= ANOMALYD_TIMES) return r.failed ? -1 : 0;
    take_differences(&r, values, count, 1);
    take_values(kinds, values, d, points, count);
    if (depth == ANOMALYD_VALUES) return r.failed ? -1 : 0;
    for (int column = LOWER; column < DERIVED; column++) {
        take_differences(&r, told[column], told_count[column], difference_order[column]);
    }
    take_differences(&r, numbers, count, 1);
    for (size_t i = 0; i < count; i++) points[i].flags = (uint16_t)numbers[i];
    for (int column = 0; column < DERIVED; column++) {
        take_differences(&r, explicits[column], explicit_count[column], 1);
    }
    if (r.failed) return -1;

    struct grid grid = make_grid(e);
    size_t next_told[DERIVED] = {0}, next_explicit[DERIVED] = {0};
    for (size_t i = 0; i < count; i++) {
        struct anomalyd_point *p = points + i;
        // In this order: each may follow from the ones before.
        static const int order[] = {RESIDUAL, PREDICTION, LOWER, UPPER, SCORE};
        for (int j = 0; j < DERIVED; j++) {
            int column = order[j];
            double *it = field(p, column);
            switch (KIND(kinds[i], column)) {
            case TOLD: {
                if (column == PREDICTION) {
                    *it = p->value - p->residual;
                    break;
                }
                double n = (double)told[column][next_told[column]++];
                double distance = unsteps(n, &grid);
                if (column == SCORE) *it = n / ANOMALYD_SCORE_STEPS;
                if (column == RESIDUAL) *it = distance;
                if (column == LOWER) *it = p->prediction - distance;
                if (column == UPPER) *it = p->prediction + distance;
                break;
            }
            case EXPLICIT: *it = number(explicits[column][next_explicit[column]++]); break;
            default: *it = NAN;
            }
        }
    }
    return 0;
}

uint64_t anomalyd_checksum(const uint8_t *bytes, size_t size) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}
