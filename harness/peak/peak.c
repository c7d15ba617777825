/* peak.c - runs the kernels of peak_kernels.h in the team and keeps the best repeat. */
#include "harness/peak/peak.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "engines/base/arena.h"
#include "engines/base/size.h"
#include "harness/base/clock.h"
#include "harness/peak/peak_kernels.h"
#include "harness/stats/stats.h"

enum { MOST_REPEATS = 200, LEAST_REPEATS = 3, BURST_REPEATS = 3 };

#define REPEAT_S 2e-3 /* long against a barrier, short against a scheduler's slice */

/* One thing to time, done by each of the first n_working workers. */
struct task {
    enum { LOOP, READ, COPY } what;
    int64_t n_threads;
    int64_t n_working;
    const struct zg_peak_loop *loop;
    int64_t n_iterations;
    const struct zg_peak_kernel *kernel; /* read, copy */
    float *x;                            /* [n_floats] shared by the workers */
    int64_t n_floats;
};

/* Worker t's slice of the array, in floats. */
static int64_t slice_begin(int64_t n_floats, int64_t n_working, int64_t t)
{
    const int64_t units = n_floats / ZG_PEAK_READ_UNIT;
    return units * t / n_working * ZG_PEAK_READ_UNIT;
}

/* What a worker copies of its n floats. */
static int64_t half_of(int64_t n)
{
    return n / 2 / ZG_PEAK_READ_UNIT * ZG_PEAK_READ_UNIT;
}

static float work(const struct task *task, int64_t thread)
{
    if (thread >= task->n_working)
        return 0;
    if (task->what == LOOP)
        return task->loop->run(task->n_iterations, task->loop->a, task->loop->b);
    const int64_t begin = slice_begin(task->n_floats, task->n_working, thread);
    const int64_t n = slice_begin(task->n_floats, task->n_working, thread + 1) - begin;
    float *const x = task->x + begin;
    if (task->what == READ)
        return task->kernel->read(x, n);
    const int64_t half = half_of(n);
    task->kernel->copy(x + half, x, half);
    return x[n - 1];
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
static struct zg_peak_rate rate_of(double amount, double *times_s, int64_t n)
{
    const double median_s = zg_median(times_s, n); /* sorts */
    return (struct zg_peak_rate){.best = amount / times_s[0], .median = amount / median_s};
}

/* Iterations of about REPEAT_S, by the calling thread alone: a barrier's wait on a busy machine
 * would count as work; and the faster of two calls, for a preempted one would look long enough.
 * Also brings the core out of its idle frequency and its vector units up. */
static int64_t iterations_for(const struct zg_peak_loop *loop)
{
    int64_t n = 1000, least_ns = 0;
    volatile float sink = 0;
    while (least_ns < (int64_t)(REPEAT_S * 1e9) && n < INT64_C(1) << 40) {
        n *= 2;
        least_ns = INT64_MAX;
        for (int call = 0; call < 2; call++) {
            const int64_t begin = zg_clock_wall_ns();
            sink = sink + loop->run(n, loop->a, loop->b);
            least_ns = zg_min64(least_ns, zg_clock_wall_ns() - begin);
        }
    }
    (void)sink;
    return n;
}

/* 1e9 multiplies and adds of one repeat of the loop. */
static double gflop_of(const struct task *task)
{
    return (double)task->loop->flops_per_iteration * (double)task->n_iterations *
           (double)task->n_working * 1e-9;
}

static struct zg_peak_rate measure_loop(struct task *task, double time_s)
{
    double times_s[MOST_REPEATS];
    const int64_t n = repeats_for(time_s, REPEAT_S);
    time_task(task, n, times_s);
    return rate_of(gflop_of(task), times_s, n);
}

/* Bytes that cross the processor's edge in one repeat. */
static double bytes_of(const struct task *task)
{
    if (task->what == READ)
        return (double)task->n_floats * sizeof(float);
    int64_t n_copied = 0;
    for (int64_t t = 0; t < task->n_working; t++)
        n_copied += half_of(slice_begin(task->n_floats, task->n_working, t + 1) -
                            slice_begin(task->n_floats, task->n_working, t));
    return 2.0 * (double)n_copied * sizeof(float);
}

static struct zg_peak_rate measure_memory(struct task *task, double time_s)
{
    double times_s[MOST_REPEATS];
    time_task(task, 1, times_s);
    const int64_t n = repeats_for(time_s, times_s[0]);
    time_task(task, n, times_s);
    return rate_of(bytes_of(task) * 1e-9, times_s, n);
}

/* By one worker, then by all. */
static struct zg_peak_pair measure_pair(struct task *task, double time_s)
{
    struct zg_peak_rate (*const measure)(struct task *, double) =
        task->what == LOOP ? measure_loop : measure_memory;
    struct zg_peak_pair pair;
    task->n_working = 1;
    pair.one = measure(task, time_s);
    task->n_working = task->n_threads;
    pair.all = measure(task, time_s);
    return pair;
}

/* A host may run two virtual cpus on one core for a while: all threads then reach what fewer do.
 * Where it looks so, the best of some more looks.  Hardware threads that always share a core make
 * them for nothing. */
enum { MOST_LOOKS = 4 };
#define APART_SHARE  0.75 /* of one thread's peak for each */
#define NEXT_LOOK_NS 100000000

static struct zg_peak_pair measure_peak(struct task *task, double time_s)
{
    const struct timespec pause = {.tv_nsec = NEXT_LOOK_NS};
    struct zg_peak_pair pair = measure_pair(task, time_s);
    const double apart = APART_SHARE * (double)task->n_threads * pair.one.best;
    for (int look = 1; look < MOST_LOOKS && pair.all.best < apart; look++) {
        nanosleep(&pause, NULL);
        const struct zg_peak_rate again = measure_loop(task, time_s);
        if (again.best > pair.all.best)
            pair.all = again;
    }
    return pair;
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

/* NULL: this ISA has none. */
static const struct zg_peak_loop *loop_for(enum zg_dtype dtype, enum zg_isa isa)
{
    if (dtype == ZG_FP32)
        return &kernel_for(isa)->fma;
#if defined(__x86_64__)
    if (isa >= ZG_ISA_AMX && dtype == ZG_BF16)
        return &zg_peak_bf16_amx;
    if (isa >= ZG_ISA_AMX && dtype == ZG_INT8)
        return &zg_peak_int8_amx;
    if (isa >= ZG_ISA_AVX512BF16 && dtype == ZG_BF16)
        return &zg_peak_bf16_avx512bf16;
    if (isa >= ZG_ISA_AVX512BF16 && dtype == ZG_INT8)
        return &zg_peak_int8_avx512bf16;
    if (isa >= ZG_ISA_AVX2 && dtype == ZG_INT8)
        return &zg_peak_int8_avx2;
#endif
    return dtype == ZG_BF16 ? &kernel_for(isa)->fma : NULL;
}

enum zg_isa zg_peak_isa_needed(enum zg_dtype dtype)
{
    int isa = ZG_ISA_PORTABLE;
    while (isa < ZG_N_ISAS && !loop_for(dtype, (enum zg_isa)isa))
        isa++;
    return (enum zg_isa)isa;
}

double zg_peak_of_pair(const struct zg_peak *peak, enum zg_dtype dtype, enum zg_dtype dtype_d)
{
    return 2 / (1 / peak->gflops[dtype].all.best + 1 / peak->gflops[dtype_d].all.best);
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

/* 16 lanes, two ports, 6 GHz is 384 GFLOP/s of fp32 a core; 16 x 16 sums of four products of int8 a
 * cycle are 12288: ten times that is a folded loop, not a processor. */
static enum zg_status check_plausible(const struct zg_peak *peak, enum zg_dtype dtype,
                                      struct zg_error *err)
{
    const double most = (dtype == ZG_FP32 ? 4000.0 : 120000.0) * (double)peak->n_threads;
    const double all = peak->gflops[dtype].all.best;
    if (all > 0.01 && all <= most)
        return ZG_OK;
    return zg_fail(
        err, ZG_ENV,
        "the peak microbenchmark measured %g GFLOP/s of %s on %lld threads, which no processor "
        "does",
        all, zg_dtype_name(dtype), (long long)peak->n_threads);
}

void zg_peak_none(struct zg_peak *out, int64_t n_threads)
{
    static const struct zg_peak_pair none = {{NAN, NAN}, {NAN, NAN}};
    *out = (struct zg_peak){.isa = ZG_ISA_PORTABLE,
                            .n_threads = n_threads,
                            .read_gb_per_s = none,
                            .copy_gb_per_s = none};
    for (int dtype = 0; dtype < ZG_N_DTYPES; dtype++) {
        out->gflops[dtype] = none;
        out->isas[dtype] = ZG_N_ISAS;
    }
}

enum zg_status zg_peak_measure(struct zg_peak *out, const struct zg_peak_request *request,
                               struct zg_error *err)
{
    const int64_t bytes = request->read_bytes > 0   ? request->read_bytes
                          : request->read_bytes < 0 ? 0
                                                    : default_read_bytes();
    struct task task = {
        .what = LOOP, .kernel = kernel_for(request->isa), .n_threads = request->n_threads};
    task.n_floats = zg_round_up(bytes / (int64_t)sizeof(float), ZG_PEAK_READ_UNIT);
    zg_peak_none(out, request->n_threads);
    out->isa = task.kernel->isa;
    out->read_bytes = task.n_floats * (int64_t)sizeof(float);
    enum zg_status status = ZG_OK;
    for (int dtype = 0; dtype < ZG_N_DTYPES && !status; dtype++) {
        task.loop = loop_for((enum zg_dtype)dtype, request->isa);
        if (!task.loop || !((request->dtypes | 1u << ZG_FP32) & 1u << dtype))
            continue;
        out->isas[dtype] = task.loop->isa;
        if (dtype != ZG_FP32 && task.loop == &task.kernel->fma) {
            out->gflops[dtype] = out->gflops[ZG_FP32]; /* the same loop, measured once */
            continue;
        }
        task.n_iterations = iterations_for(task.loop);
        out->gflops[dtype] = measure_peak(&task, request->time_s);
        if (out->gflops[dtype].all.best < out->gflops[ZG_FP32].all.best) { /* widening is faster */
            out->gflops[dtype] = out->gflops[ZG_FP32];
            out->isas[dtype] = task.kernel->isa;
        }
        if (dtype == ZG_FP32) {
            out->fma = task.loop;
            out->fma_iterations = task.n_iterations;
        }
        status = check_plausible(out, (enum zg_dtype)dtype, err);
    }
    if (status || request->read_bytes < 0)
        return status;
    task.x = read_array(task.n_floats, request->n_threads);
    if (!task.x)
        return ZG_OK;
    task.what = READ;
    out->read_gb_per_s = measure_pair(&task, request->time_s);
    task.what = COPY;
    if (request->copy)
        out->copy_gb_per_s = measure_pair(&task, request->time_s);
    zg_buffer_free(task.x);
    return ZG_OK;
}

static struct task burst_of(const struct zg_peak *peak)
{
    return (struct task){.what = LOOP,
                         .n_threads = peak->n_threads,
                         .n_working = peak->n_threads,
                         .loop = peak->fma,
                         .n_iterations = peak->fma_iterations};
}

double zg_peak_fma_now(const struct zg_peak *peak)
{
    if (!peak->fma)
        return NAN;
    const struct task task = burst_of(peak);
    double times_s[BURST_REPEATS];
    time_task(&task, BURST_REPEATS, times_s);
    return rate_of(gflop_of(&task), times_s, BURST_REPEATS).median;
}

double zg_peak_fma_now_s(const struct zg_peak *peak)
{
    if (!peak->fma)
        return 0;
    const struct task task = burst_of(peak);
    return BURST_REPEATS * gflop_of(&task) / peak->gflops[ZG_FP32].all.median;
}
