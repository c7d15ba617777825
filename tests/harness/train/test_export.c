/* test_export.c - a directory that zogap exports is read again with the same bits, in one file or
 * several, in each type; and it is there whole or not at all. */
#include "harness/train/export.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/base/convert.h"
#include "harness/train/new_dir.h"
#include "harness/train/safetensors_out.h"
#include "tests/harness/tiny_model.h"
#include "tests/harness/train/trained.h"
#include "tests/support/cunit_run.h"
#include "tests/support/safetensors_writer.h"

static char *dir;

static const char *below(const char *name)
{
    static char paths[4][600];
    static int next;
    next = (next + 1) % 4;
    snprintf(paths[next], sizeof paths[next], "%s/%s", dir, name);
    return paths[next];
}

static int64_t n_entries(const char *path)
{
    DIR *const entries = opendir(path);
    int64_t n = -2;
    while (entries && readdir(entries))
        n++;
    if (entries)
        closedir(entries);
    return n;
}

/* ---- fp16 ------------------------------------------------------------------------------------ */

/* Every fp16 number is stored as itself; what lies between two goes to the nearer, to the even one
 * of equal ones: as the tests' own writer has it. */
static void test_fp16(void)
{
    for (uint32_t h = 0; h < 0x7c00u; h++) {
        const float x = zg_float_of_fp16((uint16_t)h), next = zg_float_of_fp16((uint16_t)(h + 1));
        const float middle = x + (next - x) / 2;
        CU_ASSERT_EQUAL(zg_store_fp16(x), h);
        CU_ASSERT_EQUAL(zg_store_fp16(-x), h | 0x8000u);
        if (h == 0x7bffu)
            break;
        CU_ASSERT_EQUAL(zg_store_fp16(middle), h % 2 ? h + 1 : h);
        CU_ASSERT_EQUAL(zg_store_fp16(zg_float_of_bits(zg_bits_of_float(middle) + 1)), h + 1);
        CU_ASSERT_EQUAL(zg_store_fp16(zg_float_of_bits(zg_bits_of_float(middle) - 1)), h);
        CU_ASSERT_EQUAL(zg_store_fp16(middle), zg_fp16_of_float(middle));
    }
    CU_ASSERT_EQUAL(zg_store_fp16(65519.0f), 0x7bff);
    CU_ASSERT_EQUAL(zg_store_fp16(65520.0f), 0x7c00);
    CU_ASSERT_EQUAL(zg_store_fp16(-1e30f), 0xfc00);
}

/* ---- round trips ----------------------------------------------------------------------------- */

static float stored(float x, enum zg_dtype dtype)
{
    return dtype == ZG_FP32   ? x
           : dtype == ZG_FP16 ? zg_float_of_fp16(zg_fp16_of_float(x))
                              : zg_float_of_bf16(zg_bf16_of_float(x));
}

/* Does the directory hold the contender's weights, as the type stores them? */
static void expect_weights(const char *path, const struct zg_contender *contender,
                           enum zg_dtype dtype)
{
    struct zg_model *model = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_model_open(&model, path, 1, &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    const struct zg_model_shape *const shape = zg_model_shape(model);
    CU_ASSERT_EQUAL(zg_model_stored_dtype(model), dtype);
    CU_ASSERT_PTR_NULL(zg_model_warning(model));
    int64_t n_wrong = 0, n_tensors = 0;
    for (int32_t id = 0; id < zg_tensor_end(shape->n_layers); id++) {
        int64_t n_rows, n_cols;
        if (!zg_model_tensor_size(shape, id, &n_rows, &n_cols))
            continue;
        const size_t n = (size_t)(n_rows * n_cols);
        float *const x = calloc(2 * n, sizeof *x), *const y = x + n;
        CU_ASSERT_PTR_NOT_NULL_FATAL(x);
        zg_model_read(model, id, 0, n_rows, x, n_cols);
        CU_ASSERT_EQUAL(
            contender->item->engine->read(contender->state, id, 0, n_rows, y, n_cols, NULL), ZG_OK);
        for (size_t i = 0; i < n; i++)
            n_wrong += x[i] != stored(y[i], dtype);
        n_tensors++;
        free(x);
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
    CU_ASSERT(n_tensors > 30);
    zg_model_close(&model);
}

/* In place: an open engine points into it. */
static void train(struct trained *trained, const char *model)
{

    struct zg_error err = {0};
    const struct trained_request request = {.model = model,
                                            .engine = "naive:gemm=reference",
                                            .algorithm = "lozo:rank=2+nu=4+eps=0.01+lr=0.001",
                                            .name = "steps.zo",
                                            .scope = ZG_SCOPE_FULL,
                                            .n_steps = 5};
    CU_ASSERT_EQUAL(trained_open(trained, dir, &request, &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL_FATAL(err.text, "");
}

static struct zg_export_work work_of(const struct trained *trained, enum zg_dtype dtype,
                                     int64_t max_file_bytes, const char *out)
{
    const struct zg_contender *const contender = &trained->bench.contenders[0];
    return (struct zg_export_work){.engine = contender->item->engine,
                                   .state = contender->state,
                                   .model = trained->bench.data.model,
                                   .dtype = dtype,
                                   .max_file_bytes = max_file_bytes,
                                   .out = out};
}

static void test_round_trips(void)
{
    static const enum zg_dtype dtypes[] = {ZG_FP32, ZG_FP16, ZG_BF16};
    static const int64_t sizes[] = {INT64_C(1) << 31, 100000, 1};
    const char *const tiny = below("tiny");
    CU_ASSERT_EQUAL_FATAL(mkdir(tiny, 0777), 0);
    CU_ASSERT_EQUAL_FATAL(tiny_model_write(tiny, NULL), ZG_OK);
    static struct trained trained;
    train(&trained, tiny);
    for (int d = 0; d < 3; d++)
        for (int s = 0; s < 3; s++) {
            char name[32];
            struct zg_exported exported;
            struct zg_error err = {0};
            struct stat info;
            snprintf(name, sizeof name, "out-%d-%d", d, s);
            const char *const out = below(name);
            const struct zg_export_work work = work_of(&trained, dtypes[d], sizes[s], out);
            CU_ASSERT_EQUAL(zg_export_write(&work, &exported, &err), ZG_OK);
            CU_ASSERT_STRING_EQUAL(err.text, "");
            expect_weights(out, &trained.bench.contenders[0], dtypes[d]);
            CU_ASSERT_STRING_EQUAL(exported.copied, "vocab.json, merges.txt");
            CU_ASSERT_EQUAL(exported.n_files == 1, s == 0);
            CU_ASSERT_EQUAL(exported.n_files == exported.n_tensors, s == 2);
            CU_ASSERT_EQUAL(exported.n_bytes % zg_dtype_bytes(dtypes[d]), 0);
            /* weights, an index where there are several; config.json and the two others */
            CU_ASSERT_EQUAL(n_entries(out), exported.n_files + (s > 0) + 3);
            CU_ASSERT_EQUAL(access(below("nothing"), F_OK), -1);
            CU_ASSERT_EQUAL(stat(out, &info), 0);
            /* what is there stays */
            CU_ASSERT_EQUAL(zg_export_write(&work, &exported, &err), ZG_USAGE);
            zg_test_expect_words(err.text, "is already there; must be a new name or an empty");
        }
    trained_close(&trained);
}

/* Shapes without files have a config of their own making. */
static void test_synthetic(void)
{
    static struct trained trained;
    train(&trained, "opt-mini");
    struct zg_exported exported;
    struct zg_error err = {0};
    const char *const out = below("mini");
    CU_ASSERT_EQUAL_FATAL(mkdir(out, 0777), 0); /* an empty one is fine */
    const struct zg_export_work work = work_of(&trained, ZG_FP32, INT64_C(1) << 31, out);
    CU_ASSERT_EQUAL(zg_export_write(&work, &exported, &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    CU_ASSERT_STRING_EQUAL(exported.copied, "");
    expect_weights(out, &trained.bench.contenders[0], ZG_FP32);
    trained_close(&trained);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void test_full_disk(void)
{
    static struct trained trained;
    train(&trained, "opt-mini");
    struct rlimit before, little;
    const int64_t n_before = n_entries(dir);
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t most = 1; most < 3000000; most = most * 7 + 5) {
        struct zg_exported exported;
        struct zg_error err = {0};
        const struct zg_export_work work = work_of(&trained, ZG_FP32, 1 << 20, below("full"));
        little = before;
        little.rlim_cur = most;
        CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &little), 0);
        const enum zg_status status = zg_export_write(&work, &exported, &err);
        setrlimit(RLIMIT_FSIZE, &before);
        if (status == ZG_OK)
            break;
        CU_ASSERT_EQUAL(status, ZG_ENV);
        zg_test_expect_words(err.text, "cannot write: File too large");
        CU_ASSERT_EQUAL(n_entries(dir), n_before); /* nothing is left */
    }
    trained_close(&trained);
}

static void test_names(void)
{
    struct zg_new_dir made;
    struct zg_error err = {0};
    CU_ASSERT(zg_write_text(dir, "file", "text"));
    static const struct {
        const char *path;
        enum zg_status status;
    } known[] = {{"", ZG_USAGE},
                 {"/", ZG_USAGE},
                 {".", ZG_USAGE},
                 {"..", ZG_USAGE},
                 {"/nowhere/below", ZG_ENV},
                 {"/proc/new", ZG_ENV}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        zg_error_clear(&err);
        CU_ASSERT_EQUAL(zg_new_dir_open(&made, "--out", known[i].path, 1, &err), known[i].status);
        CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
    }
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_new_dir_open(&made, "--out", below("file"), 1, &err), ZG_USAGE);
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_new_dir_open(&made, "--out", below("huge"), INT64_MAX, &err), ZG_ENV);
    zg_test_expect_words(err.text, "MiB are free on that disk");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_new_dir_open(&made, "--out", below("made///"), 1, &err), ZG_OK);
    CU_ASSERT(zg_write_text(made.filling, "a", "text"));
    CU_ASSERT_EQUAL(zg_new_dir_commit(&made, &err), ZG_OK);
    CU_ASSERT_EQUAL(n_entries(below("made")), 1);
    CU_ASSERT_EQUAL(zg_new_dir_open(&made, "--out", below("dropped"), 1, &err), ZG_OK);
    CU_ASSERT(zg_write_text(made.filling, "a", "text"));
    zg_new_dir_drop(&made);
    zg_new_dir_drop(&made);
    CU_ASSERT_EQUAL(access(below("dropped"), F_OK), -1);
}

/* Rows of a tensor: one large value, or NaN. */
static enum zg_status one_value(void *context, const struct zg_tensor_out *tensor, int64_t row,
                                int64_t n, float *values, struct zg_error *err)
{
    (void)row;
    (void)err;
    for (int64_t i = 0; i < n * tensor->n_cols; i++)
        values[i] = i == 1 ? *(const float *)context : 0;
    return ZG_OK;
}

static void test_not_finite(void)
{
    static const struct {
        float value;
        enum zg_dtype dtype;
        enum zg_status status;
    } known[] = {{1e5f, ZG_FP16, ZG_CHECK},
                 {65504.0f, ZG_FP16, ZG_OK},
                 {1e5f, ZG_BF16, ZG_OK},
                 {3.4e38f, ZG_BF16, ZG_CHECK},
                 {3.4e38f, ZG_FP32, ZG_OK},
                 {(float)NAN, ZG_FP32, ZG_CHECK},
                 {-(float)INFINITY, ZG_FP32, ZG_CHECK},
                 {(float)NAN, ZG_BF16, ZG_CHECK}};
    const struct zg_tensor_out tensor = {.name = "t", .n_rows = 2, .n_cols = 3};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct zg_error err = {0};
        float value = known[i].value;
        const struct zg_safetensors_out out = {.tensors = &tensor,
                                               .n = 1,
                                               .dtype = known[i].dtype,
                                               .max_file_bytes = 1000,
                                               .rows = one_value,
                                               .context = &value};
        CU_ASSERT_EQUAL(zg_safetensors_out_write(&out, dir, &err), known[i].status);
        if (known[i].status)
            zg_test_expect_words(err.text, "t: a weight in rows 0 to 1 is no finite number");
    }
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"every fp16 number", test_fp16},
        {"types and files", test_round_trips},
        {"a shape without files", test_synthetic},
        {"a full disk", test_full_disk},
        {"names of directories", test_names},
        {"weights that are no numbers", test_not_finite},
        {NULL, NULL},
    };
    dir = zg_temp_directory_make();
    if (!dir)
        return 1;
    const int code = zg_test_run("export", tests);
    zg_temp_directory_remove(&dir);
    return code;
}
