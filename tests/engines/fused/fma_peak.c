/* fma_peak.c - see fma_peak.h. */
#include "tests/engines/fused/fma_peak.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* Ten chains cover 4 cycles of latency on two ports.  The empty asm keeps the compiler from
 * seeing that a chain is a constant; the instruction is the intrinsic's own. */
enum { CHAINS = 10, N = 200000 };

#ifdef __x86_64__
__attribute__((target("avx512f"))) static double run_avx512(void)
{
    __m512 c[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        c[i] = _mm512_set1_ps((float)i);
    const __m512 a = _mm512_set1_ps(0.999f);
    for (int n = 0; n < N; n++) {
#pragma GCC unroll 10
        for (int i = 0; i < CHAINS; i++) {
            c[i] = _mm512_fmadd_ps(c[i], a, a);
            __asm__ volatile("" : "+v"(c[i]));
        }
    }
    return 2.0 * 16 * CHAINS * N;
}
__attribute__((target("avx2,fma"))) static double run_avx2(void)
{
    __m256 c[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        c[i] = _mm256_set1_ps((float)i);
    const __m256 a = _mm256_set1_ps(0.999f);
    for (int n = 0; n < N; n++) {
#pragma GCC unroll 10
        for (int i = 0; i < CHAINS; i++) {
            c[i] = _mm256_fmadd_ps(c[i], a, a);
            __asm__ volatile("" : "+x"(c[i]));
        }
    }
    return 2.0 * 8 * CHAINS * N;
}
#endif

static double run_portable(void)
{
    typedef float vec __attribute__((vector_size(16)));
    vec c[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        c[i] = (vec){(float)i, 1.0f, 2.0f, 3.0f};
    vec a = {0.999f, 0.999f, 0.999f, 0.999f};
    for (int n = 0; n < N; n++) {
#pragma GCC unroll 10
        for (int i = 0; i < CHAINS; i++) {
            c[i] = c[i] * a + a;
#ifdef __x86_64__
            __asm__ volatile("" : "+x"(c[i]));
#elif defined(__aarch64__)
            __asm__ volatile("" : "+w"(c[i]));
#else
            __asm__ volatile("" : "+m"(c[i]));
#endif
        }
    }
    return 2.0 * 4 * CHAINS * N;
}

double fma_peak_gflops(enum zg_isa isa, int64_t n_threads, clockid_t clock)
{
    double best = 0.0;
    for (int repeat = 0; repeat < 10; repeat++) {
        double flops = 0.0;
        const double start = seconds(clock);
#pragma omp parallel num_threads((int)n_threads) reduction(+ : flops)
        {
#ifdef __x86_64__
            flops += isa >= ZG_ISA_AVX512 ? run_avx512()
                     : isa == ZG_ISA_AVX2 ? run_avx2()
                                          : run_portable();
#else
            (void)isa;
            flops += run_portable();
#endif
        }
        const double gflops = flops / (seconds(clock) - start) / 1e9;
        best = gflops > best ? gflops : best;
    }
    return best;
}
