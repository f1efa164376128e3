#include "CPeak.h"

#include <time.h>

#ifdef __x86_64__
#include <immintrin.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

// Twelve sums that don't wait for each other are enough on every processor: latency 4 or 5, two a cycle.
#define BODY(V, SET, FMA, LANES)                                                                                       \
    V s[12];                                                                                                           \
    for (int i = 0; i < 12; i++) s[i] = SET(i * 1e-3f);                                                                \
    const V a = SET(0.999f), b = SET(1e-3f);                                                                           \
    for (long k = 0; k < rounds; k++) {                                                                                \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++) s[i] = FMA(s[i], a, b);                        \
    }                                                                                                                  \
    V total = s[0];                                                                                                    \
    for (int i = 1; i < 12; i++) total += s[i];                                                                        \
    volatile float sink = total[0];                                                                                    \
    (void)sink;                                                                                                        \
    return 12.0 * 2 * LANES * rounds;

__attribute__((target("avx512f"))) static double run512(long rounds) {
    BODY(__m512, _mm512_set1_ps, _mm512_fmadd_ps, 16)
}

__attribute__((target("avx2,fma"))) static double run256(long rounds) {
    BODY(__m256, _mm256_set1_ps, _mm256_fmadd_ps, 8)
}

int peak_width(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f")) return 512;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 256 : 0;
}

double peak_flops(double seconds) {
    const int width = peak_width();
    if (!width) return 0;
    double best = 0;
    for (const double end = now() + seconds; now() < end;) {
        const double start = now();
        const double done = width == 512 ? run512(1000000) : run256(1000000);
        const double rate = done / (now() - start);
        if (rate > best) best = rate;
    }
    return best;
}

#else

int peak_width(void) { return 0; }
double peak_flops(double seconds) {
    (void)seconds;
    return 0;
}

#endif
