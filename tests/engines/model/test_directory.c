/* test_directory.c - Hugging Face directories: every layout that zogap reads.  What it must
 * refuse is in test_directory_hostile.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/base/convert.h"
#include "engines/base/float_bits.h"
#include "tests/engines/model/small_model.h"
#include "tests/support/cunit_run.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/trained_model.h"

static float stored(float value, enum zg_dtype dtype)
{
    if (dtype == ZG_FP32)
        return value;
    return dtype == ZG_FP16 ? zg_float_of_fp16(zg_fp16_of_float(value))
                            : zg_float_of_bf16(zg_bf16_of_float(value));
}

static bool same_shape(const struct zg_model_shape *a, const struct zg_model_shape *b)
{
    return a->n_layers == b->n_layers && a->d_model == b->d_model && a->n_heads == b->n_heads &&
           a->d_ffn == b->d_ffn && a->n_vocab == b->n_vocab && a->n_positions == b->n_positions &&
           a->tied_head == b->tied_head;
}

/* All tensors of `got` are those of `want`, rounded to dtype. */
static void expect_same(const struct zg_model *got, const struct zg_model *want,
                        enum zg_dtype dtype)
{
    const struct zg_model_shape *const shape = zg_model_shape(want);
    CU_ASSERT(same_shape(zg_model_shape(got), shape));
    CU_ASSERT_EQUAL(zg_model_stored_dtype(got), dtype);
    CU_ASSERT(!zg_model_is_synthetic(got));
    int64_t n_wrong = 0;
    for (int32_t id = 0; id < zg_tensor_end(shape->n_layers); id++) {
        int64_t rows, cols;
        if (!zg_model_tensor_size(shape, id, &rows, &cols))
            continue;
        float a[30 * 20], b[30 * 20];
        zg_model_read(want, id, 0, rows, a, cols);
        zg_model_read(got, id, 0, rows, b, cols);
        for (int64_t i = 0; i < rows * cols; i++)
            n_wrong += zg_bits_of_float(stored(a[i], dtype)) != zg_bits_of_float(b[i]);
        zg_model_read(got, id, rows - 1, 1, b, cols); /* a row alone */
        for (int64_t j = 0; j < cols; j++)
            n_wrong +=
                zg_bits_of_float(stored(a[(rows - 1) * cols + j], dtype)) != zg_bits_of_float(b[j]);
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
}

/* dtype x prefix x shards x tied head x a copy of a tied head. */
static void test_layouts(void)
{
    static const enum zg_dtype dtypes[] = {ZG_FP32, ZG_FP16, ZG_BF16};
    for (unsigned i = 0; i < 3 * 2 * 2 * 3; i++) {
        const struct zg_write_options options = {.dtype = dtypes[i % 3],
                                                 .prefix = i / 3 % 2 == 1,
                                                 .n_shards = i / 6 % 2 == 1 ? 3 : 1,
                                                 .head_copy = i / 12 == 2};
        char *dir = zg_temp_directory_make();
        struct zg_model *const want = open_small(i / 12 != 0);
        struct zg_model *got = NULL;
        struct zg_error err = {0};
        CU_ASSERT_FATAL(dir && zg_write_model(dir, want, &options));
        zg_model_open(&got, dir, 99, &err);
        CU_ASSERT_STRING_EQUAL(err.text, "");
        if (got) {
            CU_ASSERT_STRING_EQUAL(zg_model_name(got), dir);
            expect_same(got, want, options.dtype);
            zg_model_release(got);
            expect_same(got, want, options.dtype);
            if (options.dtype == ZG_FP32)
                CU_ASSERT_EQUAL(zg_model_fingerprint(got), zg_model_fingerprint(want));
        }
        zg_model_close(&got);
        struct zg_model *source = want;
        zg_model_close(&source);
        zg_temp_directory_remove(&dir);
    }
}

/* Resident pages of files, from /proc; -1 where there is no such file. */
static int64_t resident_file_kib(void)
{
    char line[256];
    int64_t kib = -1;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "RssFile:", 8) == 0)
            kib = strtoll(line + 8, NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

/* A model of 13 MiB: opening (which reads every weight) and the fingerprint leave less than a
 * tenth of it resident; reading brings it in, and release lets it go. */
static void test_release(void)
{
    const struct zg_model_shape shape = {.n_layers = 1,
                                         .d_model = 256,
                                         .n_heads = 4,
                                         .d_ffn = 1024,
                                         .n_vocab = 10000,
                                         .n_positions = 64,
                                         .tied_head = true};
    const int64_t size_kib = zg_model_n_params(&shape) * 4 / 1024;
    char *dir = zg_temp_directory_make();
    struct zg_model *model = NULL;
    const struct zg_write_options options = {.dtype = ZG_FP32, .prefix = true};
    CU_ASSERT_EQUAL_FATAL(zg_model_open_shape(&model, "x", &shape, 1, NULL), ZG_OK);
    CU_ASSERT_FATAL(dir && zg_write_model(dir, model, &options));
    const uint64_t fingerprint = zg_model_fingerprint(model);
    zg_model_close(&model);
    const int64_t before = resident_file_kib();
    if (before < 0) {
        printf("skipped: no /proc/self/status\n");
    } else {
        CU_ASSERT_EQUAL_FATAL(zg_model_open(&model, dir, 1, NULL), ZG_OK);
        CU_ASSERT(resident_file_kib() - before < size_kib / 10 + 512);
        CU_ASSERT_EQUAL(zg_model_fingerprint(model), fingerprint);
        CU_ASSERT(resident_file_kib() - before < size_kib / 10 + 512);
        float *const rows = malloc(10000 * 256 * sizeof *rows);
        CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
        zg_model_read(model, ZG_T_EMBED_TOKENS, 0, 10000, rows, 256);
        CU_ASSERT(resident_file_kib() - before > 10000 / 2);
        zg_model_release(model);
        CU_ASSERT(resident_file_kib() - before < size_kib / 10 + 512);
        free(rows);
        zg_model_close(&model);
    }
    zg_temp_directory_remove(&dir);
}

/* What a handler of SIGBUS is told, and a file that was written to meanwhile. */
static void test_changed_file(void)
{
    char *dir = zg_temp_directory_make(), path[4096];
    struct zg_model *want = open_small(true), *model = NULL;
    const struct zg_write_options options = {.dtype = ZG_FP32, .prefix = true};
    struct zg_error err = {0};
    CU_ASSERT_FATAL(dir && zg_write_model(dir, want, &options));
    CU_ASSERT_EQUAL_FATAL(zg_model_open(&model, dir, 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_model_check(model, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_model_check(want, &err), ZG_OK); /* of no file */
    CU_ASSERT_PTR_NULL(zg_model_file_at(dir));
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    CU_ASSERT_EQUAL(truncate(path, 100), 0);
    CU_ASSERT_EQUAL(zg_model_check(model, &err), ZG_ENV);
    zg_test_expect_words(err.text, path);
    zg_test_expect_words(err.text, "written to while it was in use");
    zg_model_close(&model);
    zg_model_close(&want);
    zg_temp_directory_remove(&dir);
}

/* A real trained model, laid out as transformers does, untied. */
static void test_real_model(void)
{
    char *dir = zg_trained_model_directory();
    if (!dir)
        return;
    struct zg_model *model = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_model_open(&model, dir, 1, &err), ZG_OK);
    if (model) {
        const struct zg_model_shape want = {.n_layers = 4,
                                            .d_model = 128,
                                            .n_heads = 4,
                                            .d_ffn = 512,
                                            .n_vocab = 65,
                                            .n_positions = 128,
                                            .tied_head = false};
        CU_ASSERT(same_shape(zg_model_shape(model), &want));
        float head[128], embedding[128], position[128];
        zg_model_read(model, ZG_T_HEAD, 3, 1, head, 128);
        zg_model_read(model, ZG_T_EMBED_TOKENS, 3, 1, embedding, 128);
        CU_ASSERT_DOUBLE_EQUAL(head[0], -0.32074207067489624, 1e-9); /* read by another program */
        CU_ASSERT_DOUBLE_EQUAL(head[127], -0.3834342062473297, 1e-9);
        CU_ASSERT(memcmp(head, embedding, sizeof head) != 0);
        zg_model_read(model, ZG_T_EMBED_POSITIONS, 1, 1, position,
                      128); /* rows 0 and 1 are padding */
        for (int i = 0; i < 128; i++)
            CU_ASSERT_EQUAL(position[i], 0.0f);
    }
    zg_model_close(&model);
    zg_temp_directory_remove(&dir);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"every layout reads back", test_layouts},
        {"pages are released", test_release},
        {"a file that changes", test_changed_file},
        {"a real model", test_real_model},
        {NULL, NULL},
    };
    return zg_test_run("directory", tests);
}
