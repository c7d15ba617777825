/*
 * bits.c - what every engine computes on one fixed case, as hashes of its bits: run by two builds,
 * it says whether a change of the code changed a number (scripts/same_bits.py).
 *
 *     bits [--threads N] [ENGINE[:key=value]...]        without names: every engine and setting
 *
 * After a line of the compiler, the C library and the ISA (`# KEY | ISA`), one a configuration:
 *
 *     ENGINE DTYPE MECHANISMS STEPS LAYERS | losses gradients weights cost | loss grad
 *
 * MECHANISMS: `default`; `-paired`: the default without it and without what needs it; `+bank`: with
 * it; `none`.  STEPS: how directions are drawn, see steps below.  LAYERS: distinct ones of the
 * three.  Hashed are all losses, those of single examples and options too; the projected gradients;
 * every effective weight after the last step; FLOPs, bytes and rows of every step.  `loss` and
 * `grad` are numbers: the mean of the losses of all probes, and the root mean square of the
 * projected gradients.
 *
 * Only zo.h is used, and base/: the same source compiles in older trees.  So LoZO's step is written
 * out here, and the case is made by hand.
 */
#include "engines/base/cpu.h"
#include "engines/zo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

/* V is drawn at steps 0, 3 and 6: twice with something to fold. */
enum { N_STEPS = 8, NU = 3, RANK = 2, N_LAYERS = 3, N_CLEAN = 6, MAX_OPTIONS = 16, TEXT = 96 };
static const float eps = 1e-2f;

/* Sizes that fill no vector, block or strip. */
static const struct zg_model_shape shape = {.n_layers = N_LAYERS,
                                            .d_model = 40,
                                            .n_heads = 2,
                                            .d_ffn = 72,
                                            .n_vocab = 211,
                                            .n_positions = 40,
                                            .tied_head = true};

/* ---- the batches ----------------------------------------------------------------------- */

#define TOKENS(...)                                                                                \
    (const int32_t[]){__VA_ARGS__}, sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)
#define OPTION(...)                                                                                \
    {                                                                                              \
        TOKENS(__VA_ARGS__)                                                                        \
    }
#define OPTIONS(...)                                                                               \
    (const struct zg_option[]){__VA_ARGS__},                                                       \
        sizeof((struct zg_option[]){__VA_ARGS__}) / sizeof(struct zg_option)

/* clang-format off */
static const struct zg_example examples[] = {
    {TOKENS(0, 7, 8, 9, 60, 61), OPTIONS(OPTION(20), OPTION(21)), 1},
    {TOKENS(0, 7, 8, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 60, 61),
     OPTIONS(OPTION(20), OPTION(21)), 0},                                 /* parts after three */
    {TOKENS(0, 11, 60, 61), OPTIONS(OPTION(20), OPTION(21)), 1},
    {TOKENS(0, 12), OPTIONS(OPTION(40, 41, 42), OPTION(40, 43), OPTION(44)), 2},
    {TOKENS(0, 7, 8, 9, 60, 61), OPTIONS(OPTION(22, 23), OPTION(20)), 0}, /* the first's stem */
    {TOKENS(5), OPTIONS(OPTION(70, 71, 72, 73, 74, 75, 76, 77, 78), OPTION(210)), 0},
};
/* clang-format on */
enum { N_EXAMPLES = sizeof examples / sizeof examples[0] };

static const struct zg_batch batches[] = {
    {examples, N_EXAMPLES, ZG_LOSS_CLASSIFICATION, 1},
    {examples, N_EXAMPLES, ZG_LOSS_LM, 1},
    {examples, 3, ZG_LOSS_CLASSIFICATION, 1}, /* one-token options alone: the normaliser cancels */
};
enum { N_BATCHES = sizeof batches / sizeof batches[0] };

/* ---- steps ----------------------------------------------------------------------------- */

enum steps { LOZO, OFFICIAL, FACTORISED, LOZO_FULL, DENSE, DENSE_FULL, RADEMACHER, N_STEPS_KINDS };

static const struct {
    const char *name;
    enum zg_direction_kind kind;
    enum zg_scope scope;
    float lr;
} steps_table[N_STEPS_KINDS] = {
    [LOZO] = {"lozo", ZG_DIRECTION_LOWRANK, ZG_SCOPE_LINEAR, 0.02f},
    /* another U for the update where V is drawn */
    [OFFICIAL] = {"lozo-official", ZG_DIRECTION_LOWRANK, ZG_SCOPE_LINEAR, 0.02f},
    /* V is drawn at every step */
    [FACTORISED] = {"factorised", ZG_DIRECTION_FACTORISED, ZG_SCOPE_LINEAR, 0.02f},
    [LOZO_FULL] = {"lozo-full", ZG_DIRECTION_LOWRANK, ZG_SCOPE_FULL, 1e-3f},
    [DENSE] = {"dense", ZG_DIRECTION_DENSE, ZG_SCOPE_LINEAR, 0.02f},
    [DENSE_FULL] = {"dense-full", ZG_DIRECTION_DENSE, ZG_SCOPE_FULL, 1e-3f},
    [RADEMACHER] = {"rademacher", ZG_DIRECTION_RADEMACHER, ZG_SCOPE_LINEAR, 0.02f},
};

struct config {
    const struct zg_engine *engine;
    struct zg_engine_setting setting; /* key NULL: none */
    enum zg_dtype dtype, dtype_d;
    uint32_t mechanisms;
    char mechanisms_text[TEXT];
    enum steps steps;
    int64_t n_resident;
    int64_t n_threads;
};

struct bits {
    uint64_t losses, gradients, weights, cost;
    double loss_sum, gradient_squares;
    int64_t n_losses;
};

/* FNV-1a, 64 bits. */
static uint64_t hash(uint64_t h, const void *data, size_t n_bytes)
{
    const unsigned char *byte = data;
    for (size_t i = 0; i < n_bytes; i++)
        h = (h ^ byte[i]) * UINT64_C(0x100000001b3);
    return h;
}

static const struct bits no_bits = {.losses = UINT64_C(0xcbf29ce484222325),
                                    .gradients = UINT64_C(0xcbf29ce484222325),
                                    .weights = UINT64_C(0xcbf29ce484222325),
                                    .cost = UINT64_C(0xcbf29ce484222325)};

static enum zg_status score(const struct config *c, struct zg_engine_state *state,
                            const struct zg_batch *batch, const struct zg_probe *probes,
                            int64_t n_probes, struct zg_scores *out, struct bits *bits,
                            struct zg_error *err)
{
    const enum zg_status status = c->engine->score(state, batch, probes, n_probes, out, err);
    for (int64_t p = 0; !status && p < n_probes; p++)
        bits->loss_sum += out->loss[p];
    bits->n_losses += n_probes;
    bits->losses = hash(bits->losses, out->loss, (size_t)n_probes * sizeof *out->loss);
    return status;
}

/* A pair of probes on every batch; the update is along the first's gradient, then the second's, and
 * so on. */
static enum zg_status run_step(const struct config *c, struct zg_engine_state *state, uint64_t step,
                               struct bits *bits, struct zg_error *err)
{
    const uint64_t v = c->steps == FACTORISED ? step : step / NU;
    const bool other = c->steps == OFFICIAL && step % NU == 0;
    struct zg_direction directions[2];
    for (uint64_t i = 0; i < 2; i++)
        directions[i] = (struct zg_direction){.kind = steps_table[c->steps].kind,
                                              .scope = steps_table[c->steps].scope,
                                              .rank = RANK,
                                              .scale = 1,
                                              .seed_u = 1000 + step + 5000 * i,
                                              .seed_v = 77 + v};
    const struct zg_probe probes[] = {{0, eps}, {0, -eps}};
    double gradient[N_BATCHES];
    enum zg_status status = c->engine->begin(state, directions, other ? 2 : 1, err);
    for (int b = 0; !status && b < N_BATCHES; b++) {
        double loss[2] = {0};
        status =
            score(c, state, &batches[b], probes, 2, &(struct zg_scores){.loss = loss}, bits, err);
        gradient[b] = (loss[0] - loss[1]) / (2.0 * (double)eps);
        bits->gradient_squares += gradient[b] * gradient[b];
    }
    if (status)
        return status;
    bits->gradients = hash(bits->gradients, gradient, sizeof gradient);
    struct zg_cost cost;
    c->engine->cost(state, &cost);
    bits->cost = hash(bits->cost, &cost, sizeof cost);
    const struct zg_update update = {
        other ? 1 : 0, (float)((double)steps_table[c->steps].lr * gradient[step % N_BATCHES])};
    return c->engine->apply(state, &update, 1, 0, err);
}

/* Two directions in one pass, a clean probe among them; every number that score() can give. */
static enum zg_status score_all(const struct config *c, struct zg_engine_state *state,
                                struct bits *bits, struct zg_error *err)
{
    const struct zg_direction first = {.kind = steps_table[c->steps].kind,
                                       .scope = steps_table[c->steps].scope,
                                       .rank = RANK,
                                       .scale = 0.5f,
                                       .seed_u = 9001,
                                       .seed_v = 77 + (N_STEPS - 1) / NU};
    struct zg_direction directions[2] = {first, first};
    directions[1].seed_u = 9002;
    const struct zg_probe probes[] = {{0, eps}, {1, -eps}, {0, -eps}, {1, eps}, {0, 0}};
    enum { N = sizeof probes / sizeof probes[0] };
    double loss[N] = {0}, example_loss[N * N_EXAMPLES] = {0}, option_score[N * MAX_OPTIONS] = {0};
    struct zg_scores out = {
        .loss = loss, .example_loss = example_loss, .option_score = option_score};
    enum zg_status status = c->engine->begin(state, directions, 2, err);
    for (int64_t n = N - 1; !status && n <= N; n++) /* pairs alone, then the clean one too */
        for (int b = 0; !status && b < N_BATCHES; b++) {
            status = score(c, state, &batches[b], probes, n, &out, bits, err);
            bits->losses = hash(bits->losses, example_loss, sizeof example_loss);
            bits->losses = hash(bits->losses, option_score, sizeof option_score);
        }
    return status;
}

static enum zg_status read_weights(const struct config *c, struct zg_engine_state *state,
                                   struct bits *bits, struct zg_error *err)
{
    enum { MAX_COLS = 128 };
    float row[MAX_COLS];
    enum zg_status status = ZG_OK;
    struct zg_model_shape resident = shape;
    resident.n_resident = c->n_resident;
    for (int32_t id = 0; id < zg_tensor_end(c->n_resident); id++) {
        int64_t n_rows, n_cols;
        if (!zg_model_tensor_size(&resident, id, &n_rows, &n_cols) || n_cols > MAX_COLS)
            continue;
        for (int64_t i = 0; !status && i < n_rows; i++) {
            status = c->engine->read(state, id, i, 1, row, n_cols, err);
            if (!status)
                bits->weights = hash(bits->weights, row, (size_t)n_cols * sizeof *row);
        }
    }
    return status;
}

static struct zg_engine_options options_of(const struct config *c)
{
    struct zg_engine_options o = zg_engine_options_default(c->engine);
    o.dtype = c->dtype;
    o.dtype_d = c->dtype_d;
    o.n_threads = c->n_threads;
    o.mechanisms = c->mechanisms;
    o.settings = c->setting.key ? &c->setting : NULL;
    o.n_settings = c->setting.key != NULL;
    o.limits.max_probes = N_CLEAN;
    o.limits.max_rank = RANK;
#ifdef ZG_SCOPE_BIT /* older trees have no such limit */
    o.limits.scopes = ZG_SCOPE_BIT(steps_table[c->steps].scope);
#endif
    for (int b = 0; b < N_BATCHES; b++)
        zg_engine_limits_include(&o.limits, &batches[b]);
    return o;
}

/* *opened false and ZG_OK: the engine refuses the combination, or the build lacks its library. */
static enum zg_status run(const struct config *c, const struct zg_model *model, bool *opened,
                          struct bits *bits, struct zg_error *err)
{
    struct zg_engine_state *state = NULL;
    const struct zg_engine_options o = options_of(c);
    *bits = no_bits;
    enum zg_status status = c->engine->open(&state, model, &o, err);
    *opened = status == ZG_OK;
    if (status == ZG_USAGE)
        return ZG_OK;
    for (uint64_t step = 0; !status && step < N_STEPS; step++)
        status = run_step(c, state, step, bits, err);
    if (!status)
        status = score_all(c, state, bits, err);
    if (!status)
        status = read_weights(c, state, bits, err);
    c->engine->close(&state);
    return status;
}

/* ---- configurations -------------------------------------------------------------------- */

static const char *isa_name = "?";
static bool has_failed;

static void print_line(const struct config *c, const struct bits *bits)
{
    printf("%s", c->engine->name);
    if (c->setting.key)
        printf(":%s=%s", c->setting.key, c->setting.value);
    printf(" %s", zg_dtype_name(c->dtype));
    if (c->dtype_d != c->dtype)
        printf("+%s", zg_dtype_name(c->dtype_d));
    printf(" %s %s %d", c->mechanisms_text, steps_table[c->steps].name, (int)c->n_resident);
    printf(" | %016llx %016llx %016llx %016llx | %.9g %.6g\n", (unsigned long long)bits->losses,
           (unsigned long long)bits->gradients, (unsigned long long)bits->weights,
           (unsigned long long)bits->cost, bits->loss_sum / (double)bits->n_losses,
           sqrt(bits->gradient_squares / (double)(N_STEPS * N_BATCHES)));
}

/* What cannot be opened has no line. */
static void print(const struct config *c)
{
    struct bits bits;
    struct zg_error err = {0};
    struct zg_model *model = NULL;
    enum zg_status status = zg_model_open_shape(&model, "bits", &shape, 1, &err);
    if (!status && c->n_resident < N_LAYERS)
        status = zg_model_alias_layers(model, c->n_resident, &err);
    bool opened = false;
    if (!status)
        status = run(c, model, &opened, &bits, &err);
    if (!status && opened)
        print_line(c, &bits);
    zg_model_close(&model);
    if (!status)
        return;
    fprintf(stderr, "bits: %s %s %s: %s\n", c->engine->name, zg_dtype_name(c->dtype),
            c->mechanisms_text, err.text);
    has_failed = true;
}

static void print_with(struct config c, uint32_t mechanisms, const char *sign, const char *name)
{
    c.mechanisms = mechanisms;
    snprintf(c.mechanisms_text, sizeof c.mechanisms_text, "%s%s", sign, name);
    print(&c);
}

/* The mechanisms without this one and without those that cannot be without it. */
static uint32_t without(uint32_t mechanisms, enum zg_mechanism m)
{
    mechanisms &= ~ZG_MECHANISM_BIT(m);
    for (int pass = 0; pass < ZG_N_MECHANISMS; pass++)
        for (int n = 0; n < ZG_N_MECHANISMS; n++)
            if (zg_mechanism_needs((enum zg_mechanism)n) & ~mechanisms)
                mechanisms &= ~ZG_MECHANISM_BIT((unsigned)n);
    return mechanisms;
}

static void print_mechanisms(const struct config *c)
{
    const uint32_t all = c->mechanisms, centred = ZG_MECHANISM_BIT(ZG_M_CENTRED);
    /* Two dtypes need `centred`. */
    const uint32_t least = c->dtype == c->dtype_d ? 0 : centred;
    for (int m = 0; m < ZG_N_MECHANISMS; m++) {
        const uint32_t bit = ZG_MECHANISM_BIT((unsigned)m);
        const uint32_t fewer = without(all, (enum zg_mechanism)m);
        const char *name = zg_mechanism_name((enum zg_mechanism)m);
        if ((all & bit) && (fewer & least) == least)
            print_with(*c, fewer, "-", name);
        else if (!(all & bit) && (c->engine->mechanisms & bit))
            print_with(*c, all | bit, "+", name);
    }
    if (all && !least)
        print_with(*c, 0, "", "none");
}

static bool has_steps(const struct zg_engine *engine, enum steps steps)
{
    return engine->direction_kinds & 1u << steps_table[steps].kind &&
           engine->scopes & 1u << steps_table[steps].scope;
}

static void print_dtype(struct config c)
{
    c.n_resident = N_LAYERS;
    c.mechanisms = zg_engine_default_mechanisms(c.engine, c.dtype, c.dtype_d);
    snprintf(c.mechanisms_text, sizeof c.mechanisms_text, "default");
    for (c.steps = 0; c.steps < N_STEPS_KINDS; c.steps++)
        if (has_steps(c.engine, c.steps))
            print(&c);
    c.steps = LOZO;
    print_mechanisms(&c);
    c.n_resident = 1;
    print(&c);
}

static void print_dtypes(struct config c)
{
    for (int w = 0; w < ZG_N_DTYPES; w++)
        for (int d = 0; d < ZG_N_DTYPES; d++) {
            if (!(c.engine->dtypes & 1u << w) || !(c.engine->dtypes & 1u << d))
                continue;
            if (w != d && !(c.engine->mechanisms & ZG_MECHANISM_BIT(ZG_M_CENTRED)))
                continue;
            c.dtype = (enum zg_dtype)w;
            c.dtype_d = (enum zg_dtype)d;
            print_dtype(c);
        }
}

/* `only`: NULL, or "naive", or "naive:gemm=reference". */
static void print_engine(const struct zg_engine *engine, const char *only, int64_t n_threads)
{
    const struct zg_engine_setting_doc *doc = engine->settings;
    struct config c = {.engine = engine, .n_threads = n_threads};
    const char *at = doc && doc->key ? doc->choices : "";
    do {
        char value[TEXT], name[3 * TEXT];
        const size_t n = strcspn(at, "|");
        snprintf(value, sizeof value, "%.*s", (int)n, at);
        snprintf(name, sizeof name, "%s", engine->name);
        if (n > 0) {
            c.setting = (struct zg_engine_setting){doc->key, value};
            snprintf(name, sizeof name, "%s:%s=%s", engine->name, doc->key, value);
        }
        if (engine->missing)
            break;
        if (!only || strcmp(only, engine->name) == 0 || strcmp(only, name) == 0)
            print_dtypes(c);
        at += n;
    } while (*at++);
}

#ifndef ZG_BITS_FLAGS
#define ZG_BITS_FLAGS "flags unknown"
#endif

/* What bits may depend on beside the code: the compiler and its flags, for contraction is where it
 * finds it, and the C library's exp() and log(), which choose by the processor themselves. */
static void print_key(void)
{
#if defined(__clang__)
    printf("# clang %d", __clang_major__);
#else
    printf("# gcc %d", __GNUC__);
#endif
    printf(" %s", ZG_BITS_FLAGS);
#ifdef __GLIBC__
    printf(", glibc %s", gnu_get_libc_version());
#else
    printf(", another libc");
#endif
#if defined(__x86_64__)
    printf(", x86-64%s | %s\n", zg_cpu_isa() >= ZG_ISA_AVX2 ? " with fma" : "", isa_name);
#else
    printf(", another processor | %s\n", isa_name);
#endif
}

int main(int argc, char **argv)
{
    int64_t n_threads = 2;
    struct zg_error err = {0};
    enum zg_isa isa = ZG_ISA_PORTABLE;
    if (zg_cpu_isa_choose(&isa, &err)) {
        fprintf(stderr, "bits: %s\n", err.text);
        return EXIT_FAILURE;
    }
    /* Where the ISA's products of bf16 are slow, other kernels run. */
    char isa_text[TEXT];
    snprintf(isa_text, sizeof isa_text, "%s%s", zg_isa_name(isa),
             isa >= ZG_ISA_AVX512BF16 && !zg_cpu_bf16_products_pay(isa) ? "-widening" : "");
    isa_name = isa_text;
    print_key();
    int first = 1;
    if (argc > 2 && strcmp(argv[1], "--threads") == 0) {
        n_threads = atoll(argv[2]);
        first = 3;
    }
    for (int a = first; a < argc || a == first; a++) {
        const struct zg_engine *engine;
        for (int64_t i = 0; (engine = zg_engine_at(i)); i++)
            print_engine(engine, a < argc ? argv[a] : NULL, n_threads);
    }
    return has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
