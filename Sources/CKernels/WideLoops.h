// The loops, once for each width. Included by AVX2.c and AVX512.c, which define the vector and what can be done with it.
//
// For equal bits at every width: sums are fused multiply-adds in an order that depends on the matrix's shape only, and
// nothing else is contracted.
#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// The last vector of a row may be short: then lanes that aren't there are read as 0 and not written.
INLINE vector take(const float *p, long lanes) { return lanes < LANES ? v_load_part(p, lanes) : v_load(p); }
INLINE void give(float *p, vector v, long lanes) {
    if (lanes < LANES) {
        v_store_part(p, v, lanes);
    } else {
        v_store(p, v);
    }
}

// --- Products ---

// Lanes in use of vector r of a block, which has `rows` of them.
#define IN_USE(r) ((r) == rows - 1 ? last : LANES)

/// How many partial sums each output of a product with m rows is made of. Few rows leave too few sums that don't wait
/// for each other (a fused multiply-add takes four cycles, and two can begin in each), so then there are more: terms
/// j ≡ q (mod parts) belong to part q, and the parts are added as (0 + 1) + (2 + 3).
INLINE int parts_of(long m) { return m >= 64 ? 1 : m >= 32 ? 2 : 4; }

/// rows · LANES outputs of y = start + W · x, of which the last vector has `last` lanes in use.
INLINE void vector_block(int rows, int parts, long last, long n, const float *w, long stride, const float *x,
                         long step, const float *start, float *y) {
    vector sum[4][MOST_SUMS];
    UNROLL for (int r = 0; r < rows; r++) {
        sum[0][r] = take(start + r * LANES, IN_USE(r));
        UNROLL for (int q = 1; q < parts; q++) sum[q][r] = v_set(0);
    }
    long j = 0;
    for (; j + parts <= n; j += parts) {
        UNROLL for (int q = 0; q < parts; q++) {
            const vector s = v_set(x[(j + q) * step]);
            UNROLL for (int r = 0; r < rows; r++) {
                const float *p = w + (j + q) * stride + r * LANES;
                sum[q][r] = v_fma(take(p, IN_USE(r)), s, sum[q][r]);
            }
        }
    }
    UNROLL for (int q = 0; q < parts - 1; q++) {
        if (j + q >= n) break;
        const vector s = v_set(x[(j + q) * step]);
        UNROLL for (int r = 0; r < rows; r++) {
            const float *p = w + (j + q) * stride + r * LANES;
            sum[q][r] = v_fma(take(p, IN_USE(r)), s, sum[q][r]);
        }
    }
    UNROLL for (int r = 0; r < rows; r++) {
        vector total = sum[0][r];
        if (parts >= 2) total += sum[1][r];
        if (parts == 4) total += sum[2][r] + sum[3][r];
        give(y + r * LANES, total, IN_USE(r));
    }
}

/// y(m) = start(m) + W(m, n) · x(n); `step` from one x to the next.
INLINE void vector_product(int parts, long m, long n, const float *w, long stride, const float *x, long step,
                           const float *start, float *y) {
    long i = 0;
#define ROWS(k)                                                                                                        \
    if ((k) * parts <= MOST_SUMS)                                                                                      \
        while (i + (k) * LANES <= m) {                                                                                 \
            vector_block(k, parts, LANES, n, w + i, stride, x, step, start + i, y + i);                                \
            i += (k) * LANES;                                                                                          \
        }
    ROWS(12) ROWS(8) ROWS(6) ROWS(4) ROWS(3) ROWS(2) ROWS(1)
#undef ROWS
    if (i < m) vector_block(1, parts, m - i, n, w + i, stride, x, step, start + i, y + i);
}

/// The same outputs for several columns at once, with the same sums.
INLINE void tile(int rows, int columns, int parts, long last, long n, const float *w, long stride, const float *x,
                 long x_stride, long x_step, const float *start, long start_stride, float *y, long y_stride) {
    vector held[TILE_ROWS][TILE_COLUMNS];
    UNROLL for (int q = 0; q < parts; q++) {
        vector sum[TILE_ROWS][TILE_COLUMNS];
        UNROLL for (int r = 0; r < rows; r++) UNROLL for (int c = 0; c < columns; c++) {
            const float *p = start + c * start_stride + r * LANES;
            sum[r][c] = q > 0 ? v_set(0) : take(p, IN_USE(r));
        }
        for (long j = q; j < n; j += parts) {
            vector a[TILE_ROWS];
            UNROLL for (int r = 0; r < rows; r++) {
                const float *p = w + j * stride + r * LANES;
                a[r] = take(p, IN_USE(r));
            }
            UNROLL for (int c = 0; c < columns; c++) {
                const vector s = v_set(x[c * x_stride + j * x_step]);
                UNROLL for (int r = 0; r < rows; r++) sum[r][c] = v_fma(a[r], s, sum[r][c]);
            }
        }
        UNROLL for (int r = 0; r < rows; r++) UNROLL for (int c = 0; c < columns; c++) {
            float *p = y + c * y_stride + r * LANES;
            vector total = sum[r][c];
            if (q == 2) {
                held[r][c] = total;
                continue;
            }
            if (q == 3) total = held[r][c] + total;
            if (q > 0) total = take(p, IN_USE(r)) + total;
            give(p, total, IN_USE(r));
        }
    }
}

/// Y(m, columns) = start + W(m, n) · X(n, columns).
INLINE void tiles(int columns, int parts, long m, long n, const float *w, long stride, const float *x, long x_stride,
                  long x_step, const float *start, long start_stride, float *y, long y_stride) {
    long i = 0;
    for (; i + 3 * LANES <= m; i += 3 * LANES)
        tile(3, columns, parts, LANES, n, w + i, stride, x, x_stride, x_step, start + i, start_stride, y + i,
             y_stride);
    for (; i + 2 * LANES <= m; i += 2 * LANES)
        tile(2, columns, parts, LANES, n, w + i, stride, x, x_stride, x_step, start + i, start_stride, y + i,
             y_stride);
    for (; i + LANES <= m; i += LANES)
        tile(1, columns, parts, LANES, n, w + i, stride, x, x_stride, x_step, start + i, start_stride, y + i,
             y_stride);
    if (i < m) tile(1, columns, parts, m - i, n, w + i, stride, x, x_stride, x_step, start + i, start_stride, y + i,
             y_stride);
}

INLINE void product(int parts, long m, long n, long batch, const float *w, long stride, const float *x, long x_stride,
                    long x_step, const float *start, long start_stride, float *y, long y_stride) {
    long b = 0;
    for (; b + TILE_COLUMNS <= batch; b += TILE_COLUMNS)
        tiles(TILE_COLUMNS, parts, m, n, w, stride, x + b * x_stride, x_stride, x_step, start + b * start_stride,
              start_stride, y + b * y_stride, y_stride);
    for (; b + 2 <= batch && TILE_COLUMNS > 4; b += 2)
        tiles(2, parts, m, n, w, stride, x + b * x_stride, x_stride, x_step, start + b * start_stride,
              start_stride, y + b * y_stride, y_stride);
    for (; b < batch; b++)
        vector_product(parts, m, n, w, stride, x + b * x_stride, x_step, start + b * start_stride, y + b * y_stride);
}

/// y + Σ w · x in eight partial sums by j mod 8, for a matrix of one row. Eight at every width.
INLINE float dot(long n, const float *w, const float *x, float y) {
    __m256 sum = _mm256_setzero_ps();
    long j = 0;
    for (; j + 8 <= n; j += 8) sum = _mm256_fmadd_ps(_mm256_loadu_ps(w + j), _mm256_loadu_ps(x + j), sum);
    float parts[8];
    _mm256_storeu_ps(parts, sum);
    for (long k = 0; j < n; j++, k++) parts[k] = __builtin_fmaf(w[j], x[j], parts[k]);
    return y + (((parts[0] + parts[4]) + (parts[2] + parts[6])) + ((parts[1] + parts[5]) + (parts[3] + parts[7])));
}

static void VARIANT(affine)(long m, long n, long batch, const float *w, const float *x, long x_stride,
                            const float *start, long start_stride, float *y, long y_stride) {
    if (m == 1) {
        for (long b = 0; b < batch; b++) y[b * y_stride] = dot(n, w, x + b * x_stride, start[b * start_stride]);
        return;
    }
    switch (parts_of(m)) {
    case 1: product(1, m, n, batch, w, m, x, x_stride, 1, start, start_stride, y, y_stride); break;
    case 2: product(2, m, n, batch, w, m, x, x_stride, 1, start, start_stride, y, y_stride); break;
    default: product(4, m, n, batch, w, m, x, x_stride, 1, start, start_stride, y, y_stride);
    }
}

/// Column j of the matrix is what begins at x[j], so that one load serves many lags.
static void VARIANT(correlate)(long lags, long n, const float *x, float *y) {
    for (long i = 0; i < lags; i++) y[i] = 0;
    vector_product(2, lags, n, x, 1, x, 1, y, y);
}

/// Term k of column j is B(j, k), so this is a product with Bᵀ.
static void VARIANT(outer_add)(long m, long n, long terms, const float *a, long a_stride, const float *b,
                               long b_stride, float *c) {
    if (m == 1) {
        // One row: its n outputs are a product of B with that row of A.
        vector_product(2, n, terms, b, b_stride, a, a_stride, c, c);
    } else {
        product(1, m, terms, n, a, a_stride, b, 1, b_stride, c, m, c, m);
    }
}

/// rows · LANES of y += Σ columns, column after column, as they lie in memory.
INLINE void sum_block(int rows, long last, long terms, const float *a, long a_stride, float *y) {
    vector sum[8];
    UNROLL for (int r = 0; r < rows; r++)
        sum[r] = take(y + r * LANES, IN_USE(r));
    for (long k = 0; k < terms; k++)
        UNROLL for (int r = 0; r < rows; r++) {
            const float *p = a + k * a_stride + r * LANES;
            sum[r] += take(p, IN_USE(r));
        }
    UNROLL for (int r = 0; r < rows; r++) {
        give(y + r * LANES, sum[r], IN_USE(r));
    }
}

static void VARIANT(sum_columns)(long m, long terms, const float *a, long a_stride, float *y) {
    long i = 0;
#define ROWS(k)                                                                                                        \
    for (; i + (k) * LANES <= m; i += (k) * LANES) sum_block(k, LANES, terms, a + i, a_stride, y + i);
    ROWS(8) ROWS(6) ROWS(4) ROWS(3) ROWS(2) ROWS(1)
#undef ROWS
    if (i < m) sum_block(1, m - i, terms, a + i, a_stride, y + i);
}

/// Blocks of 8 × 8.
static void VARIANT(transpose)(long m, long n, const float *w, float *out) {
    long j = 0;
    for (; j + 8 <= n; j += 8) {
        long i = 0;
        for (; i + 8 <= m; i += 8) {
            const float *p = w + i + j * m;
            __m256 r0 = _mm256_loadu_ps(p), r1 = _mm256_loadu_ps(p + m), r2 = _mm256_loadu_ps(p + 2 * m),
                   r3 = _mm256_loadu_ps(p + 3 * m), r4 = _mm256_loadu_ps(p + 4 * m), r5 = _mm256_loadu_ps(p + 5 * m),
                   r6 = _mm256_loadu_ps(p + 6 * m), r7 = _mm256_loadu_ps(p + 7 * m);
            const __m256 a0 = _mm256_unpacklo_ps(r0, r1), a1 = _mm256_unpackhi_ps(r0, r1);
            const __m256 a2 = _mm256_unpacklo_ps(r2, r3), a3 = _mm256_unpackhi_ps(r2, r3);
            const __m256 a4 = _mm256_unpacklo_ps(r4, r5), a5 = _mm256_unpackhi_ps(r4, r5);
            const __m256 a6 = _mm256_unpacklo_ps(r6, r7), a7 = _mm256_unpackhi_ps(r6, r7);
            r0 = _mm256_shuffle_ps(a0, a2, 0x44), r1 = _mm256_shuffle_ps(a0, a2, 0xee);
            r2 = _mm256_shuffle_ps(a1, a3, 0x44), r3 = _mm256_shuffle_ps(a1, a3, 0xee);
            r4 = _mm256_shuffle_ps(a4, a6, 0x44), r5 = _mm256_shuffle_ps(a4, a6, 0xee);
            r6 = _mm256_shuffle_ps(a5, a7, 0x44), r7 = _mm256_shuffle_ps(a5, a7, 0xee);
            float *o = out + j + i * n;
            _mm256_storeu_ps(o, _mm256_permute2f128_ps(r0, r4, 0x20));
            _mm256_storeu_ps(o + n, _mm256_permute2f128_ps(r1, r5, 0x20));
            _mm256_storeu_ps(o + 2 * n, _mm256_permute2f128_ps(r2, r6, 0x20));
            _mm256_storeu_ps(o + 3 * n, _mm256_permute2f128_ps(r3, r7, 0x20));
            _mm256_storeu_ps(o + 4 * n, _mm256_permute2f128_ps(r0, r4, 0x31));
            _mm256_storeu_ps(o + 5 * n, _mm256_permute2f128_ps(r1, r5, 0x31));
            _mm256_storeu_ps(o + 6 * n, _mm256_permute2f128_ps(r2, r6, 0x31));
            _mm256_storeu_ps(o + 7 * n, _mm256_permute2f128_ps(r3, r7, 0x31));
        }
        for (; i < m; i++)
            for (long k = j; k < j + 8; k++) out[k + i * n] = w[i + k * m];
    }
    for (; j < n; j++)
        for (long i = 0; i < m; i++) out[j + i * n] = w[i + j * m];
}

// --- Elementwise ---

#define EACH(i, n) for (long i = 0, lanes = n < LANES ? n : LANES; i < n; i += LANES, lanes = n - i < LANES ? n - i : LANES)

static void VARIANT(add)(long count, const float *x, float *y) {
    EACH(i, count) give(y + i, take(y + i, lanes) + take(x + i, lanes), lanes);
}

/// Sixteen partial sums at every width, added in halves.
static float VARIANT(squares)(long count, const float *x) {
    vector sum[16 / LANES];
    for (int k = 0; k < 16 / LANES; k++) sum[k] = v_set(0);
    for (long i = 0; i < count; i += 16) {
        UNROLL for (int k = 0; k < 16 / LANES; k++) {
            const long left = count - i - k * LANES;
            if (left <= 0) break;
            const vector v = take(x + i + k * LANES, left < LANES ? left : LANES);
            sum[k] = v_fma(v, v, sum[k]);
        }
    }
    float parts[16];
    for (int k = 0; k < 16 / LANES; k++) v_store(parts + k * LANES, sum[k]);
    for (int half = 8; half > 0; half /= 2)
        for (int k = 0; k < half; k++) parts[k] += parts[k + half];
    return parts[0];
}

/// Numerator and denominator of tanh: as `Float.tanh` in Swift, with the same coefficients. Beyond its limit, which
/// differs as in Eigen for fused arithmetic, the quotient is the number next to 1.
typedef struct {
    vector over, under;
} fraction;

INLINE fraction v_tanh_fraction(vector x) {
    const float limit = 7.998811721801758f;
    const vector c = v_max(-limit, v_min(limit, x));
    const vector s = c * c, s2 = s * s;
    // Pairs first (Estrin's scheme): half as many steps that wait for each other as in Horner's.
    const vector p01 = v_fma(v_set(6.37261928875400e-04f), s, v_set(4.89352455891786e-03f));
    const vector p23 = v_fma(v_set(5.12229709037114e-08f), s, v_set(1.48572235717891e-05f));
    const vector p45 = v_fma(v_set(2.00018790482477e-13f), s, v_set(-8.60467152213735e-11f));
    const vector q01 = v_fma(v_set(2.26843463243900e-03f), s, v_set(4.89352518554385e-03f));
    const vector q23 = v_fma(v_set(1.19825839466702e-06f), s, v_set(1.18534705686654e-04f));
    const vector high = v_fma(v_fma(v_set(-2.76076847742355e-16f), s2, p45), s2, p23);
    return (fraction){c * v_fma(high, s2, p01), v_fma(q23, s2, q01)};
}

INLINE vector v_tanh(vector x) {
    const fraction f = v_tanh_fraction(x);
    return f.over / f.under;
}

INLINE vector v_sigmoid(vector x) {
    const vector half = v_set(0.5f);
    return v_fma(v_tanh(x * half), half, half);
}

/// Two sigmoids for one division, which takes as long as ten multiplications.
INLINE void v_sigmoids(vector x, vector y, vector *first, vector *second) {
    const vector half = v_set(0.5f);
    const fraction f = v_tanh_fraction(x * half), g = v_tanh_fraction(y * half);
    const vector inverse = half / (f.under * g.under);
    *first = v_fma(f.over * g.under, inverse, half);
    *second = v_fma(g.over * f.under, inverse, half);
}

static void VARIANT(rnn_forward)(long hidden, long batch, ck_cell cell) {
    const long n = hidden * batch;
    EACH(i, n) give(cell.state + i, v_tanh(take(cell.x + i, lanes)), lanes);
}

static void VARIANT(rnn_backward)(long hidden, long batch, ck_cell cell) {
    const long n = hidden * batch;
    const vector one = v_set(1);
    EACH(i, n) {
        const vector h = take(cell.state + i, lanes);
        give(cell.x + i, take(cell.d + i, lanes) * (one - h * h), lanes);
        give(cell.d + i, v_set(0), lanes);
    }
}

static void VARIANT(lstm_forward)(long n, long batch, ck_cell cell) {
    for (long j = 0; j < batch; j++) {
        float *x = cell.x + j * 4 * n, *h = cell.state + j * 2 * n;
        const float *before = cell.previous + j * 2 * n + n;
        EACH(i, n) {
            vector input, forget;
            v_sigmoids(take(x + i, lanes), take(x + n + i, lanes), &input, &forget);
            const vector candidate = v_tanh(take(x + 2 * n + i, lanes));
            const vector output = v_sigmoid(take(x + 3 * n + i, lanes));
            const vector c = v_fma(forget, take(before + i, lanes), input * candidate);
            give(x + i, input, lanes);
            give(x + n + i, forget, lanes);
            give(x + 2 * n + i, candidate, lanes);
            give(x + 3 * n + i, output, lanes);
            give(h + n + i, c, lanes);
            give(h + i, output * v_tanh(c), lanes);
        }
    }
}

static void VARIANT(lstm_backward)(long n, long batch, ck_cell cell) {
    const vector one = v_set(1);
    for (long j = 0; j < batch; j++) {
        float *x = cell.x + j * 4 * n, *dh = cell.d + j * 2 * n, *dc = dh + n;
        const float *c = cell.state + j * 2 * n + n, *before = cell.previous + j * 2 * n + n;
        EACH(i, n) {
            const vector input = take(x + i, lanes), forget = take(x + n + i, lanes);
            const vector candidate = take(x + 2 * n + i, lanes), output = take(x + 3 * n + i, lanes);
            const vector t = v_tanh(take(c + i, lanes));
            const vector out = take(dh + i, lanes);
            const vector inner = take(dc + i, lanes) + out * output * (one - t * t);
            give(x + i, inner * candidate * input * (one - input), lanes);
            give(x + n + i, inner * take(before + i, lanes) * forget * (one - forget), lanes);
            give(x + 2 * n + i, inner * input * (one - candidate * candidate), lanes);
            give(x + 3 * n + i, out * t * output * (one - output), lanes);
            give(dh + i, v_set(0), lanes);
            give(dc + i, inner * forget, lanes);
        }
    }
}

static void VARIANT(gru_forward)(long n, long batch, ck_cell cell) {
    for (long j = 0; j < batch; j++) {
        float *x = cell.x + j * 3 * n;
        const float *r = cell.r + j * 3 * n;
        EACH(i, n) {
            vector reset, update;
            v_sigmoids(take(x + i, lanes) + take(r + i, lanes), take(x + n + i, lanes) + take(r + n + i, lanes), &reset,
                       &update);
            const vector new = v_tanh(v_fma(reset, take(r + 2 * n + i, lanes), take(x + 2 * n + i, lanes)));
            give(x + i, reset, lanes);
            give(x + n + i, update, lanes);
            give(x + 2 * n + i, new, lanes);
            give(cell.state + j * n + i, v_fma(update, take(cell.previous + j * n + i, lanes) - new, new), lanes);
        }
    }
}

static void VARIANT(gru_backward)(long n, long batch, ck_cell cell) {
    const vector one = v_set(1);
    for (long j = 0; j < batch; j++) {
        float *x = cell.x + j * 3 * n, *r = cell.r + j * 3 * n, *d = cell.d + j * n;
        EACH(i, n) {
            const vector reset = take(x + i, lanes), update = take(x + n + i, lanes), new = take(x + 2 * n + i, lanes);
            const vector down = take(d + i, lanes);
            const vector d_new = down * (one - update) * (one - new * new);
            const vector d_update = down * (take(cell.previous + j * n + i, lanes) - new) * update * (one - update);
            const vector d_reset = d_new * take(r + 2 * n + i, lanes) * reset * (one - reset);
            give(x + i, d_reset, lanes);
            give(x + n + i, d_update, lanes);
            give(x + 2 * n + i, d_new, lanes);
            give(r + i, d_reset, lanes);
            give(r + n + i, d_update, lanes);
            give(r + 2 * n + i, d_new * reset, lanes);
            give(d + i, down * update, lanes);
        }
    }
}

static void VARIANT(adam)(long count, ck_adam a, const float *gradient, float *first, float *second,
                          float *parameters) {
    EACH(i, count) {
        const vector g = take(gradient + i, lanes);
        const vector mean = take(first + i, lanes) * v_set(a.keep1) + g * v_set(a.take1);
        const vector square = take(second + i, lanes) * v_set(a.keep2) + g * g * v_set(a.take2);
        give(first + i, mean, lanes);
        give(second + i, square, lanes);
        const vector step = v_set(a.size) * mean / (v_sqrt(square) * v_set(a.correction) + v_set(a.epsilon));
        give(parameters + i, take(parameters + i, lanes) * v_set(a.shrink) - step, lanes);
    }
}

// Moments in 16 bits: `ShortMoments` in Swift.
typedef uint32_t VARIANT(words) __attribute__((vector_size(4 * LANES)));
typedef uint16_t VARIANT(shorts) __attribute__((vector_size(2 * LANES)));

INLINE VARIANT(words) take_shorts(const uint16_t *p, long lanes) {
    VARIANT(shorts) shorts = {0};
    memcpy(&shorts, p, lanes < LANES ? lanes * sizeof *p : sizeof shorts);
    return __builtin_convertvector(shorts, VARIANT(words));
}

INLINE void give_shorts(uint16_t *p, VARIANT(words) words, long lanes) {
    const VARIANT(shorts) shorts = __builtin_convertvector(words, VARIANT(shorts));
    memcpy(p, &shorts, lanes < LANES ? lanes * sizeof *p : sizeof shorts);
}

static void VARIANT(short_adam)(long count, ck_adam a, ck_dither dither, const float *gradient, uint16_t *first,
                                uint16_t *second, float *parameters) {
    VARIANT(words) fraction;
    for (uint32_t k = 0; k < LANES; k++) fraction[k] = k * dither.stride;
    EACH(i, count) {
        const vector g = take(gradient + i, lanes);
        const vector mean = (vector)(take_shorts(first + i, lanes) << 16) * v_set(a.keep1) + g * v_set(a.take1);
        const vector square = (vector)(take_shorts(second + i, lanes) << 15) * v_set(a.keep2) + g * g * v_set(a.take2);
        const VARIANT(words) below1 = (fraction + dither.first) >> 16, below2 = (fraction + dither.second) >> 17;
        give_shorts(first + i, ((VARIANT(words))mean + below1) >> 16, lanes);
        give_shorts(second + i, ((VARIANT(words))square + below2) >> 15, lanes);
        const vector step = v_set(a.size) * mean / (v_sqrt(square) * v_set(a.correction) + v_set(a.epsilon));
        give(parameters + i, take(parameters + i, lanes) * v_set(a.shrink) - step, lanes);
        fraction += (uint32_t)LANES * dither.stride;
    }
}

const ck_loops VARIANT(loops) = {
    .name = VARIANT_NAME,
    .affine = VARIANT(affine),
    .correlate = VARIANT(correlate),
    .outer_add = VARIANT(outer_add),
    .sum_columns = VARIANT(sum_columns),
    .transpose = VARIANT(transpose),
    .add = VARIANT(add),
    .squares = VARIANT(squares),
    .rnn_forward = VARIANT(rnn_forward),
    .rnn_backward = VARIANT(rnn_backward),
    .lstm_forward = VARIANT(lstm_forward),
    .lstm_backward = VARIANT(lstm_backward),
    .gru_forward = VARIANT(gru_forward),
    .gru_backward = VARIANT(gru_backward),
    .adam = VARIANT(adam),
    .short_adam = VARIANT(short_adam),
};
