// The inner loops of `Kernels` for Float in the widest form that the processor has. Swift can't compile one function
// for several processors, C can (a target attribute). The loops in Swift stay as the reference and for processors that
// have none of these.
//
// AVX2 and AVX-512 give the same bits: each output is summed in one order, by fused multiply-add, whatever the width of
// the registers. The loops in Swift, which round after each multiplication, differ in the last bits.
//
// Matrices are column-major; `stride` is the distance from one column to the next. Arguments are those of
// `KernelScalar` and of the cells, where they are described.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    float *x, *r, *state, *d;
    const float *previous;
} ck_cell;

typedef struct {
    float size, shrink, correction, keep1, take1, keep2, take2, epsilon;
} ck_adam;

/// Fractions of a bit at the first place, for the first and the second moment, and from one place to the next: `MomentDither`.
typedef struct {
    uint32_t first, second, stride;
} ck_dither;

typedef struct {
    const char *name;
    void (*affine)(long m, long n, long batch, const float *w, const float *x, long x_stride, const float *start,
                   long start_stride, float *y, long y_stride);
    void (*correlate)(long lags, long n, const float *x, float *y);
    void (*outer_add)(long m, long n, long terms, const float *a, long a_stride, const float *b, long b_stride,
                      float *c);
    void (*sum_columns)(long m, long terms, const float *a, long a_stride, float *y);
    void (*transpose)(long m, long n, const float *w, float *out);
    void (*add)(long count, const float *x, float *y);
    float (*squares)(long count, const float *x);
    void (*rnn_forward)(long hidden, long batch, ck_cell cell);
    void (*rnn_backward)(long hidden, long batch, ck_cell cell);
    void (*lstm_forward)(long hidden, long batch, ck_cell cell);
    void (*lstm_backward)(long hidden, long batch, ck_cell cell);
    void (*gru_forward)(long hidden, long batch, ck_cell cell);
    void (*gru_backward)(long hidden, long batch, ck_cell cell);
    void (*adam)(long count, ck_adam a, const float *gradient, float *first, float *second, float *parameters);
    void (*short_adam)(long count, ck_adam a, ck_dither dither, const float *gradient, uint16_t *first,
                       uint16_t *second, float *parameters);
} ck_loops;

/// The loops in use; null: those in Swift. Chosen before `main`, the widest that the processor has, or what
/// $ANOMALYD_KERNELS names: avx512, avx2 or portable.
extern const ck_loops *const *const ck_chosen;

/// The variants that this processor can run, widest first; null at `index` and beyond: no more.
const ck_loops *ck_variant(int index);

static inline bool ck_is_wide(void) { return *ck_chosen != 0; }
static inline const ck_loops *ck_current(void) { return *ck_chosen; }

/// Bytes of a line of the caches; bits of a place that count lines.
enum { ck_line = 64, ck_count_bits = 6 };

/// Asks for lines of memory to be brought nearer. The lower `ck_count_bits` of each place are how many it has, and the upper
/// ones how many lines after `origin` (or before it) it begins. Harmless whatever lies there, or if nothing does.
void ck_prefetch(const void *origin, const int32_t *places, long count);

/// Asks for one line.
static inline void ck_prefetch_line(const void *place) { __builtin_prefetch(place, 0, 2); }

/// Bytes of what malloc(3) has returned.
long ck_block_bytes(const void *block);
