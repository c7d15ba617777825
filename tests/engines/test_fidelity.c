/*
 * test_fidelity.c - does low precision stay true?  Every engine that has a precision, centred and
 * not, on a small model of random weights and on a trained one where the data is there, each as it
 * is and with planted outliers.
 *
 * All is printed: a bound says what must hold, the numbers say what does.
 */
#include "tests/engines/fidelity.h"

#include "engines/fused/provider_fused.h"
#include "engines/runtime/runtime.h"
#include "tests/support/cunit_run.h"
#include "tests/support/reference.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/trained_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Precisions of mean and half difference, and what they are held to when centred. */
static const struct precision {
    enum zg_dtype dtype, dtype_d;
    double rms, sign;
} precisions[] = {
    {ZG_FP32, ZG_FP32, 1e-4, 1.0},     {ZG_FP32, ZG_BF16, 1.5e-2, 0.995},
    {ZG_BF16, ZG_BF16, 1.5e-2, 0.995}, {ZG_BF16, ZG_INT8, 2.5e-2, 0.99},
    {ZG_INT8, ZG_INT8, 6e-2, 0.98},
};

static const struct zg_model_shape small = {.n_layers = 3,
                                            .d_model = 64,
                                            .n_heads = 4,
                                            .d_ffn = 160,
                                            .n_vocab = 101,
                                            .n_positions = 72,
                                            .tied_head = true};

/* ---- models ---------------------------------------------------------------------------- */

/* A model written to a directory of its own and opened from there. */
struct written {
    char *directory;
    struct zg_model *model;
};

static struct written write_model(const struct zg_model *source,
                                  const struct zg_write_options *options)
{
    struct written w = {.directory = zg_temp_directory_make()};
    struct zg_error err = {0};
    CU_ASSERT_FATAL(w.directory && zg_write_model(w.directory, source, options));
    zg_model_open(&w.model, w.directory, 1, &err);
    CU_ASSERT_STRING_EQUAL_FATAL(err.text, "");
    return w;
}

static void written_close(struct written *w)
{
    zg_model_close(&w->model);
    zg_temp_directory_remove(&w->directory);
}

/* Weights twice as large as fresh ones, which leave every softmax of a small model flat.  Rounding
 * grows with them; at 2 it is about that of the trained model. */
static struct written small_model(int64_t n_outliers)
{
    const struct zg_write_options options = {.gain = 2.0f, .n_outliers = n_outliers};
    struct zg_model *source = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_model_open_shape(&source, "small", &small, 3, NULL), ZG_OK);
    const struct written w = write_model(source, &options);
    zg_model_close(&source);
    return w;
}

/* All NULL where the data is absent. */
static struct written trained_model(int64_t n_outliers)
{
    const struct zg_write_options options = {.n_outliers = n_outliers};
    char *directory = zg_trained_model_directory();
    struct written w = {0};
    struct zg_model *source = NULL;
    if (!directory)
        return w;
    CU_ASSERT_EQUAL_FATAL(zg_model_open(&source, directory, 1, NULL), ZG_OK);
    w = write_model(source, &options);
    zg_model_close(&source);
    zg_temp_directory_remove(&directory);
    return w;
}

/* Planting keeps the function: what is left is the rounding of a division to fp32, 2^-24 of each
 * planted column, in a loss of size 1.  The norms are really larger. */
static void test_planted(void)
{
    struct written plain = small_model(0), planted = small_model(2);
    struct zg_fidelity_set set;
    struct zg_reference *a = NULL, *b = NULL;
    zg_fidelity_open_random(&set, plain.model, 4);
    CU_ASSERT_EQUAL_FATAL(zg_reference_open(&a, plain.model, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_reference_open(&b, planted.model, NULL), ZG_OK);
    for (int i = 0; i < 3; i++) {
        const double x = zg_reference_score(a, &set.batches[i], NULL, NULL);
        CU_ASSERT_DOUBLE_EQUAL(x, zg_reference_score(b, &set.batches[i], NULL, NULL), 1e-6);
    }
    for (int64_t l = 0; l < small.n_layers; l++)
        for (int norm = 0; norm < 2; norm++) {
            int64_t n_larger = 0;
            const int32_t id = zg_tensor_layer(l, norm ? ZG_T_NORM2_WEIGHT : ZG_T_NORM1_WEIGHT);
            for (int64_t k = 0; k < small.d_model; k++)
                n_larger += zg_reference_weight(b, id, k, 0) > 10;
            CU_ASSERT_EQUAL(n_larger, 2);
        }
    zg_reference_close(&a);
    zg_reference_close(&b);
    zg_fidelity_close(&set);
    written_close(&plain);
    written_close(&planted);
}

/* ---- bounds ---------------------------------------------------------------------------- */

static bool has(const struct zg_engine *engine, enum zg_mechanism m)
{
    return (engine->mechanisms & ZG_MECHANISM_BIT(m)) != 0;
}

/* Can the engine be opened in these dtypes?  A library may lack one on this machine. */
static bool offers(const struct zg_fidelity_set *set, const struct zg_engine *engine,
                   const struct precision *p)
{
    const uint32_t need = 1u << p->dtype | 1u << p->dtype_d;
    if (engine->missing || (engine->dtypes & need) != need ||
        (p->dtype != p->dtype_d && !has(engine, ZG_M_CENTRED)))
        return false;
    const struct zg_engine_options o = zg_fidelity_options(set, engine, p->dtype, p->dtype_d);
    struct zg_engine_state *state = NULL;
    struct zg_error err = {0};
    const enum zg_status status = engine->open(&state, set->model, &o, &err);
    engine->close(&state);
    if (status == ZG_ENV)
        printf("\n    skipped: %s", err.text);
    return status != ZG_ENV;
}

static struct zg_fidelity measure(const struct zg_fidelity_set *set, const struct zg_engine *engine,
                                  const struct zg_engine_options *options, const double *truth)
{
    double delta[ZG_FIDELITY_PAIRS];
    struct zg_error err = {0};
    const enum zg_status status =
        zg_fidelity_engine(set, engine, options, ZG_FIDELITY_PAIRS, delta, &err);
    CU_ASSERT_EQUAL(status, ZG_OK);
    if (status) {
        printf("\n    %s: %s", engine->name, err.text);
        return (struct zg_fidelity){.rms = NAN};
    }
    const struct zg_fidelity f = zg_fidelity_compare(delta, truth, ZG_FIDELITY_PAIRS);
    const bool mixed = options->dtype != options->dtype_d;
    printf("\n    %-8s %s%s%s %-9s rms %.2e, signs %.1f %%, of %d large %.1f %%", engine->name,
           zg_dtype_name(options->dtype), mixed ? "+" : "",
           mixed ? zg_dtype_name(options->dtype_d) : "",
           options->mechanisms & ZG_MECHANISM_BIT(ZG_M_CENTRED) ? "centred" : "uncentred", f.rms,
           100 * f.sign, (int)f.n_large, 100 * f.sign_large);
    return f;
}

/* One engine and precision: centred within its bounds, uncentred worse.  The sign of a pair whose
 * L+ - L- is next to nothing goes by chance, and machines sum in different orders, so that a share
 * of 200 pairs may be two of its standard deviations lower; that of the large ones may not. */
static void check_precision(const struct zg_fidelity_set *set, const struct zg_engine *engine,
                            const struct precision *p, const double *truth)
{
    struct zg_engine_options o = zg_fidelity_options(set, engine, p->dtype, p->dtype_d);
    struct zg_fidelity centred = {.rms = NAN};
    if (has(engine, ZG_M_CENTRED)) {
        o.mechanisms |= ZG_MECHANISM_BIT(ZG_M_CENTRED);
        centred = measure(set, engine, &o, truth);
        CU_ASSERT(centred.rms <= p->rms);
        const double deviation = sqrt(p->sign * (1 - p->sign) / ZG_FIDELITY_PAIRS);
        CU_ASSERT(centred.sign >= p->sign - 2 * deviation);
        CU_ASSERT(centred.sign_large >= p->sign);
        o.mechanisms &= ~ZG_MECHANISM_BIT(ZG_M_CENTRED);
    }
    if (p->dtype == p->dtype_d && p->dtype != ZG_FP32) {
        const struct zg_fidelity plain = measure(set, engine, &o, truth);
        if (has(engine, ZG_M_CENTRED))
            CU_ASSERT(plain.rms > 1.5 * centred.rms);
    }
}

/* `fused` in fp32 is the truth of all pairs, the reference that of the first, which it must meet
 * far more closely than any bound. */
static void find_truth(const struct zg_fidelity_set *set, double *truth)
{
    enum { N_CHECKED = 24 };
    const struct zg_engine *engine = zg_engine_find("fused");
    const struct zg_engine_options o = zg_fidelity_options(set, engine, ZG_FP32, ZG_FP32);
    struct zg_error err = {0};
    double reference[N_CHECKED];
    CU_ASSERT_EQUAL_FATAL(zg_fidelity_engine(set, engine, &o, ZG_FIDELITY_PAIRS, truth, &err),
                          ZG_OK);
    zg_fidelity_reference(set, N_CHECKED, reference);
    const struct zg_fidelity f = zg_fidelity_compare(truth, reference, N_CHECKED);
    printf("\n    %-8s fp32 against the reference: rms %.2e", engine->name, f.rms);
    CU_ASSERT(f.rms <= 1e-4);
    CU_ASSERT_EQUAL(f.sign, 1.0);
}

static void check_set(const struct zg_fidelity_set *set)
{
    double truth[ZG_FIDELITY_PAIRS];
    const struct zg_engine *engine;
    find_truth(set, truth);
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++)
        for (size_t p = 0; p < sizeof precisions / sizeof precisions[0]; p++)
            if (offers(set, engine, &precisions[p]))
                check_precision(set, engine, &precisions[p], truth);
    printf("\n");
}

static void check_small(int64_t n_outliers)
{
    struct written w = small_model(n_outliers);
    struct zg_fidelity_set set;
    zg_fidelity_open_random(&set, w.model, 4);
    check_set(&set);
    zg_fidelity_close(&set);
    written_close(&w);
}

static void check_trained(int64_t n_outliers)
{
    enum { N_EXAMPLES = 4, N_WINDOW = 24 };
    struct written w = trained_model(n_outliers);
    struct zg_fidelity_set set;
    int64_t n_text;
    const int32_t *text = zg_trained_model_text(&n_text);
    if (!w.model)
        return;
    zg_fidelity_open_text(&set, w.model, text, n_text, N_EXAMPLES, N_WINDOW);
    check_set(&set);
    zg_fidelity_close(&set);
    written_close(&w);
}

static void test_small(void)
{
    check_small(0);
}

static void test_small_outliers(void)
{
    check_small(2);
}

static void test_trained(void)
{
    check_trained(0);
}

static void test_trained_outliers(void)
{
    check_trained(2);
}

/* ---- that it is no luck ---------------------------------------------------------------- */

static const struct precision int8 = {ZG_INT8, ZG_INT8, 6e-2, 0.98};

/* `fused`, but no panel keeps a column. */
static struct zg_engine unkept_engine;
static struct zg_provider unkept_provider;

static enum zg_status keep_none(struct zg_provider_state *state, struct zg_panel *panel,
                                const struct zg_model *model, const int32_t *tensors,
                                const int32_t *columns, int64_t n, struct zg_error *err)
{
    (void)state;
    (void)panel;
    (void)model;
    (void)tensors;
    (void)columns;
    (void)n;
    (void)err;
    return ZG_OK;
}

static enum zg_status unkept_open(struct zg_engine_state **out, const struct zg_model *model,
                                  const struct zg_engine_options *options, struct zg_error *err)
{
    return zg_runtime_open(out, &unkept_engine, &unkept_provider, model, options, err);
}

/* The planted outliers are ones: int8 breaks its bound where their columns are not kept. */
static void test_kept_columns(void)
{
    unkept_provider = zg_provider_fused;
    unkept_provider.keep_columns = keep_none;
    unkept_engine = *zg_engine_find("fused");
    unkept_engine.name = "unkept";
    unkept_engine.open = unkept_open;
    if (!(unkept_engine.dtypes & 1u << ZG_INT8)) {
        printf("\n    skipped: fused has no int8\n");
        return;
    }
    struct written w = small_model(2);
    struct zg_fidelity_set set;
    double truth[ZG_FIDELITY_PAIRS];
    zg_fidelity_open_random(&set, w.model, 4);
    find_truth(&set, truth);
    const struct zg_engine_options o =
        zg_fidelity_options(&set, &unkept_engine, int8.dtype, int8.dtype_d);
    CU_ASSERT(measure(&set, &unkept_engine, &o, truth).rms > int8.rms);
    printf("\n");
    zg_fidelity_close(&set);
    written_close(&w);
}

/* Another share of the work for each thread, the same numbers: each is made by one thread in one
 * order. */
static void test_threads(void)
{
    const struct zg_engine *engine = zg_engine_find("fused");
    enum { N = 8 };
    struct written w = small_model(2);
    struct zg_fidelity_set set;
    zg_fidelity_open_random(&set, w.model, 4);
    for (size_t p = 0; p < sizeof precisions / sizeof precisions[0]; p++) {
        double delta[3][N];
        struct zg_error err = {0};
        if (!offers(&set, engine, &precisions[p]))
            continue;
        for (int t = 0; t < 3; t++) {
            struct zg_engine_options o =
                zg_fidelity_options(&set, engine, precisions[p].dtype, precisions[p].dtype_d);
            o.n_threads = t + 1;
            CU_ASSERT_EQUAL_FATAL(zg_fidelity_engine(&set, engine, &o, N, delta[t], &err), ZG_OK);
            for (int i = 0; i < N; i++)
                CU_ASSERT_EQUAL(delta[t][i], delta[0][i]);
        }
    }
    zg_fidelity_close(&set);
    written_close(&w);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"planted outliers keep the function", test_planted},
        {"small model", test_small},
        {"small model with outliers", test_small_outliers},
        {"trained model", test_trained},
        {"trained model with outliers", test_trained_outliers},
        {"kept columns are needed", test_kept_columns},
        {"any number of threads", test_threads},
        {NULL, NULL}, /* the last */
    };
    return zg_test_run("fidelity", tests);
}
