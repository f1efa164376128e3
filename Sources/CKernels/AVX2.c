// Eight numbers a register, sixteen registers.
#ifdef __x86_64__
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "CKernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define VARIANT(name) ck_avx2_##name
#define VARIANT_NAME "avx2"
#define LANES 8
// Sums that are kept in registers at once: for a product with one vector, and rows × columns of one with several.
#define MOST_SUMS 12
#define TILE_ROWS 3
#define TILE_COLUMNS 4
typedef __m256 vector;

static const int32_t ck_avx2_masks[16] = {-1, -1, -1, -1, -1, -1, -1, -1};

static inline __m256i mask_of(long lanes) {
    return _mm256_loadu_si256((const __m256i *)(ck_avx2_masks + 8 - lanes));
}
static inline vector v_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void v_store(float *p, vector v) { _mm256_storeu_ps(p, v); }
static inline vector v_load_part(const float *p, long lanes) { return _mm256_maskload_ps(p, mask_of(lanes)); }
static inline void v_store_part(float *p, vector v, long lanes) { _mm256_maskstore_ps(p, mask_of(lanes), v); }
static inline vector v_set(float x) { return _mm256_set1_ps(x); }
static inline vector v_fma(vector a, vector b, vector c) { return _mm256_fmadd_ps(a, b, c); }
static inline vector v_sqrt(vector a) { return _mm256_sqrt_ps(a); }
// Of a NaN in x both make a NaN.
static inline vector v_min(float limit, vector x) { return _mm256_min_ps(_mm256_set1_ps(limit), x); }
static inline vector v_max(float limit, vector x) { return _mm256_max_ps(_mm256_set1_ps(limit), x); }

#include "WideLoops.h"
#pragma clang attribute pop
#endif
