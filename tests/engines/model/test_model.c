/* test_model.c - tensor identities, counts, synthetic weights and fingerprints. */
#include "engines/model.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "engines/base/philox.h"
#include "tests/engines/model/small_model.h"
#include "tests/support/cunit_run.h"

/* Every id has a size, a name, and its name finds it again; ids between do not exist. */
static void test_identities(void)
{
    int64_t n_tensors = 0, n_elements = 0;
    for (int32_t id = -3; id < zg_tensor_end(small.n_layers) + 3; id++) {
        int64_t rows = -1, cols = -1;
        if (!zg_model_tensor_size(&small, id, &rows, &cols))
            continue;
        char name[128];
        zg_model_tensor_name(&small, id, name, sizeof name);
        CU_ASSERT_EQUAL(zg_model_tensor_find(&small, name), id);
        if (id != ZG_T_HEAD) {
            CU_ASSERT(strncmp(name, "model.decoder.", 14) == 0);
            CU_ASSERT_EQUAL(zg_model_tensor_find(&small, name + 6), id);
        }
        CU_ASSERT(rows > 0 && cols > 0);
        n_tensors++;
        n_elements += id == ZG_T_HEAD ? 0 : rows * cols;
    }
    CU_ASSERT_EQUAL(n_tensors, 5 + 2 * 16);
    CU_ASSERT_EQUAL(n_elements, zg_model_n_params(&small));
    struct zg_model_shape untied = small;
    untied.tied_head = false;
    CU_ASSERT_EQUAL(zg_model_n_params(&untied), n_elements + 30 * 12);
}

static void test_names(void)
{
    static const struct {
        const char *name;
        int32_t id;
    } known[] = {
        {"model.decoder.embed_tokens.weight", ZG_T_EMBED_TOKENS},
        {"decoder.embed_positions.weight", ZG_T_EMBED_POSITIONS},
        {"lm_head.weight", ZG_T_HEAD},
        {"model.decoder.layers.1.self_attn.out_proj.bias", 32 + ZG_T_OUT_BIAS},
        {"decoder.layers.0.final_layer_norm.weight", 16 + ZG_T_NORM2_WEIGHT},
        {"model.decoder.layers.0.self_attn_layer_norm.bias", 16 + ZG_T_NORM1_BIAS},
        {"model.decoder.layers.2.fc1.weight", -1}, /* the shape has two layers */
        {"model.decoder.layers.01.fc1.weight", -1},
        {"model.decoder.layers.-1.fc1.weight", -1},
        {"model.decoder.layers.18446744073709551617.fc1.weight", -1},
        {"model.decoder.layers..fc1.weight", -1},
        {"model.decoder.layers.1.fc1", -1},
        {"model.decoder.layers.1fc1.weight", -1},
        {"model.decoder.version", -1},
        {"model.model.decoder.embed_tokens.weight", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        CU_ASSERT_EQUAL(zg_model_tensor_find(&small, known[i].name), known[i].id);
    char name[8];
    zg_model_tensor_name(&small, 7, name, sizeof name);
    CU_ASSERT_STRING_EQUAL(name, "?");
    zg_model_tensor_name(&small, ZG_T_EMBED_TOKENS, name, sizeof name); /* cut, not overrun */
    CU_ASSERT_STRING_EQUAL(name, "model.d");
}

/* Parameter counts that transformers prints for the checkpoints; of opt-mini by hand: embeddings
 * (2912 + 514) 128, layers 2 (12 128^2 + 13 128), last norm 2 128. */
static void test_known_shapes(void)
{
    static const struct {
        const char *name;
        int64_t n_params;
    } known[] = {{"opt-mini", 835328},     {"opt-125m", 125239296},  {"opt-1.3b", 1315758080},
                 {"opt-2.7b", 2651596800}, {"opt-6.7b", 6658473984}, {"opt-13b", 12853473280},
                 {"opt-30b", 29974540288}};
    const struct zg_model_shape *shape;
    const char *name;
    int64_t n = 0;
    for (; (name = zg_model_shape_name(n, &shape)); n++) {
        CU_ASSERT_STRING_EQUAL(name, known[n].name);
        CU_ASSERT_EQUAL(zg_model_n_params(shape), known[n].n_params);
        CU_ASSERT_EQUAL(shape->d_ffn, 4 * shape->d_model);
        CU_ASSERT_EQUAL(zg_model_n_linear_params(shape),
                        12 * shape->n_layers * shape->d_model * shape->d_model);
    }
    CU_ASSERT_EQUAL(n, 7);
    CU_ASSERT_PTR_NULL(zg_model_shape_name(-1, NULL));
}

/* The mapping that model.h and zo.h promise: 0.02 z of stream 3, gains 1 + 0.02 z; any rows, any
 * ld. */
static void test_synthetic(void)
{
    struct zg_model *model = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_model_open_shape(&model, "small", &small, 77, NULL), ZG_OK);
    CU_ASSERT(zg_model_is_synthetic(model));
    CU_ASSERT_EQUAL(zg_model_stored_dtype(model), ZG_FP32);
    CU_ASSERT_STRING_EQUAL(zg_model_name(model), "small");
    CU_ASSERT_EQUAL(zg_model_shape(model)->d_ffn, 20);
    for (int32_t id = 0; id < zg_tensor_end(2); id++) {
        int64_t rows, cols;
        if (!zg_model_tensor_size(&small, id, &rows, &cols))
            continue;
        const int32_t drawn = id == ZG_T_HEAD ? ZG_T_EMBED_TOKENS : id; /* tied */
        const bool gain =
            id == ZG_T_FINAL_NORM_WEIGHT || (id >= 16 && (id % 16 == 12 || id % 16 == 14));
        float z[600], got[30 * 23];
        zg_philox_normal(77, drawn, ZG_STREAM_WEIGHTS, 0, rows * cols, z);
        zg_model_read(model, id, 0, rows, got, cols);
        for (int64_t i = 0; i < rows * cols; i++)
            CU_ASSERT_EQUAL(got[i], (gain ? 1.0f : 0.0f) + 0.02f * z[i]);
        memset(got, 0, sizeof got);
        zg_model_read(model, id, 1, 2, got, 23); /* two rows, wide apart */
        for (int64_t j = 0; j < cols; j++) {
            CU_ASSERT_EQUAL(got[j], (gain ? 1.0f : 0.0f) + 0.02f * z[cols + j]);
            CU_ASSERT_EQUAL(got[23 + j], (gain ? 1.0f : 0.0f) + 0.02f * z[2 * cols + j]);
        }
        CU_ASSERT_EQUAL(got[cols], 0.0f); /* what lies between the rows is left alone */
        zg_model_read(model, id, rows, 0, got, cols);
    }
    zg_model_release(model);
    zg_model_close(&model);
    CU_ASSERT_PTR_NULL(model);
    zg_model_close(&model);
    zg_model_close(NULL);
}

static uint64_t fingerprint(const struct zg_model_shape *shape, uint64_t seed)
{
    struct zg_model *model = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_model_open_shape(&model, "x", shape, seed, NULL), ZG_OK);
    const uint64_t h = zg_model_fingerprint(model);
    zg_model_close(&model);
    return h;
}

static void test_fingerprint(void)
{
    /* Large enough that the embedding has several parts (2^18 elements each). */
    const struct zg_model_shape shape = {.n_layers = 1,
                                         .d_model = 64,
                                         .n_heads = 2,
                                         .d_ffn = 100,
                                         .n_vocab = 20000,
                                         .n_positions = 50,
                                         .tied_head = true};
    const int threads = omp_get_max_threads();
    const uint64_t h = fingerprint(&shape, 1);
    for (int n = 1; n <= 4; n++) {
        omp_set_num_threads(n);
        CU_ASSERT_EQUAL(fingerprint(&shape, 1), h);
    }
    omp_set_num_threads(threads);
    CU_ASSERT_NOT_EQUAL(fingerprint(&shape, 2), h);
    struct zg_model_shape other = shape;
    other.tied_head = false;
    CU_ASSERT_NOT_EQUAL(fingerprint(&other, 1), h);
    other = shape;
    other.n_positions = 51;
    CU_ASSERT_NOT_EQUAL(fingerprint(&other, 1), h);
    CU_ASSERT_EQUAL(fingerprint(&small, 77),
                    UINT64_C(11259525628238397252)); /* holds across versions */
}

static void expect_bad_shape(struct zg_model_shape shape, const char *words)
{
    struct zg_model *model = (struct zg_model *)&shape;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_model_open_shape(&model, "odd", &shape, 1, &err), ZG_INPUT);
    CU_ASSERT_PTR_NULL(model);
    zg_test_expect_words(err.text, words);
}

static void test_bad_shapes(void)
{
    struct zg_model_shape s = small;
    s.n_layers = 0;
    expect_bad_shape(s, "layers is 0");
    s = small, s.n_layers = INT64_MAX;
    expect_bad_shape(s, "layers");
    s = small, s.d_model = -12;
    expect_bad_shape(s, "hidden size is -12");
    s = small, s.n_heads = 5;
    expect_bad_shape(s, "not a multiple of 5");
    s = small, s.n_heads = 0;
    expect_bad_shape(s, "heads is 0");
    s = small, s.d_ffn = INT64_C(1) << 40;
    expect_bad_shape(s, "inner size");
    s = small, s.n_vocab = INT64_MIN;
    expect_bad_shape(s, "vocabulary");
    s = small, s.n_positions = 0;
    expect_bad_shape(s, "positions is 0");
    s = small, s.n_resident = 3;
    expect_bad_shape(s, "3 resident layers");
    s = small, s.n_resident = -1;
    expect_bad_shape(s, "-1 resident layers");
}

/* Five layers of which two are resident: 0 1 0 1 0. */
static void test_repeated_layers(void)
{
    struct zg_model_shape shape = small;
    shape.n_layers = 5;
    struct zg_model *model = NULL, *two = NULL;
    struct zg_error err = {0};
    CU_ASSERT_FATAL(!zg_model_open_shape(&model, "five", &shape, 1, NULL));
    const uint64_t distinct = zg_model_fingerprint(model);
    CU_ASSERT_EQUAL(zg_model_alias_layers(model, 0, &err), ZG_USAGE);
    zg_test_expect_words(err.text, "0 resident layers");
    err = (struct zg_error){0};
    CU_ASSERT_EQUAL(zg_model_alias_layers(model, 6, &err), ZG_USAGE);
    zg_test_expect_words(err.text, "must be 1 to 5");
    CU_ASSERT_EQUAL(zg_shape_n_resident(zg_model_shape(model)), 5);
    CU_ASSERT_EQUAL(zg_model_alias_layers(model, 2, NULL), ZG_OK);
    const struct zg_model_shape *s = zg_model_shape(model);
    CU_ASSERT_EQUAL(s->n_layers, 5);
    CU_ASSERT_EQUAL(zg_shape_n_resident(s), 2);

    /* Resident layers have tensors and names, the others none. */
    int64_t rows, cols;
    CU_ASSERT(zg_model_tensor_size(s, zg_tensor_layer(1, ZG_T_NORM2_BIAS), &rows, &cols));
    CU_ASSERT(!zg_model_tensor_size(s, zg_tensor_layer(2, ZG_T_Q_WEIGHT), &rows, &cols));
    CU_ASSERT(zg_model_tensor_find(s, "model.decoder.layers.1.fc1.bias") > 0);
    CU_ASSERT_EQUAL(zg_model_tensor_find(s, "model.decoder.layers.2.fc1.bias"), -1);

    /* The counts are the depth's; the fingerprint is that of the weights there are. */
    CU_ASSERT_EQUAL(zg_model_n_params(s), zg_model_n_params(&shape));
    CU_ASSERT_NOT_EQUAL(zg_model_fingerprint(model), distinct);
    shape.n_layers = 2;
    CU_ASSERT_FATAL(!zg_model_open_shape(&two, "two", &shape, 1, NULL));
    CU_ASSERT_EQUAL(zg_model_fingerprint(model), zg_model_fingerprint(two));
    zg_model_close(&two);
    zg_model_close(&model);
}

static void test_bad_names(void)
{
    static const struct {
        const char *name, *words;
        enum zg_status status; /* a wrong word is a usage error, a wrong path is bad input */
    } bad[] = {
        {"opt-350m", "post-norm", ZG_USAGE},
        {"opt-7b", "opt-6.7b", ZG_USAGE}, /* the message lists what there is */
        {"opt125m", "; did you mean 'opt-125m'?", ZG_USAGE},
        {"opt-tine", "; did you mean 'opt-tiny'?", ZG_USAGE},
        {"facebook/opt-125m", "opt-125m alone is that shape with synthetic weights", ZG_INPUT},
        {"", "shapes are", ZG_USAGE},
        {"/nonexistent/model", "/nonexistent/model", ZG_INPUT},
        {"/dev/null", "is a file", ZG_INPUT},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zg_error err = {0};
        struct zg_model *model = NULL;
        CU_ASSERT_EQUAL(zg_model_open(&model, bad[i].name, 1, &err), bad[i].status);
        CU_ASSERT_PTR_NULL(model);
        zg_test_expect_words(err.text, bad[i].words);
    }
    char long_name[5000]; /* longer than a path may be: not "no such directory" */
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    struct zg_model *model = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_model_open(&model, long_name, 1, &err), ZG_INPUT);
    CU_ASSERT_PTR_NULL(model);
}

/* A build has it beside its binaries. */
static void test_shipped(void)
{
    struct zg_error err = {0};
    struct zg_model *model = NULL, *again = NULL;
    CU_ASSERT_STRING_EQUAL_FATAL(zg_model_shipped_name(0), "opt-tiny");
    CU_ASSERT_PTR_NULL(zg_model_shipped_name(1));
    CU_ASSERT_PTR_NULL(zg_model_shipped_name(-1));
    CU_ASSERT_EQUAL_FATAL(zg_model_open(&model, "opt-tiny", 1, &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(zg_model_name(model), "opt-tiny");
    CU_ASSERT(!zg_model_is_synthetic(model));
    CU_ASSERT_EQUAL(zg_model_stored_dtype(model), ZG_FP16);
    CU_ASSERT_PTR_NULL(zg_model_warning(model));
    static const char tail[] = "/share/zogap/opt-tiny";
    const char *const directory = zg_model_directory(model);
    CU_ASSERT_PTR_NOT_NULL_FATAL(directory);
    CU_ASSERT_FATAL(strlen(directory) > strlen(tail));
    CU_ASSERT_STRING_EQUAL(directory + strlen(directory) - strlen(tail), tail);

    /* The same as a directory: another name, equal weights. */
    CU_ASSERT_EQUAL_FATAL(zg_model_open(&again, directory, 1, &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(zg_model_name(again), directory);
    CU_ASSERT_EQUAL(zg_model_fingerprint(again), zg_model_fingerprint(model));
    zg_model_close(&again);
    zg_model_close(&model);

    CU_ASSERT_EQUAL_FATAL(zg_model_open(&model, "opt-mini", 1, &err), ZG_OK);
    CU_ASSERT_PTR_NULL(zg_model_directory(model));
    zg_model_close(&model);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"tensor identities", test_identities},      {"tensor names", test_names},
        {"known shapes", test_known_shapes},         {"synthetic weights", test_synthetic},
        {"fingerprint", test_fingerprint},           {"shapes that cannot be", test_bad_shapes},
        {"names that are no model", test_bad_names}, {"layers that repeat", test_repeated_layers},
        {"what comes with zogap", test_shipped},     {NULL, NULL},
    };
    return zg_test_run("model", tests);
}
