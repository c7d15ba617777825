/* test_calibrate.c - open() of an int8 engine names the outlier columns of the panels that have
 * some.
 *
 * The provider is fused's in fp32, which calls itself int8 and writes down what it is to keep: what
 * is tested here is who is asked to keep what, not how well int8 then does.
 */
#include <math.h>
#include <string.h>

#include "engines/fused/provider_fused.h"
#include "engines/runtime/runtime.h"
#include "tests/support/cunit_run.h"
#include "tests/support/fixtures.h"
#include "tests/support/safetensors_writer.h"

static struct {
    struct {
        const struct zg_panel *panel;
        int32_t tensor; /* the panel's first */
        int64_t n;
        int32_t columns[ZG_MAX_KEPT];
    } kept[64];
    int64_t n_kept, n_packed;
    const struct zg_panel *panels[64];
    enum zg_dtype dtypes[64];
} record;

static enum zg_status fake_open(struct zg_provider_state **out,
                                const struct zg_provider_options *options, struct zg_error *err)
{
    struct zg_provider_options fp32 = *options;
    fp32.dtypes = 1u << ZG_FP32;
    return zg_provider_fused.open(out, &fp32, err);
}

static enum zg_status fake_pack(struct zg_provider_state *state, struct zg_panel **out,
                                const struct zg_panel_shape *shape, const struct zg_model *model,
                                const int32_t *tensors, struct zg_error *err)
{
    struct zg_panel_shape fp32 = *shape;
    fp32.dtype = ZG_FP32;
    const enum zg_status status = zg_provider_fused.pack(state, out, &fp32, model, tensors, err);
    record.panels[record.n_packed] = *out;
    record.dtypes[record.n_packed++] = shape->dtype;
    return status;
}

static enum zg_status fake_keep(struct zg_provider_state *state, struct zg_panel *panel,
                                const struct zg_model *model, const int32_t *tensors,
                                const int32_t *columns, int64_t n, struct zg_error *err)
{
    (void)state;
    (void)model;
    (void)err;
    record.kept[record.n_kept].panel = panel;
    record.kept[record.n_kept].tensor = tensors[0];
    record.kept[record.n_kept].n = n;
    memcpy(record.kept[record.n_kept++].columns, columns, (size_t)n * sizeof *columns);
    return ZG_OK;
}

static const struct zg_model_shape shape = {.n_layers = 3,
                                            .d_model = 64,
                                            .n_heads = 4,
                                            .d_ffn = 160,
                                            .n_vocab = 101,
                                            .n_positions = 72,
                                            .tied_head = true};

static int64_t n_phases;

static void on_phase(void *context, enum zg_phase phase)
{
    (void)context;
    (void)phase;
    n_phases++;
}

/* Opens such an engine on a model with so many outlier channels in its norms, and runs a step; its
 * loss.  The record is then what open() asked for. */
static double run(int64_t n_outliers, int64_t n_resident, enum zg_dtype dtype,
                  enum zg_dtype dtype_d, uint32_t without)
{
    const struct zg_write_options write = {.gain = 4.0f, .n_outliers = n_outliers};
    struct zg_engine engine = *zg_engine_find("fused");
    struct zg_provider provider = zg_provider_fused;
    struct zg_model *drawn = NULL, *model = NULL;
    struct zg_engine_state *state = NULL;
    const struct zg_direction d = {.rank = 2, .scale = 1, .seed_u = 1, .seed_v = 2};
    const struct zg_probe pair[] = {{0, 1e-2f}, {0, -1e-2f}};
    double loss[2] = {NAN, NAN};
    struct zg_scores out = {.loss = loss};
    struct zg_error err = {0};
    engine.dtypes |= 1u << ZG_INT8 | 1u << ZG_BF16;
    engine.mechanisms |= ZG_MECHANISM_BIT(ZG_M_BANK) | ZG_MECHANISM_BIT(ZG_M_CENTRED);
    provider.open = fake_open;
    provider.pack = fake_pack;
    provider.keep_columns = fake_keep;
    struct zg_engine_options o = zg_engine_options_default(&engine);
    o.dtype = dtype;
    o.dtype_d = dtype_d;
    o.n_threads = 2;
    o.mechanisms = engine.mechanisms & ~without;
    o.on_phase = on_phase;
    const struct zg_batch *batch;
    for (int64_t i = 0; (batch = zg_fixture_batch(i, NULL)); i++)
        zg_engine_limits_include(&o.limits, batch);
    memset(&record, 0, sizeof record);
    n_phases = 0;

    char *directory = zg_temp_directory_make();
    CU_ASSERT_FATAL(!zg_model_open_shape(&drawn, "drawn", &shape, 3, NULL));
    CU_ASSERT_FATAL(directory && zg_write_model(directory, drawn, &write));
    CU_ASSERT_FATAL(!zg_model_open(&model, directory, 1, NULL));
    CU_ASSERT_FATAL(!zg_model_alias_layers(model, n_resident, NULL));
    enum zg_status status = zg_runtime_open(&state, &engine, &provider, model, &o, &err);
    CU_ASSERT_EQUAL(n_phases, 0); /* the caller's clock does not run yet */
    CU_ASSERT(status || zg_runtime_score(state, zg_fixture_batch(0, NULL), pair, 2, &out, NULL) ==
                            ZG_USAGE); /* no direction has been announced */
    status = status ? status : zg_runtime_begin(state, &d, 1, &err);
    status =
        status ? status : zg_runtime_score(state, zg_fixture_batch(0, NULL), pair, 2, &out, &err);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    zg_runtime_close(&state);
    zg_model_close(&model);
    zg_model_close(&drawn);
    zg_temp_directory_remove(&directory);
    return loss[0];
}

/* The two channels of zg_write_options.n_outliers lie half a row apart. */
static bool has_planted(const int32_t *columns, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++)
            if (columns[j] - columns[i] == shape.d_model / 2)
                return true;
    return false;
}

static void expect_kinds(int64_t n, const int32_t *tensors)
{
    CU_ASSERT_EQUAL(record.n_kept, n);
    for (int64_t i = 0; i < n && i < record.n_kept; i++) {
        CU_ASSERT_EQUAL(record.kept[i].tensor, tensors[i]);
        const int64_t n_columns = record.kept[i].n;
        CU_ASSERT(has_planted(record.kept[i].columns, n_columns));
        CU_ASSERT(n_columns <= 3); /* one may be large by chance in the few scored rows */
    }
}

static const uint32_t no_mixture = ZG_MECHANISM_BIT(ZG_M_CENTRED) | ZG_MECHANISM_BIT(ZG_M_LAST);

static void test_none(void)
{
    const double int8 = run(0, 3, ZG_INT8, ZG_INT8, 0);
    CU_ASSERT_EQUAL(record.n_kept, 0);
    CU_ASSERT_EQUAL(record.dtypes[0], ZG_INT8);
    /* The step of open() leaves no trace: the fake is fp32, and so is the loss, to the bit. */
    CU_ASSERT_EQUAL(int8, run(0, 3, ZG_FP32, ZG_FP32, 0));
    run(2, 3, ZG_FP32, ZG_FP32, 0);
    CU_ASSERT_EQUAL(record.n_kept, 0);
}

/* q, k, v and fc1 of each layer, behind the norms; out and fc2 have no outliers. */
static void test_planted(void)
{
    const int32_t want[] = {zg_tensor_layer(0, ZG_T_Q_WEIGHT), zg_tensor_layer(0, ZG_T_FC1_WEIGHT),
                            zg_tensor_layer(1, ZG_T_Q_WEIGHT), zg_tensor_layer(1, ZG_T_FC1_WEIGHT),
                            zg_tensor_layer(2, ZG_T_Q_WEIGHT), zg_tensor_layer(2, ZG_T_FC1_WEIGHT)};
    run(2, 3, ZG_INT8, ZG_INT8, no_mixture);
    expect_kinds(6, want);
    CU_ASSERT_EQUAL(record.n_packed, 3 * 4);
}

/* With `last` the last layer has q and kv apart; q and the rest see the scored rows alone. */
static void test_last(void)
{
    const int32_t want[] = {zg_tensor_layer(0, ZG_T_Q_WEIGHT),  zg_tensor_layer(0, ZG_T_FC1_WEIGHT),
                            zg_tensor_layer(1, ZG_T_Q_WEIGHT),  zg_tensor_layer(1, ZG_T_FC1_WEIGHT),
                            zg_tensor_layer(2, ZG_T_K_WEIGHT),  zg_tensor_layer(2, ZG_T_Q_WEIGHT),
                            zg_tensor_layer(2, ZG_T_FC1_WEIGHT)};
    run(2, 3, ZG_INT8, ZG_INT8, ZG_MECHANISM_BIT(ZG_M_CENTRED));
    expect_kinds(7, want);
}

/* Three layers, one resident: q, k, v whole in layers 0 and 1, apart in the last. */
static void test_repeated(void)
{
    const int32_t want[] = {zg_tensor_layer(0, ZG_T_Q_WEIGHT), zg_tensor_layer(0, ZG_T_FC1_WEIGHT),
                            zg_tensor_layer(0, ZG_T_K_WEIGHT), zg_tensor_layer(0, ZG_T_Q_WEIGHT)};
    run(2, 1, ZG_INT8, ZG_INT8, ZG_MECHANISM_BIT(ZG_M_CENTRED));
    expect_kinds(4, want);
}

/* The dtype that a panel was packed with. */
static enum zg_dtype dtype_of(const struct zg_panel *panel)
{
    int64_t i = 0;
    while (i < record.n_packed && record.panels[i] != panel)
        i++;
    return i < record.n_packed ? record.dtypes[i] : ZG_N_DTYPES;
}

/* Half differences in int8 beside means in bf16, and the other way round: only the int8 panel is
 * asked, by the rows that meet it.  Layer 0's q, k, v meet no half difference, which is 0 there. */
static void test_mixed(void)
{
    const int32_t want[] = {zg_tensor_layer(0, ZG_T_Q_WEIGHT),  zg_tensor_layer(0, ZG_T_FC1_WEIGHT),
                            zg_tensor_layer(1, ZG_T_Q_WEIGHT),  zg_tensor_layer(1, ZG_T_FC1_WEIGHT),
                            zg_tensor_layer(2, ZG_T_K_WEIGHT),  zg_tensor_layer(2, ZG_T_Q_WEIGHT),
                            zg_tensor_layer(2, ZG_T_FC1_WEIGHT)};
    run(2, 3, ZG_BF16, ZG_INT8, 0);
    expect_kinds(6, want + 1);
    CU_ASSERT_EQUAL(record.n_packed, 2 * (3 * 4 + 1));
    for (int64_t i = 0; i < record.n_kept; i++)
        CU_ASSERT_EQUAL(dtype_of(record.kept[i].panel), ZG_INT8);
    run(2, 3, ZG_INT8, ZG_BF16, 0);
    expect_kinds(7, want);
    for (int64_t i = 0; i < record.n_kept; i++)
        CU_ASSERT_EQUAL(dtype_of(record.kept[i].panel), ZG_INT8);
}

int main(void)
{
    static const struct zg_test tests[] = {{"none without outliers, none in fp32", test_none},
                                           {"planted outliers", test_planted},
                                           {"the pruned layer", test_last},
                                           {"layers that repeat", test_repeated},
                                           {"means and half differences", test_mixed},
                                           {NULL, NULL}};
    return zg_test_run("engines/runtime/calibrate", tests);
}
