// Sixteen numbers a register, thirty-two registers.
#ifdef __x86_64__
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "CKernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx2,fma"))), apply_to = function)
#define VARIANT(name) ck_avx512_##name
#define VARIANT_NAME "avx512"
#define LANES 16
#define MOST_SUMS 24
#define TILE_ROWS 3
#define TILE_COLUMNS 8
typedef __m512 vector;

static inline __mmask16 mask_of(long lanes) { return (__mmask16)((1u << lanes) - 1); }
static inline vector v_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void v_store(float *p, vector v) { _mm512_storeu_ps(p, v); }
static inline vector v_load_part(const float *p, long lanes) { return _mm512_maskz_loadu_ps(mask_of(lanes), p); }
static inline void v_store_part(float *p, vector v, long lanes) { _mm512_mask_storeu_ps(p, mask_of(lanes), v); }
static inline vector v_set(float x) { return _mm512_set1_ps(x); }
static inline vector v_fma(vector a, vector b, vector c) { return _mm512_fmadd_ps(a, b, c); }
static inline vector v_sqrt(vector a) { return _mm512_sqrt_ps(a); }
// Of a NaN in x both make a NaN.
static inline vector v_min(float limit, vector x) { return _mm512_min_ps(_mm512_set1_ps(limit), x); }
static inline vector v_max(float limit, vector x) { return _mm512_max_ps(_mm512_set1_ps(limit), x); }

#include "WideLoops.h"
#pragma clang attribute pop
#endif
