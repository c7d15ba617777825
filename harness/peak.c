/* peak.c - see peak.h.  Runs the kernels of peak_kernels.h in the team and keeps the best
 * repeat. */
#include "harness/peak.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <unistd.h>

#include "engines/base/arena.h"
#include "engines/base/size.h"
#include "harness/clock.h"
#include "harness/peak_kernels.h"
#include "harness/stats.h"

enum { MOST_REPEATS = 200, LEAST_REPEATS = 3 };

#define REPEAT_S 2e-3 /* long against a barrier, short against a scheduler's slice */

/* One thing to time: n units of work by each of the first n_working workers. */
struct task {
    const struct zg_peak_kernel *kernel;
    int64_t n_threads;
    int64_t n_working;
    int64_t n_iterations; /* fma; 0: read */
    const float *x;       /* read: [n_floats] shared by the workers */
    int64_t n_floats;
};

/* Worker t's slice of the array, in floats. */
static int64_t slice_begin(int64_t n_floats, int64_t n_working, int64_t t)
{
    const int64_t units = n_floats / ZG_PEAK_READ_UNIT;
    return units * t / n_working * ZG_PEAK_READ_UNIT;
}

static float work(const struct task *task, int64_t thread)
{
    if (thread >= task->n_working)
        return 0;
    if (task->n_iterations)
        return task->kernel->fma(task->n_iterations, 0.5f, 1.0f);
    const int64_t begin = slice_begin(task->n_floats, task->n_working, thread);
    const int64_t end = slice_begin(task->n_floats, task->n_working, thread + 1);
    return task->kernel->read(task->x + begin, end - begin);
}

/* Seconds of each repeat, from a barrier of the whole team to the next. */
static void time_task(const struct task *task, int64_t n_repeats, double *times_s)
{
    volatile float sink = 0;
#pragma omp parallel num_threads((int)task->n_threads)
    {
        const int thread = omp_get_thread_num();
        float sum = 0;
        for (int64_t r = 0; r < n_repeats; r++) {
            int64_t begin = 0;
#pragma omp barrier
            if (thread == 0)
                begin = zg_clock_wall_ns();
            sum += work(task, thread);
#pragma omp barrier
            if (thread == 0)
                times_s[r] = zg_ns_to_s(zg_clock_wall_ns() - begin);
        }
#pragma omp critical(zg_peak_sink)
        sink = sink + sum;
    }
    (void)sink;
}

/* Repeats that fill time_s, given what one takes. */
static int64_t repeats_for(double time_s, double one_s)
{
    const double n = one_s > 0 ? time_s / one_s : MOST_REPEATS;
    return n < LEAST_REPEATS ? LEAST_REPEATS : n > MOST_REPEATS ? MOST_REPEATS : (int64_t)n;
}

/* Best and median rate of `amount` per repeat. */
static void rates(double amount, double *times_s, int64_t n, double *best, double *median)
{
    *median = amount / zg_median(times_s, n); /* sorts */
    *best = amount / times_s[0];
}

/* Iterations of about REPEAT_S, by the calling thread alone: a barrier's wait on a busy machine
 * would count as work; and the faster of two calls, for a preempted one would look long enough.
 * Also brings the core out of its idle frequency and its vector units up. */
static int64_t iterations_for(const struct zg_peak_kernel *kernel)
{
    int64_t n = 1000, least_ns = 0;
    volatile float sink = 0;
    while (least_ns < (int64_t)(REPEAT_S * 1e9) && n < INT64_C(1) << 40) {
        n *= 2;
        least_ns = INT64_MAX;
        for (int call = 0; call < 2; call++) {
            const int64_t begin = zg_clock_wall_ns();
            sink = sink + kernel->fma(n, 0.5f, 1.0f);
            least_ns = zg_min64(least_ns, zg_clock_wall_ns() - begin);
        }
    }
    (void)sink;
    return n;
}

static void measure_fma(struct task *task, double time_s, double *best, double *median)
{
    double times_s[MOST_REPEATS];
    const int64_t n = repeats_for(time_s, REPEAT_S);
    time_task(task, n, times_s);
    rates((double)task->kernel->flops_per_iteration * (double)task->n_iterations *
              (double)task->n_working * 1e-9,
          times_s, n, best, median);
}

static void measure_read(struct task *task, double time_s, double *best, double *median)
{
    double times_s[MOST_REPEATS];
    task->n_iterations = 0;
    time_task(task, 1, times_s);
    const int64_t n = repeats_for(time_s, times_s[0]);
    time_task(task, n, times_s);
    rates((double)task->n_floats * sizeof(float) * 1e-9, times_s, n, best, median);
}

static const struct zg_peak_kernel *kernel_for(enum zg_isa isa)
{
#if defined(__x86_64__)
    if (isa >= ZG_ISA_AVX512)
        return &zg_peak_avx512;
    if (isa >= ZG_ISA_AVX2)
        return &zg_peak_avx2;
#endif
    (void)isa;
    return &zg_peak_portable;
}

static int64_t default_read_bytes(void)
{
    const int64_t cache = sysconf(_SC_LEVEL3_CACHE_SIZE); /* 0 or -1 where unknown */
    const int64_t wish = zg_min64(zg_max64(2 * cache, INT64_C(64) << 20), INT64_C(512) << 20);
    const int64_t free_bytes = (int64_t)sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE);
    return zg_min64(wish,
                    zg_max64(free_bytes / 4, INT64_C(1) << 20)); /* a benchmark must not swap */
}

/* The array, first touched by its readers.  NULL: no memory; the read numbers stay NaN. */
static float *read_array(int64_t n_floats, int64_t n_threads)
{
    void *buffer = NULL;
    if (zg_buffer_alloc(&buffer, n_floats, sizeof(float), "the read test", NULL))
        return NULL;
    float *const x = buffer;
#pragma omp parallel num_threads((int)n_threads)
    {
        const int64_t t = omp_get_thread_num();
        const int64_t end = slice_begin(n_floats, n_threads, t + 1);
        for (int64_t i = slice_begin(n_floats, n_threads, t); i < end; i++)
            x[i] = 1.0f;
    }
    return x;
}

enum zg_status zg_peak_measure(struct zg_peak *out, const struct zg_peak_request *request,
                               struct zg_error *err)
{
    const int64_t bytes = request->read_bytes > 0   ? request->read_bytes
                          : request->read_bytes < 0 ? 0
                                                    : default_read_bytes();
    struct task task = {.kernel = kernel_for(request->isa), .n_threads = request->n_threads};
    double ignored;
    task.n_floats = zg_round_up(bytes / (int64_t)sizeof(float), ZG_PEAK_READ_UNIT);
    *out = (struct zg_peak){.isa = task.kernel->isa,
                            .n_threads = request->n_threads,
                            .read_bytes = task.n_floats * (int64_t)sizeof(float),
                            .read_gb_per_s_one = NAN,
                            .read_gb_per_s_all = NAN,
                            .read_gb_per_s_all_median = NAN};
    task.n_iterations = iterations_for(task.kernel);
    task.n_working = 1;
    measure_fma(&task, request->time_s, &out->fp32_gflops_one, &ignored);
    task.n_working = request->n_threads;
    measure_fma(&task, request->time_s, &out->fp32_gflops_all, &out->fp32_gflops_all_median);

    float *const x = request->read_bytes < 0 ? NULL : read_array(task.n_floats, request->n_threads);
    if (x) {
        task.x = x;
        task.n_working = 1;
        measure_read(&task, request->time_s, &out->read_gb_per_s_one, &ignored);
        task.n_working = request->n_threads;
        measure_read(&task, request->time_s, &out->read_gb_per_s_all,
                     &out->read_gb_per_s_all_median);
    }
    zg_buffer_free(x);

    /* 16 lanes, two ports, 6 GHz is 384 GFLOP/s a core: ten times that is a folded loop, not a
     * processor. */
    const double most = 4000.0 * (double)request->n_threads;
    if (!(out->fp32_gflops_all > 0.01) || out->fp32_gflops_all > most)
        return zg_fail(
            err, ZG_ENV,
            "the peak microbenchmark measured %g GFLOP/s on %lld threads, which no processor does",
            out->fp32_gflops_all, (long long)request->n_threads);
    return ZG_OK;
}
