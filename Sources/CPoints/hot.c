// A row of the hot table: JSON, so that any SQLite client can read it (the view `point` does). An array of points, each
//
//   [time, value, residual, lower, upper, score, flags]
//
// with the time since the row's first in microseconds; the value, or null; residual, prediction - lower and
// upper - prediction in steps of the row, or null; the score in steps of 1 / 4096, or null. The prediction is
// value - residual. What cannot be told so has five more numbers: prediction, lower, upper, residual and score.

#define _GNU_SOURCE
#include "CPoints.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// A product and a sum in one step have other last bits; the writer made two steps of them.
#pragma STDC FP_CONTRACT OFF

struct text {
    const char *next, *end;
};

static int skip(struct text *t, char c) {
    if (t->next == t->end || *t->next != c) return 0;
    t->next++;
    return 1;
}

// Whatever the program that has loaded us thinks of decimal commas.
static locale_t plain;
static pthread_once_t plain_once = PTHREAD_ONCE_INIT;
static void make_plain(void) { plain = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

static double slow_number(const char *start, size_t size) {
    pthread_once(&plain_once, make_plain);
    char copy[40];
    if (size >= sizeof copy) return NAN;
    memcpy(copy, start, size);
    copy[size] = 0;
    char *end;
    double number = strtod_l(copy, &end, plain);
    return *end == 0 ? number : NAN;
}

/// A number, or null, which is NaN.
static int take_number(struct text *t, double *number) {
    static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    if (t->end - t->next >= 4 && memcmp(t->next, "null", 4) == 0) {
        t->next += 4;
        *number = NAN;
        return 1;
    }
    const char *start = t->next, *p = start;
    int negative = p < t->end && *p == '-';
    p += negative;
    uint64_t mantissa = 0;
    int digits = 0, decimals = 0;
    for (; p < t->end && *p >= '0' && *p <= '9'; p++, digits++) mantissa = mantissa * 10 + (uint64_t)(*p - '0');
    if (p < t->end && *p == '.') {
        for (p++; p < t->end && *p >= '0' && *p <= '9'; p++, digits++, decimals++) {
            mantissa = mantissa * 10 + (uint64_t)(*p - '0');
        }
    }
    if (digits == 0) return 0;
    int is_plain = digits <= 15;
    if (p < t->end && (*p == 'e' || *p == 'E')) {
        is_plain = 0;
        for (p++; p < t->end && (*p == '-' || *p == '+' || (*p >= '0' && *p <= '9')); p++) {}
    }
    t->next = p;
    if (is_plain) {
        // Both are exact, so that the quotient is the nearest double.
        *number = (double)mantissa / tens[decimals];
        if (negative) *number = -*number;
    } else {
        *number = slow_number(start, (size_t)(p - start));
    }
    return !isnan(*number);
}

static int take_integer(struct text *t, int64_t *number) {
    uint64_t magnitude = 0;
    int digits = 0;
    for (; t->next < t->end && *t->next >= '0' && *t->next <= '9' && digits < 19; t->next++, digits++) {
        magnitude = magnitude * 10 + (uint64_t)(*t->next - '0');
    }
    *number = (int64_t)magnitude;
    return digits > 0 && magnitude <= INT64_MAX;
}

static int take_point(struct text *t, int64_t first_time, double step, struct anomalyd_point *p) {
    int64_t time, flags;
    double residual, lower, upper, score;
    if (!skip(t, '[') || !take_integer(t, &time) || !skip(t, ',') || !take_number(t, &p->value) || !skip(t, ',')
        || !take_number(t, &residual) || !skip(t, ',') || !take_number(t, &lower) || !skip(t, ',')
        || !take_number(t, &upper) || !skip(t, ',') || !take_number(t, &score) || !skip(t, ',')
        || !take_integer(t, &flags) || flags > UINT16_MAX) {
        return 0;
    }
    p->time = (int64_t)((uint64_t)first_time + (uint64_t)time);
    p->flags = (uint16_t)flags;
    if (skip(t, ',')) {
        return take_number(t, &p->prediction) && skip(t, ',') && take_number(t, &p->lower) && skip(t, ',')
            && take_number(t, &p->upper) && skip(t, ',') && take_number(t, &p->residual) && skip(t, ',')
            && take_number(t, &p->score) && skip(t, ']');
    }
    p->residual = residual * step;
    p->prediction = p->value - p->residual;
    p->lower = p->prediction - lower * step;
    p->upper = p->prediction + upper * step;
    p->score = score / ANOMALYD_SCORE_STEPS;
    return skip(t, ']');
}

int anomalyd_hot_decode(
    const char *text, size_t size, int64_t first_time, double step, struct anomalyd_point *points, size_t count) {
    struct text t = {text, text + size};
    if (!skip(&t, '[')) return -1;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && !skip(&t, ',')) return -1;
        if (!take_point(&t, first_time, step, points + i)) return -1;
    }
    return skip(&t, ']') && t.next == t.end ? 0 : -1;
}
