/* test_directory_odd.c - Hugging Face directories that are odd and no reason to refuse: what is
 * loaded all the same, and what is told of it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/engines/model/small_directory.h"
#include "tests/support/cunit_run.h"

static void write_small(const char *dir, bool head_copy)
{
    struct zg_model *model = open_small(true);
    const struct zg_write_options options = {
        .dtype = ZG_FP32, .prefix = true, .head_copy = head_copy};
    CU_ASSERT(zg_write_model(dir, model, &options));
    zg_model_close(&model);
}

/* The weights of `dir`, their names changed by `rename`, are those of the small model. */
typedef void rename_fn(const char *name, char out[256]);

static void expect_renamed(rename_fn *rename)
{
    char *dir = zg_temp_directory_make();
    struct zg_model *want = open_small(true), *got = NULL;
    struct zg_error err = {0};
    struct zg_written_tensor tensors[64];
    static char names[64][256];
    static float values[64][600];
    int64_t n = 0, rows, cols;
    CU_ASSERT_FATAL(dir && zg_write_config(dir, &small, NULL));
    for (int32_t id = 0; id < zg_tensor_end(small.n_layers); id++) {
        char name[128];
        if (id == ZG_T_HEAD || !zg_model_tensor_size(&small, id, &rows, &cols))
            continue;
        zg_model_tensor_name(&small, id, name, sizeof name);
        rename(name, names[n]);
        zg_model_read(want, id, 0, rows, values[n], cols);
        tensors[n] = (struct zg_written_tensor){names[n], ZG_FP32, rows, cols, values[n]};
        n++;
    }
    CU_ASSERT(zg_write_safetensors(dir, "model.safetensors", tensors, n));
    zg_model_open(&got, dir, 1, &err);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    if (got) {
        CU_ASSERT_EQUAL(zg_model_fingerprint(got), zg_model_fingerprint(want));
        CU_ASSERT_PTR_NULL(zg_model_warning(got));
        CU_ASSERT_PTR_NULL(zg_model_note(got));
    }
    zg_model_close(&got);
    zg_model_close(&want);
    zg_temp_directory_remove(&dir);
}

static void in_module(const char *name, char out[256])
{
    snprintf(out, 256, "module.%s", name);
}
static void compiled(const char *name, char out[256])
{
    snprintf(out, 256, "_orig_mod.%s", name);
}
static void of_peft(const char *name, char out[256])
{
    snprintf(out, 256, "base_model.model.%s", name);
}
static void in_model(const char *name, char out[256])
{
    snprintf(out, 256, "model.%s", name);
}
static void in_two(const char *name, char out[256])
{
    snprintf(out, 256, "module._orig_mod.%s", name);
}
static void head_for_embedding(const char *name, char out[256])
{
    const bool is_it = strcmp(name, "model.decoder.embed_tokens.weight") == 0;
    snprintf(out, 256, "%s", is_it ? "lm_head.weight" : name);
}

static void test_wrapped(void)
{
    rename_fn *const all[] = {in_module, compiled, of_peft, in_model, in_two, head_for_embedding};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        expect_renamed(all[i]);
}

/* An untied model's head is no embedding. */
static void test_head_alone(void)
{
    char *dir = zg_temp_directory_make();
    struct zg_model_shape untied = small;
    struct zg_model *model = NULL;
    struct zg_error err = {0};
    untied.tied_head = false;
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    write_small(dir, true);
    zg_write_config(dir, &untied, NULL);
    rename_tensor(dir, "model.decoder.embed_tokens.weight", "model.decoder.embed_tokenz.weight");
    CU_ASSERT_EQUAL(zg_model_open(&model, dir, 1, &err), ZG_INPUT);
    zg_test_expect_words(err.text, "they have lm_head.weight, which is no embedding");
    zg_temp_directory_remove(&dir);
}

/* What the index lists and nobody needs: a tensor that is nowhere, a shard that is not there. */
static void test_long_index(void)
{
    char *dir = zg_temp_directory_make();
    struct zg_model *want = open_small(true), *got = NULL;
    struct zg_error err = {0};
    const struct zg_write_options options = {.dtype = ZG_FP32, .prefix = true};
    CU_ASSERT_FATAL(dir && zg_write_model(dir, want, &options));
    char from[4096], to[4096];
    snprintf(from, sizeof from, "%s/model.safetensors", dir);
    snprintf(to, sizeof to, "%s/" FIRST, dir);
    CU_ASSERT_EQUAL(rename(from, to), 0);
    zg_write_text(dir, INDEX,
                  "{\"weight_map\": {\"lm_head.weight\": \"" FIRST "\", \"x.y\": "
                  "\"gone.safetensors\"}}");
    CU_ASSERT_EQUAL(zg_model_open(&got, dir, 1, &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    if (got)
        CU_ASSERT_EQUAL(zg_model_fingerprint(got), zg_model_fingerprint(want));
    zg_model_close(&got);
    zg_model_close(&want);
    zg_temp_directory_remove(&dir);
}

/* A tensor more, and what is said of it. */
static void test_left_over(void)
{
    static const struct {
        const char *name, *note, *warning;
    } cases[] = {
        {"model.decoder.layers.0.self_attn.bias", "1 buffer or mask", NULL},
        {"model.decoder.layers.0.self_attn.masked_bias", "1 buffer or mask", NULL},
        {"model.decoder.embed_positions.position_ids", "1 buffer or mask", NULL},
        {"model.decoder.rotary_emb.inv_freq", "1 buffer or mask", NULL},
        {"model.decoder.version", "1 buffer or mask not used, model.decoder.version", NULL},
        {"v_head.summary.weight", NULL, "1 stored tensor not used, v_head.summary.weight"},
        {"model.decoder.layers.1.self_attn.q_norm.weight", NULL, "q_norm.weight"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *dir = zg_temp_directory_make();
        struct zg_model *model = NULL;
        CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
        write_small(dir, false);
        with_tensor(dir, &(struct zg_written_tensor){cases[i].name, ZG_FP32, 1, 1, zeros});
        CU_ASSERT_EQUAL_FATAL(zg_model_open(&model, dir, 1, NULL), ZG_OK);
        const char *const note = zg_model_note(model), *const warning = zg_model_warning(model);
        CU_ASSERT(!note == !cases[i].note && !warning == !cases[i].warning);
        if (note && cases[i].note)
            zg_test_expect_words(note, cases[i].note);
        if (warning && cases[i].warning)
            zg_test_expect_words(warning, cases[i].warning);
        zg_model_close(&model);
        zg_temp_directory_remove(&dir);
    }
}

/* Tensors that no OPT model has, and a header of odd length (unaligned data), are no reason to
 * refuse. */
static void test_tolerated(void)
{
    char *dir = zg_temp_directory_make();
    struct zg_model *want = open_small(true), *got = NULL;
    const struct zg_write_options options = {.dtype = ZG_FP32, .prefix = true};
    CU_ASSERT_FATAL(dir && zg_write_model(dir, want, &options));
    with_tensor(dir, &(struct zg_written_tensor){"model.decoder.version", ZG_FP32, 1, 1, zeros});
    CU_ASSERT_EQUAL_FATAL(zg_model_open(&got, dir, 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_model_fingerprint(got), zg_model_fingerprint(want));
    zg_model_close(&got);

    /* Move the data by one byte: one space more in the header. */
    char path[4096];
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    FILE *f = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    static unsigned char bytes[1 << 17];
    const size_t n = fread(bytes + 1, 1, sizeof bytes - 1, f);
    fclose(f);
    CU_ASSERT_FATAL(n > 8 && n < sizeof bytes - 1);
    memmove(bytes, bytes + 1, 8);
    size_t length = 0;
    memcpy(&length, bytes, 8);
    length++;
    memcpy(bytes, &length, 8);
    bytes[8] = ' ';
    CU_ASSERT(zg_write_file(dir, "model.safetensors", bytes, n + 1));
    CU_ASSERT_EQUAL_FATAL(zg_model_open(&got, dir, 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_model_fingerprint(got), zg_model_fingerprint(want));
    zg_model_close(&got);
    zg_model_close(&want);
    zg_temp_directory_remove(&dir);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"names in a wrapper, a tied head alone", test_wrapped},
        {"an untied head alone", test_head_alone},
        {"an index that lists too much", test_long_index},
        {"tensors that are left over", test_left_over},
        {"what is tolerated", test_tolerated},
        {NULL, NULL},
    };
    return zg_test_run("directory, odd", tests);
}
