/* test_tuned.c - the weights of a training again, from its steps.zo: the same bits, in every engine
 * and algorithm; other weights, another model or a damaged file are found. */
#include "harness/train/tuned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/train/trained.h"
#include "tests/support/cunit_run.h"
#include "tests/support/safetensors_writer.h"

static char *dir;
static char note[1400];

static struct zg_steps *open_steps(void)
{
    struct zg_steps *steps = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_steps_open(&steps, dir, "steps.zo", false, note, sizeof note, &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(steps);
    return steps;
}

static bool same_weights(const struct trained *trained, const struct zg_tuned *tuned)
{
    const struct zg_contender *const a = &trained->bench.contenders[0];
    const struct zg_model_shape *const shape = zg_model_shape(tuned->model);
    bool same = true;
    for (int32_t id = 0; id < zg_tensor_end(zg_shape_n_resident(shape)) && same; id++) {
        int64_t n_rows, n_cols;
        if (!zg_model_tensor_size(shape, id, &n_rows, &n_cols))
            continue;
        const size_t n = (size_t)(n_rows * n_cols);
        float *const x = calloc(2 * n, sizeof *x), *const y = x + n;
        same = x && !a->item->engine->read(a->state, id, 0, n_rows, x, n_cols, NULL) &&
               !tuned->opening.engine->read(tuned->state, id, 0, n_rows, y, n_cols, NULL) &&
               memcmp(x, y, n * sizeof *x) == 0;
        free(x);
    }
    return same;
}

static void again(const char *engine, const char *algorithm, int scope, int64_t max_rows)
{
    struct trained trained;
    struct zg_tuned tuned;
    struct zg_error err = {0};
    const struct zg_engine_options *options;
    const struct trained_request request = {.model = "opt-mini",
                                            .engine = engine,
                                            .algorithm = algorithm,
                                            .name = "steps.zo",
                                            .scope = scope,
                                            .max_rows = max_rows,
                                            .n_steps = 11,
                                            .weights_every = 4};
    const enum zg_status trained_status = trained_open(&trained, dir, &request, &err);
    if (trained_status == ZG_ENV || trained_status == ZG_USAGE) {
        printf("(%s %s: %s) ", engine, algorithm, err.text); /* this build or machine has it not */
        return;
    }
    CU_ASSERT_EQUAL_FATAL(trained_status, ZG_OK);
    struct zg_steps *steps = open_steps();
    CU_ASSERT_EQUAL(zg_steps_n(steps), 11);
    /* another number of threads makes no other weight */
    CU_ASSERT_EQUAL_FATAL(zg_tuned_open(&tuned, steps, "steps.zo", NULL, 1, &err), ZG_OK);
    options = &trained.bench.contenders[0].options;
    CU_ASSERT_EQUAL(tuned.opening.options.mechanisms, options->mechanisms);
    CU_ASSERT_EQUAL(tuned.opening.options.dtype, options->dtype);
    CU_ASSERT_EQUAL(tuned.opening.options.dtype_d, options->dtype_d);
    CU_ASSERT_EQUAL(tuned.opening.choice.seed, trained.choice.seed);
    enum zg_status status = ZG_OK;
    for (int64_t t = 0; t < 11 && !status; t++)
        status = zg_tuned_step(&tuned, &err);
    if (!status)
        status = zg_tuned_check(&tuned, &err);
    CU_ASSERT_EQUAL(status, ZG_OK);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    CU_ASSERT(same_weights(&trained, &tuned));
    zg_tuned_close(&tuned);
    zg_steps_close(&steps);
    trained_close(&trained);
}

#define LOZO "lozo:rank=2+nu=4+eps=0.01+lr=0.001"

static void test_engines(void)
{
    const struct zg_engine *engine;
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++)
        if (!engine->missing)
            again(engine->name, LOZO, ZG_SCOPE_LINEAR, 0);
    again("naive:gemm=reference", LOZO, ZG_SCOPE_LINEAR, 64);
    again("naive:gemm=reference", LOZO, ZG_SCOPE_FULL, 0);
    again("fused", LOZO, ZG_SCOPE_FULL, 64);
    again("fused:mechanisms=none", LOZO, ZG_SCOPE_LINEAR, 64);
    again("fused:mechanisms=none", LOZO, ZG_SCOPE_FULL, 64);
    again("fused:dtype=bf16", LOZO, ZG_SCOPE_LINEAR, 0);
    again("fused:dtype=bf16+int8", LOZO, ZG_SCOPE_LINEAR, 64);
}

static void test_algorithms(void)
{
    again("naive:gemm=reference", "lozo-m:rank=2+nu=4+eps=0.01+lr=0.001", ZG_SCOPE_FULL, 0);
    again("naive:gemm=reference", "mezo:eps=0.01+lr=0.001+wd=0.1", ZG_SCOPE_FULL, 0);
    again("naive:gemm=reference", "lozo:basis=own+queries=2+eps=0.01+lr=0.001", ZG_SCOPE_LINEAR, 0);
    again("fused", "lozo-m:rank=2+nu=4+eps=0.01+lr=0.001", ZG_SCOPE_LINEAR, 0);
    again("fused", "factorised:rank=4+eps=0.01+lr=0.001+sides=one", ZG_SCOPE_LINEAR, 0);
    again("fused", "lozo:queries=4+eps=0.01+lr=0.001+schedule=cosine+horizon=20", ZG_SCOPE_LINEAR,
          64);
}

/* A training with a wrong loss that no check sum shows: the hash of the weights does. */
static void test_wrong_weights(void)
{
    struct trained trained;
    struct zg_tuned tuned;
    struct zg_error err = {0};
    const struct trained_request request = {.model = "opt-mini",
                                            .engine = "naive:gemm=reference",
                                            .algorithm = LOZO,
                                            .name = "steps.zo",
                                            .n_steps = 6,
                                            .weights_every = 3};
    CU_ASSERT_EQUAL_FATAL(trained_open(&trained, dir, &request, &err), ZG_OK);
    trained_close(&trained);
    struct zg_steps *steps = open_steps(), *other = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_steps_create(&other, dir, "other.zo", zg_steps_head(steps), &err),
                          ZG_OK);
    for (int64_t t = 0; t < 6; t++) {
        struct zg_steps_record record;
        uint64_t hash;
        zg_steps_at(steps, t, &record);
        record.loss[0] += t == 4 ? 1e-3 : 0;
        CU_ASSERT_EQUAL(zg_steps_add(other, &record, NULL), ZG_OK);
        if (!zg_steps_weights(steps, t + 1, &hash))
            continue;
        record = (struct zg_steps_record){.is_weights = true, .n_steps = t + 1, .weights = hash};
        CU_ASSERT_EQUAL(zg_steps_add(other, &record, NULL), ZG_OK);
    }
    zg_steps_close(&other);
    zg_steps_close(&steps);
    CU_ASSERT_EQUAL(zg_steps_open(&steps, dir, "other.zo", false, note, sizeof note, &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_tuned_open(&tuned, steps, "other.zo", NULL, 1, &err), ZG_OK);
    enum zg_status status = ZG_OK;
    for (int64_t t = 0; t < 6 && !status; t++)
        status = zg_tuned_step(&tuned, &err);
    CU_ASSERT_EQUAL(status, ZG_CHECK);
    CU_ASSERT_EQUAL(tuned.n_steps, 6); /* found where the hash stands */
    zg_test_expect_words(err.text, "after step 6 the weights have XXH3");
    zg_tuned_close(&tuned);
    /* a model that it did not begin with */
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_tuned_open(&tuned, steps, "other.zo", "opt-125m", 1, &err), ZG_INPUT);
    zg_test_expect_words(err.text, "other.zo: the training began with weights of XXH3");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_tuned_open(&tuned, steps, "other.zo", "nowhere", 1, &err), ZG_USAGE);
    zg_test_expect_words(err.text, "--model nowhere, which other.zo began with");
    zg_steps_close(&steps);
}

/* Heads whose texts this zogap does not know. */
static void test_bad_heads(void)
{
    struct trained trained;
    struct zg_error err = {0};
    const struct trained_request request = {.model = "opt-mini",
                                            .engine = "naive:gemm=reference",
                                            .algorithm = LOZO,
                                            .name = "steps.zo",
                                            .n_steps = 1};
    CU_ASSERT_EQUAL_FATAL(trained_open(&trained, dir, &request, &err), ZG_OK);
    trained_close(&trained);
    struct zg_steps *steps = open_steps();
    const struct zg_steps_head good = *zg_steps_head(steps);
    struct zg_steps_opening opening;
    static const struct {
        size_t member;
        const char *value, *words;
    } known[] = {
        {offsetof(struct zg_steps_head, engine), "warp", "engine \"warp\""},
        {offsetof(struct zg_steps_head, algorithm), "adam", "algorithm \"adam\""},
        {offsetof(struct zg_steps_head, scope), "wide", "scope \"wide\""},
        {offsetof(struct zg_steps_head, dtype), "fp8", "dtype \"fp8\""},
        {offsetof(struct zg_steps_head, mechanisms), "tire", "mechanisms \"tire\""},
        {offsetof(struct zg_steps_head, settings), "gemm", "settings \"gemm\""},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct zg_steps_head head = good;
        zg_error_clear(&err);
        memcpy((char *)&head + known[i].member, &known[i].value, sizeof known[i].value);
        CU_ASSERT_EQUAL(zg_steps_head_open(&opening, &head, 1, "f", &err), ZG_INPUT);
        zg_test_expect_words(err.text, known[i].words);
    }
    CU_ASSERT_EQUAL(zg_steps_head_open(&opening, &good, 1, "f", NULL), ZG_OK);
    CU_ASSERT_EQUAL(opening.options.n_settings, 1);
    CU_ASSERT_STRING_EQUAL(opening.settings[0].key, "gemm");
    CU_ASSERT_STRING_EQUAL(opening.settings[0].value, "reference");
    zg_steps_close(&steps);
}

/* A head that is right in itself, of an algorithm with another number of probes. */
static void test_other_probes(void)
{
    struct trained trained;
    struct zg_error err = {0};
    struct zg_tuned tuned;
    struct zg_steps *steps = NULL;
    const struct trained_request request = {.model = "opt-mini",
                                            .engine = "naive:gemm=reference",
                                            .algorithm = LOZO,
                                            .name = "steps.zo",
                                            .n_steps = 1};
    CU_ASSERT_EQUAL_FATAL(trained_open(&trained, dir, &request, &err), ZG_OK);
    trained_close(&trained);
    steps = open_steps();
    struct zg_steps_head head = *zg_steps_head(steps);
    struct zg_steps_record record;
    struct zg_steps *other = NULL;
    head.algorithm = "lozo:queries=4+eps=0.01+lr=0.001";
    zg_steps_at(steps, 0, &record);
    CU_ASSERT_EQUAL_FATAL(zg_steps_create(&other, dir, "other.zo", &head, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_steps_add(other, &record, NULL), ZG_OK);
    zg_steps_close(&other);
    CU_ASSERT_EQUAL(zg_steps_open(&other, dir, "other.zo", false, note, sizeof note, &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_tuned_open(&tuned, other, "other.zo", NULL, 1, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_tuned_step(&tuned, &err), ZG_INPUT);
    zg_test_expect_words(err.text, "has 2 losses a step; step 0 of lozo has 8 probes");
    zg_tuned_close(&tuned);
    zg_steps_close(&other);
    zg_steps_close(&steps);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"the same bits in every engine", test_engines},
        {"and of every algorithm", test_algorithms},
        {"wrong weights are found", test_wrong_weights},
        {"texts that nobody knows", test_bad_heads},
        {"another number of probes", test_other_probes},
        {NULL, NULL},
    };
    dir = zg_temp_directory_make();
    if (!dir)
        return 1;
    const int code = zg_test_run("tuned", tests);
    zg_temp_directory_remove(&dir);
    return code;
}
