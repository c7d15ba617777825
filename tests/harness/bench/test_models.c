/* test_models.c - harness/bench/models.c: which cases share a model. */
#include "harness/bench/models.h"

#include <string.h>

#include "tests/harness/tiny_model.h"
#include "tests/support/cunit_run.h"
#include "tests/support/safetensors_writer.h"

static const struct zg_model *get(struct zg_models *models, const char *name, uint64_t seed,
                                  int64_t layers_resident)
{
    const struct zg_case c = {.model = name, .seed = seed, .layers_resident = layers_resident};
    const struct zg_model *model = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_models_get(models, &c, &model, NULL), ZG_OK);
    return model;
}

static void a_model_is_opened_once(void)
{
    struct zg_models models = {0};
    const struct zg_model *const first = get(&models, "opt-125m", 1, 0);
    CU_ASSERT_PTR_EQUAL(get(&models, "opt-125m", 1, 0), first);
    CU_ASSERT_PTR_NOT_EQUAL(get(&models, "opt-125m", 2, 0), first);
    const struct zg_model *const repeats = get(&models, "opt-125m", 1, 3);
    CU_ASSERT_PTR_NOT_EQUAL(repeats, first);
    CU_ASSERT_EQUAL(zg_model_shape(repeats)->n_resident, 3);
    CU_ASSERT_EQUAL(zg_model_shape(first)->n_resident, 0);
    zg_models_close(&models);
}

/* Files have their weights whatever the seed. */
static void a_directory_has_no_seed(void)
{
    struct zg_models models = {0};
    char *directory = zg_temp_directory_make();
    CU_ASSERT_FATAL(directory && tiny_model_write(directory, NULL) == ZG_OK);
    const struct zg_model *const model = get(&models, directory, 1, 0);
    CU_ASSERT_PTR_EQUAL(get(&models, directory, 2, 0), model);
    CU_ASSERT_EQUAL(models.n, 1);
    CU_ASSERT_EQUAL(zg_models_fingerprint(&models, model), zg_model_fingerprint(model));
    zg_models_close(&models);
    zg_temp_directory_remove(&directory);
}

static void a_failure_is_no_model(void)
{
    struct zg_models models = {0};
    struct zg_error err = {0};
    const struct zg_model *model = NULL;
    const struct zg_case unknown = {.model = "opt-1"};
    CU_ASSERT_EQUAL(zg_models_get(&models, &unknown, &model, &err), ZG_USAGE);
    zg_error_clear(&err);
    const struct zg_case many = {.model = "opt-125m", .layers_resident = 13};
    CU_ASSERT_EQUAL(zg_models_get(&models, &many, &model, &err), ZG_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "--layers-resident 13"));
    CU_ASSERT_EQUAL(models.n, 0);
    zg_models_close(&models);
}

int main(void)
{
    static const struct zg_test tests[] = {{"a model is opened once", a_model_is_opened_once},
                                           {"a directory has no seed", a_directory_has_no_seed},
                                           {"a failure is no model", a_failure_is_no_model},
                                           {0}};
    return zg_test_run("models", tests);
}
