/* handoff.c - the time of a hand-off: two workers answer each other, the rest wait. */
#include "harness/peak/handoff.h"

#include <math.h>
#include <omp.h>
#include <sched.h>
#include <stdatomic.h>

#include "harness/base/clock.h"
#include "harness/stats/stats.h"

enum { N_BATCHES = 25, N_ROUNDS = 20, N_SPINS = 4000 };

/* Where threads share a cpu each answer costs a slice of the scheduler: some batches will do. */
#define MAX_NS 5000000

enum { STOP = -1 };

/* 128 bytes each, for processors fetch lines in pairs. */
struct lines {
    _Alignas(128) _Atomic int64_t asked;
    _Alignas(128) _Atomic int64_t answered;
};

/* Until the line changes; returns what it is now. */
static int64_t wait_for_change(_Atomic int64_t *line, int64_t old)
{
    int64_t now, n = 0;
    while ((now = atomic_load_explicit(line, memory_order_acquire)) == old)
        if (++n > N_SPINS)
            sched_yield();
    return now;
}

static double ask(struct lines *lines)
{
    double times_ns[N_BATCHES];
    int64_t n = 0, value = 0;
    const int64_t start = zg_clock_wall_ns();
    int64_t begin = start;
    while (n < N_BATCHES && begin - start < MAX_NS) {
        for (int round = 0; round < N_ROUNDS; round++, value++) {
            atomic_store_explicit(&lines->asked, value + 1, memory_order_release);
            wait_for_change(&lines->answered, value);
        }
        const int64_t end = zg_clock_wall_ns();
        times_ns[n++] = (double)(end - begin) / (2 * N_ROUNDS);
        begin = end;
    }
    atomic_store_explicit(&lines->asked, STOP, memory_order_release);
    return zg_median(times_ns, n);
}

static void answer(struct lines *lines)
{
    int64_t value = 0;
    while ((value = wait_for_change(&lines->asked, value)) != STOP)
        atomic_store_explicit(&lines->answered, value, memory_order_release);
}

double zg_handoff_ns(int64_t n_threads)
{
    struct lines lines;
    double slowest = NAN;
    if (n_threads < 2)
        return slowest;
#pragma omp parallel num_threads((int)n_threads)
    {
        const int64_t thread = omp_get_thread_num(), n = omp_get_num_threads();
        for (int64_t other = 1; other < n; other++) {
#pragma omp barrier
#pragma omp master
            {
                atomic_init(&lines.asked, 0);
                atomic_init(&lines.answered, 0);
            }
#pragma omp barrier
            if (thread == 0)
                slowest = fmax(slowest, ask(&lines));
            else if (thread == other)
                answer(&lines);
        }
    }
    return slowest;
}
