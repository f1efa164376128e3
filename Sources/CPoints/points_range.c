// What a WHERE leaves of a range of integers, and times as text.

#include "points_table.h"

#include <math.h>
#include <string.h>

SQLITE_EXTENSION_INIT3

#define LEAST INT64_MIN
#define MOST INT64_MAX

static void at_least(struct points_range *range, sqlite3_int64 n) {
    if (range->low < n) range->low = n;
}

static void at_most(struct points_range *range, sqlite3_int64 n) {
    if (range->high > n) range->high = n;
}

static void make_empty(struct points_range *range) {
    range->low = MOST;
    range->high = LEAST;
}

static void above(struct points_range *range, sqlite3_int64 n) {
    if (n == MOST) {
        make_empty(range);
    } else {
        at_least(range, n + 1);
    }
}

static void below(struct points_range *range, sqlite3_int64 n) {
    if (n == LEAST) {
        make_empty(range);
    } else {
        at_most(range, n - 1);
    }
}

static void narrow_integer(struct points_range *range, int op, sqlite3_int64 n) {
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_GT: above(range, n); break;
    case SQLITE_INDEX_CONSTRAINT_GE: at_least(range, n); break;
    case SQLITE_INDEX_CONSTRAINT_LT: below(range, n); break;
    case SQLITE_INDEX_CONSTRAINT_LE: at_most(range, n); break;
    default:
        at_least(range, n);
        at_most(range, n);
    }
}

static void narrow_real(struct points_range *range, int op, double x) {
    int is_lower_end = op == SQLITE_INDEX_CONSTRAINT_GT || op == SQLITE_INDEX_CONSTRAINT_GE;
    int is_upper_end = op == SQLITE_INDEX_CONSTRAINT_LT || op == SQLITE_INDEX_CONSTRAINT_LE;
    if (x >= 9223372036854775808.0) {
        if (!is_upper_end) make_empty(range);
    } else if (x < -9223372036854775808.0) {
        if (!is_lower_end) make_empty(range);
    } else if (x == floor(x)) {
        narrow_integer(range, op, (sqlite3_int64)x);
    } else if (is_lower_end) {
        at_least(range, (sqlite3_int64)ceil(x));
    } else if (is_upper_end) {
        at_most(range, (sqlite3_int64)floor(x));
    } else {
        make_empty(range);
    }
}

/// What is left where the values of the column sort before `value`, whatever they are.
static void narrow_before(struct points_range *range, int op) {
    if (op != SQLITE_INDEX_CONSTRAINT_LT && op != SQLITE_INDEX_CONSTRAINT_LE) make_empty(range);
}

void anomalyd_range_narrow(struct points_range *range, int op, sqlite3_value *value) {
    switch (sqlite3_value_numeric_type(value)) {
    case SQLITE_INTEGER: narrow_integer(range, op, sqlite3_value_int64(value)); break;
    case SQLITE_FLOAT: narrow_real(range, op, sqlite3_value_double(value)); break;
    case SQLITE_NULL: make_empty(range); break;
    default: narrow_before(range, op);
    }
}

// MARK: Text

/// 0000-01-01T00:00:00.000000Z and 9999-12-31T23:59:59.999999Z.
#define FIRST_WITH_TEXT INT64_C(-62167219200000000)
#define LAST_WITH_TEXT INT64_C(253402300799999999)
#define DAY INT64_C(86400000000)

static void put_digits(char *text, int count, sqlite3_int64 n) {
    for (int i = count - 1; i >= 0; i--, n /= 10) text[i] = (char)('0' + n % 10);
}

int anomalyd_time_text(sqlite3_int64 time, char text[TIME_TEXT_SIZE]) {
    if (time < FIRST_WITH_TEXT || time > LAST_WITH_TEXT) return 0;
    // In years that begin with March, a leap day is the last one (H. Hinnant, "chrono-Compatible Low-Level Date
    // Algorithms"). Counted from March of the year -400.
    sqlite3_int64 rest = time - FIRST_WITH_TEXT, days = rest / DAY + 146097 - 60;
    rest %= DAY;
    sqlite3_int64 era = days / 146097, day_of_era = days % 146097;
    sqlite3_int64 year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    sqlite3_int64 day = day_of_era - (365 * year + year / 4 - year / 100);
    sqlite3_int64 month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5;
    year += (era - 1) * 400;
    if (month < 10) {
        month += 3;
    } else {
        month -= 9;
        year++;
    }
    memcpy(text, "0000-00-00T00:00:00.000000Z", TIME_TEXT_SIZE);
    put_digits(text, 4, year);
    put_digits(text + 5, 2, month);
    put_digits(text + 8, 2, day + 1);
    put_digits(text + 11, 2, rest / INT64_C(3600000000));
    put_digits(text + 14, 2, rest / 60000000 % 60);
    put_digits(text + 17, 2, rest / 1000000 % 60);
    put_digits(text + 20, 6, rest % 1000000);
    return 1;
}

/// The first time whose text is not before the given one or, if `behind`, after it; LAST_WITH_TEXT + 1 if there is none.
/// Found by trying, so that any text will do: a year, a date, or nonsense.
static sqlite3_int64 first_time(const unsigned char *text, size_t size, int behind) {
    sqlite3_int64 low = FIRST_WITH_TEXT, high = LAST_WITH_TEXT + 1;
    while (low < high) {
        sqlite3_int64 middle = low + (high - low) / 2;
        char candidate[TIME_TEXT_SIZE];
        anomalyd_time_text(middle, candidate);
        int order = memcmp(candidate, text, size < TIME_TEXT_SIZE ? size : TIME_TEXT_SIZE);
        if (order == 0) order = size < TIME_TEXT_SIZE ? 1 : size > TIME_TEXT_SIZE ? -1 : 0;
        if (order < 0 || (behind && order == 0)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void anomalyd_range_narrow_text(struct points_range *range, int op, sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    // Whether numbers and text are compared as text depends on where the number comes from.
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) return;
    if (type == SQLITE_NULL) {
        make_empty(range);
        return;
    }
    // No text, NULL, is not before or after anything.
    at_least(range, FIRST_WITH_TEXT);
    at_most(range, LAST_WITH_TEXT);
    if (type == SQLITE_BLOB) {
        narrow_before(range, op);
        return;
    }
    const unsigned char *text = sqlite3_value_text(value);
    if (text == NULL) return;
    size_t size = (size_t)sqlite3_value_bytes(value);
    int is_equal = op == SQLITE_INDEX_CONSTRAINT_EQ || op == SQLITE_INDEX_CONSTRAINT_IS;
    if (op == SQLITE_INDEX_CONSTRAINT_GE || is_equal) at_least(range, first_time(text, size, 0));
    if (op == SQLITE_INDEX_CONSTRAINT_GT) at_least(range, first_time(text, size, 1));
    if (op == SQLITE_INDEX_CONSTRAINT_LT) below(range, first_time(text, size, 0));
    if (op == SQLITE_INDEX_CONSTRAINT_LE || is_equal) below(range, first_time(text, size, 1));
}
