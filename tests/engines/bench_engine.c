/*
 * bench_engine.c - seconds and GFLOP/s of LoZO steps of one engine on the OPT-125M shape: for
 * whoever tunes an engine.
 *
 *     bench_engine ENGINE[:key=value...] [threads] [batch] [model]
 *
 * Random batches of SST-2's lengths (fixtures.h), rank 2, linear scope; V is redrawn in no timed
 * step.  Each step's time is printed as a median with its range, then the time of each phase;
 * processor time is the steadier number where others use the machine, with one thread. For the
 * numbers that count, with pinning, interleaving and intervals, use `zogap run`.  Not a test: ctest
 * does not run it.
 */
#include "engines/zo.h"
#include "tests/support/fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N_WARM = 1, N_TIMED = 7, N_BATCHES = 4, MAX_SETTINGS = 8 };

struct timer {
    enum zg_phase phase;
    double begin, s[ZG_N_PHASES];
    double cpu_begin, cpu_s[ZG_N_PHASES];
};

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void on_phase(void *context, enum zg_phase phase)
{
    struct timer *timer = context;
    const double t = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    timer->s[timer->phase] += t - timer->begin;
    timer->cpu_s[timer->phase] += cpu - timer->cpu_begin;
    timer->begin = t;
    timer->cpu_begin = cpu;
    timer->phase = phase;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct bench {
    const struct zg_engine *engine;
    struct zg_engine_setting settings[MAX_SETTINGS];
    struct zg_engine_options options;
    struct zg_fixture_random *batches[N_BATCHES];
    struct zg_engine_state *state;
    struct timer timer;
    double wall_s[N_TIMED], executed_gflops[N_TIMED], useful_gflops[N_TIMED];
    struct zg_cost cost; /* sums over the timed steps */
};

static enum zg_status step(struct bench *b, uint64_t i, struct zg_error *err)
{
    const struct zg_direction d = {.kind = ZG_DIRECTION_LOWRANK,
                                   .scope = ZG_SCOPE_LINEAR,
                                   .rank = 2,
                                   .scale = 1,
                                   .seed_u = i,
                                   .seed_v = 1};
    const struct zg_probe probes[] = {{0, 1e-3f}, {0, -1e-3f}};
    const struct zg_batch *batch = &b->batches[i % N_BATCHES]->batch;
    double loss[2];
    struct zg_scores out = {.loss = loss};
    enum zg_status status = b->engine->begin(b->state, &d, 1, err);
    status = status ? status : b->engine->score(b->state, batch, probes, 2, &out, err);
    const struct zg_update update = {0, (float)(1e-6 * (loss[0] - loss[1]) / 2e-3)};
    status = status ? status : b->engine->apply(b->state, &update, 1, 0, err);
    struct zg_cost cost;
    b->engine->cost(b->state, &cost);
    b->cost.useful_flops += cost.useful_flops;
    b->cost.executed_flops += cost.executed_flops;
    b->cost.n_rows += cost.n_rows;
    for (int p = 0; p < ZG_N_PHASES; p++) {
        b->cost.phase_flops[p] += cost.phase_flops[p];
        b->cost.phase_bytes[p] += cost.phase_bytes[p];
    }
    return status;
}

/* The batches differ in length, and so do their steps: rates compare where seconds do not. */
static void print_quantiles(const char *what, double x[N_TIMED])
{
    qsort(x, N_TIMED, sizeof *x, ascending);
    printf("%-16s median %9.4f, from %9.4f to %9.4f\n", what, x[N_TIMED / 2], x[0], x[N_TIMED - 1]);
}

static void print(struct bench *b)
{
    double total = 0;
    for (int i = 0; i < N_TIMED; i++)
        total += b->wall_s[i];
    printf("%s, %d threads, batch %d, %d rows a forward\n", b->engine->name,
           (int)b->options.n_threads, (int)b->options.limits.max_examples,
           (int)(b->cost.n_rows / N_TIMED));
    print_quantiles("s/step", b->wall_s);
    print_quantiles("useful GFLOP/s", b->useful_gflops);
    print_quantiles("executed GFLOP/s", b->executed_gflops);
    printf("%-10s %9s %6s %9s %8s %11s\n", "phase", "s/step", "share", "GFLOP/s", "GB/s",
           "cpu s/step");
    double cpu_total = 0;
    for (int p = 0; p < ZG_N_PHASES; p++) {
        cpu_total += b->timer.cpu_s[p];
        if (b->timer.s[p] > 0)
            printf("%-10s %9.5f %5.1f%% %9.1f %8.1f %11.5f\n", zg_phase_name((enum zg_phase)p),
                   b->timer.s[p] / N_TIMED, 100 * b->timer.s[p] / total,
                   b->cost.phase_flops[p] / b->timer.s[p] * 1e-9,
                   b->cost.phase_bytes[p] / b->timer.s[p] * 1e-9, b->timer.cpu_s[p] / N_TIMED);
    }
    printf("per second of processor: useful %.1f GFLOP, executed %.1f GFLOP\n",
           b->cost.useful_flops / cpu_total * 1e-9, b->cost.executed_flops / cpu_total * 1e-9);
}

static enum zg_status run(struct bench *b, const char *model_name, int64_t n_examples,
                          struct zg_error *err)
{
    struct zg_model *model = NULL;
    enum zg_status status = zg_model_open(&model, model_name, 1, err);
    for (int i = 0; !status && i < N_BATCHES; i++) {
        b->batches[i] =
            zg_fixture_random_open((uint64_t)i, n_examples, zg_model_shape(model)->n_vocab);
        zg_engine_limits_include(&b->options.limits, &b->batches[i]->batch);
    }
    const double begin = now(CLOCK_MONOTONIC);
    status = status ? status : b->engine->open(&b->state, model, &b->options, err);
    if (!status)
        printf("open %.2f s\n", now(CLOCK_MONOTONIC) - begin);
    for (int i = 0; !status && i < N_WARM + N_TIMED; i++) {
        if (i == N_WARM) {
            b->cost = (struct zg_cost){0};
            b->timer = (struct timer){.begin = now(CLOCK_MONOTONIC),
                                      .cpu_begin = now(CLOCK_PROCESS_CPUTIME_ID),
                                      .phase = ZG_PHASE_OTHER};
        }
        const double t = now(CLOCK_MONOTONIC);
        const struct zg_cost before = b->cost;
        status = step(b, (uint64_t)i, err);
        if (i < N_WARM)
            continue;
        const double wall_s = now(CLOCK_MONOTONIC) - t;
        b->wall_s[i - N_WARM] = wall_s;
        b->useful_gflops[i - N_WARM] = (b->cost.useful_flops - before.useful_flops) / wall_s * 1e-9;
        b->executed_gflops[i - N_WARM] =
            (b->cost.executed_flops - before.executed_flops) / wall_s * 1e-9;
    }
    on_phase(&b->timer, ZG_PHASE_OTHER);
    if (!status)
        print(b);
    b->engine->close(&b->state);
    for (int i = 0; i < N_BATCHES; i++)
        zg_fixture_random_close(&b->batches[i]);
    zg_model_close(&model);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_engine ENGINE[:key=value...] [threads] [batch] [model]\n");
        return EXIT_FAILURE;
    }
    static struct bench b;
    const char *name = strtok(argv[1], ":");
    b.engine = zg_engine_find(name);
    if (!b.engine) {
        fprintf(stderr, "no engine %s\n", name);
        return EXIT_FAILURE;
    }
    b.options = zg_engine_options_default(b.engine);
    b.options.settings = b.settings;
    for (char *pair; (pair = strtok(NULL, ":")) && b.options.n_settings < MAX_SETTINGS;) {
        char *equals = strchr(pair, '=');
        if (!equals) {
            fprintf(stderr, "%s: settings are key=value\n", pair);
            return EXIT_FAILURE;
        }
        *equals = '\0';
        b.settings[b.options.n_settings++] = (struct zg_engine_setting){pair, equals + 1};
    }
    b.options.n_threads = argc > 2 ? atoi(argv[2]) : 2;
    const int64_t n_examples = argc > 3 ? atoi(argv[3]) : 16;
    b.options.on_phase = on_phase;
    b.options.on_phase_context = &b.timer;
    struct zg_error err = {0};
    if (run(&b, argc > 4 ? argv[4] : "opt-125m", n_examples < 1 ? 1 : n_examples, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
