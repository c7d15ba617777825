/* test_directory_hostile.c - Hugging Face directories that must be refused, each with one clear
 * line.  Oddities that are no reason to refuse are in test_directory_odd.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/model/shards.h"
#include "tests/engines/model/small_directory.h"
#include "tests/support/cunit_run.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/safetensors_writer.h"

/* ---- hostile directories: a good one, changed by one hand, and the words of the message ---- */

typedef void change_fn(const char *dir);

static void drop(const char *dir, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    CU_ASSERT_EQUAL(remove(path), 0);
}

static void cut(const char *dir, const char *name, int64_t drop_bytes)
{
    char path[4096];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    CU_ASSERT_EQUAL_FATAL(stat(path, &info), 0);
    CU_ASSERT_EQUAL(truncate(path, info.st_size - drop_bytes), 0);
}

static void no_config(const char *dir)
{
    drop(dir, "config.json");
}
static void empty_config(const char *dir)
{
    zg_write_text(dir, "config.json", "");
}
static void other_config(const char *dir)
{
    zg_write_text(dir, "config.json", "{\"model_type\": \"llama\"}");
}
static void wider_config(const char *dir)
{
    struct zg_model_shape shape = small;
    shape.d_ffn = 24;
    zg_write_config(dir, &shape, NULL);
}
static void longer_config(const char *dir)
{
    struct zg_model_shape shape = small;
    shape.n_positions = 10;
    zg_write_config(dir, &shape, NULL);
}
static void deeper_config(const char *dir)
{
    struct zg_model_shape shape = small;
    shape.n_layers = 3;
    zg_write_config(dir, &shape, NULL);
}
static void untied_config(const char *dir)
{
    struct zg_model_shape shape = small;
    shape.tied_head = false;
    zg_write_config(dir, &shape, NULL);
}
static void post_norm(const char *dir)
{
    zg_write_config(dir, &small, ", \"do_layer_norm_before\": false");
}
static void config_is_directory(const char *dir)
{
    char path[4096];
    drop(dir, "config.json");
    snprintf(path, sizeof path, "%s/config.json", dir);
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
}
static void config_is_pipe(const char *dir)
{
    char path[4096];
    drop(dir, "config.json");
    snprintf(path, sizeof path, "%s/config.json", dir);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
}
static void no_weights(const char *dir)
{
    drop(dir, "model.safetensors");
}
static void pickle(const char *dir)
{
    drop(dir, "model.safetensors");
    zg_write_text(dir, "pytorch_model.bin", "PK");
}
static void tensorflow(const char *dir)
{
    drop(dir, "model.safetensors");
    zg_write_text(dir, "tf_model.h5", "x");
}
static void pickled_shards(const char *dir)
{
    drop(dir, "model.safetensors");
    zg_write_text(dir, "pytorch_model.bin.index.json", "{}");
}
static void flax(const char *dir)
{
    drop(dir, "model.safetensors");
    zg_write_text(dir, "flax_model.msgpack", "x");
}
static void empty_weights(const char *dir)
{
    zg_write_text(dir, "model.safetensors", "");
}
static void truncated_weights(const char *dir)
{
    cut(dir, "model.safetensors", 1);
}
static void text_weights(const char *dir)
{
    zg_write_text(dir, "model.safetensors", "version https://git-lfs.github.com/spec/v1\n");
}

static void words_as_weights(const char *dir)
{
    zg_write_text(dir, "model.safetensors", "some words, and a few more\n");
}

static void transposed(const char *dir)
{
    with_tensor(dir, &(struct zg_written_tensor){"model.decoder.layers.1.fc2.weight", ZG_FP32, 20,
                                                 12, zeros});
}
static void flat(const char *dir)
{
    with_tensor(dir, &(struct zg_written_tensor){"model.decoder.layers.1.fc2.weight", ZG_FP32, 240,
                                                 1, zeros});
}
static void matrix_bias(const char *dir)
{
    with_tensor(
        dir, &(struct zg_written_tensor){"model.decoder.layers.1.fc2.bias", ZG_FP32, 6, 2, zeros});
}
static void twice(const char *dir)
{
    with_tensor(dir,
                &(struct zg_written_tensor){"decoder.layers.1.fc2.bias", ZG_FP32, 12, 1, zeros});
}
static void nan_weight(const char *dir)
{
    static float v[240];
    v[7 * 20 + 3] = NAN;
    v[9 * 20 + 3] = NAN; /* the first one is named */
    with_tensor(
        dir, &(struct zg_written_tensor){"model.decoder.layers.1.fc2.weight", ZG_FP32, 12, 20, v});
}
static void third_layer(const char *dir)
{
    with_tensor(
        dir, &(struct zg_written_tensor){"model.decoder.layers.2.fc2.bias", ZG_FP32, 12, 1, zeros});
}
static void far_layer(const char *dir)
{
    with_tensor(dir, &(struct zg_written_tensor){"decoder.layers.99999999999999999999.x", ZG_FP32,
                                                 12, 1, zeros});
}
static void other_head(const char *dir)
{
    with_tensor(dir, &(struct zg_written_tensor){"lm_head.weight", ZG_FP32, 30, 12, zeros});
}
static void narrow_head(const char *dir)
{
    with_tensor(dir, &(struct zg_written_tensor){"lm_head.weight", ZG_FP32, 30, 11, zeros});
}
static void lora(const char *dir)
{
    with_tensor(dir, &(struct zg_written_tensor){
                         "base_model.model.model.decoder.layers.0.self_attn.q_proj.lora_A.weight",
                         ZG_FP32, 2, 12, zeros});
}
static void adapter_beside(const char *dir)
{
    zg_write_text(dir, "adapter_config.json", "{}");
}
static void adapter_weights_beside(const char *dir)
{
    zg_write_text(dir, "adapter_model.safetensors", "");
}
static void renamed(const char *dir)
{
    rename_tensor(dir, "model.decoder.embed_tokens.weight", "modem.decoder.embed_tokens.weight");
}
static void infinite_bias(const char *dir)
{
    static float v[12];
    v[11] = -INFINITY;
    with_tensor(dir,
                &(struct zg_written_tensor){"model.decoder.layers.0.fc2.bias", ZG_FP16, 12, 1, v});
}
static void nan_bf16(const char *dir)
{
    static float v[360];
    v[0] = NAN;
    with_tensor(
        dir, &(struct zg_written_tensor){"model.decoder.embed_tokens.weight", ZG_BF16, 30, 12, v});
}
static void integer_weight(const char *dir)
{
    char header[512];
    snprintf(header, sizeof header,
             "{\"decoder.embed_tokens.weight\":{\"dtype\":\"I8\",\"shape\":[30,12],\"data_"
             "offsets\":[0,360]}}");
    CU_ASSERT(zg_write_safetensors_raw(dir, "model.safetensors", header, zeros, 360));
}

static void index_not_json(const char *dir)
{
    zg_write_text(dir, INDEX, "{\"weight_map\": {");
}
static void index_without_map(const char *dir)
{
    zg_write_text(dir, INDEX, "{\"metadata\": {}}");
}
static void index_map_is_list(const char *dir)
{
    zg_write_text(dir, INDEX, "{\"weight_map\": []}");
}
static void index_empty_map(const char *dir)
{
    zg_write_text(dir, INDEX, "{\"weight_map\": {}}");
}
static void index_empty(const char *dir)
{
    zg_write_text(dir, INDEX, "");
}
static void index_duplicate(const char *dir)
{
    zg_write_text(dir, INDEX, "{\"weight_map\": {\"a\": \"" FIRST "\", \"a\": \"" FIRST "\"}}");
}
static void index_number(const char *dir)
{
    zg_write_text(dir, INDEX, "{\"weight_map\": {\"a\": 3}}");
}
static void index_parent(const char *dir)
{
    zg_write_text(dir, INDEX, "{\"weight_map\": {\"a\": \"../" FIRST "\"}}");
}
static void index_absolute(const char *dir)
{
    zg_write_text(dir, INDEX, "{\"weight_map\": {\"a\": \"/etc/x.safetensors\"}}");
}
static void index_dots(const char *dir)
{
    zg_write_text(dir, INDEX, "{\"weight_map\": {\"a\": \"..\"}}");
}
static void index_hidden(const char *dir)
{
    zg_write_text(dir, INDEX, "{\"weight_map\": {\"a\": \".x.safetensors\"}}");
}
static void index_other_kind(const char *dir)
{
    zg_write_text(dir, INDEX, "{\"weight_map\": {\"a\": \"config.json\"}}");
}
static void index_wrong_file(const char *dir)
{
    zg_write_safetensors(dir, FIRST, &(struct zg_written_tensor){"other", ZG_FP32, 1, 1, zeros}, 1);
    zg_write_text(dir, INDEX,
                  "{\"weight_map\": {\"model.decoder.embed_tokens.weight\": \"" FIRST "\"}}");
}
static void index_without_file(const char *dir)
{
    zg_write_text(
        dir, INDEX,
        "{\"weight_map\": {\"model.decoder.embed_tokens.weight\": \"gone.safetensors\"}}");
}
/* As two saves of one model into one directory leave it. */
static void two_shards(const char *dir)
{
    char from[4096], to[4096];
    snprintf(from, sizeof from, "%s/" FIRST, dir);
    snprintf(to, sizeof to, "%s/model-00001-of-00002.safetensors", dir);
    CU_ASSERT_EQUAL(link(from, to), 0);
    zg_write_text(dir, INDEX,
                  "{\"weight_map\": {\"a\": \"" FIRST "\", "
                  "\"b\": \"model-00001-of-00002.safetensors\"}}");
}
static void shard_missing(const char *dir)
{
    drop(dir, FIRST);
}
static void shard_truncated(const char *dir)
{
    cut(dir, FIRST, 5);
}

struct hostile {
    change_fn *change;
    const char *words[2];
};

static void expect_refusals(const struct hostile *cases, size_t n, int64_t n_shards)
{
    const struct zg_write_options options = {
        .dtype = ZG_FP32, .prefix = true, .n_shards = n_shards};
    for (size_t i = 0; i < n; i++) {
        char *dir = zg_temp_directory_make();
        struct zg_model *source = open_small(true), *model = source;
        struct zg_error err = {0};
        CU_ASSERT_FATAL(dir && zg_write_model(dir, source, &options));
        cases[i].change(dir);
        CU_ASSERT_EQUAL(zg_model_open(&model, dir, 1, &err), ZG_INPUT);
        CU_ASSERT_PTR_NULL(model);
        CU_ASSERT(strncmp(err.text, dir, strlen(dir)) == 0); /* it names the place */
        for (int w = 0; w < 2; w++)
            if (cases[i].words[w])
                zg_test_expect_words(err.text, cases[i].words[w]);
        zg_model_close(&source);
        zg_temp_directory_remove(&dir);
    }
}

static void test_hostile_config(void)
{
    static const struct hostile cases[] = {
        {no_config, {"no config.json"}},
        {empty_config, {"config.json", "not valid JSON"}},
        {other_config, {"llama"}},
        {wider_config, {"fc1.bias", "[24]"}},
        {longer_config, {"embed_positions", "[12, 12]"}},
        {deeper_config, {"lack", "layers.2.self_attn.q_proj.weight"}},
        {untied_config, {"lm_head.weight", "tie_word_embeddings"}},
        {post_norm, {"do_layer_norm_before", "350M"}},
        {config_is_directory, {"config.json", "not a regular file"}},
        {config_is_pipe, {"config.json", "not a regular file"}},
    };
    expect_refusals(cases, sizeof cases / sizeof cases[0], 1);
}

static void test_hostile_weights(void)
{
    static const struct hostile cases[] = {
        {no_weights, {"neither model.safetensors nor"}},
        {pickle, {"pytorch_model.bin", "safetensors only"}},
        {empty_weights, {"model.safetensors", "too few"}},
        {truncated_weights, {"truncated"}},
        {text_weights, {"model.safetensors: this is a Git LFS pointer", "git lfs pull"}},
        {words_as_weights, {"is this a safetensors file?"}},
        {transposed, {"layers.1.fc2.weight", "[20, 12]"}},
        {flat, {"layers.1.fc2.weight", "1 dimensions"}},
        {matrix_bias, {"layers.1.fc2.bias", "2 dimensions"}},
        {twice, {"layers.1.fc2.bias", "twice"}},
        {nan_weight, {"layers.1.fc2.weight", "row 7, column 3"}},
        {infinite_bias, {"layers.0.fc2.bias", "row 11, column 0"}},
        {nan_bf16, {"embed_tokens", "row 0, column 0"}},
        {integer_weight, {"embed_tokens", "I8"}},
        {third_layer, {"layers.2.fc2.bias", "num_hidden_layers 2"}},
        {far_layer, {"layers.9999", "num_hidden_layers 2"}},
        {other_head, {"lm_head.weight differs from model.decoder.embed_tokens", "tie_word"}},
        {narrow_head, {"lm_head.weight", "[30, 11]"}},
        {lora, {"lora_A.weight is an adapter's", "merge"}},
        {adapter_beside, {"adapter_config.json is there", "merge"}},
        {adapter_weights_beside, {"adapter_model.safetensors is there"}},
        {renamed, {"lack tensor model.decoder.embed_tokens.weight; they have modem.decoder"}},
        {tensorflow, {"of TensorFlow (tf_model.h5)"}},
        {pickled_shards, {"a PyTorch pickle (pytorch_model.bin.index.json)"}},
        {flax, {"of Flax (flax_model.msgpack)", "safetensors only"}},
    };
    expect_refusals(cases, sizeof cases / sizeof cases[0], 1);
}

static void test_hostile_index(void)
{
    static const struct hostile cases[] = {
        {index_not_json, {INDEX, "not valid JSON"}},
        {index_empty, {INDEX, "not valid JSON"}},
        {index_without_map, {"weight_map"}},
        {index_map_is_list, {"weight_map"}},
        {index_empty_map, {"lack tensor"}},
        {index_duplicate, {"duplicate"}},
        {index_number, {"plain *.safetensors name"}},
        {index_parent, {"plain *.safetensors name", "../"}},
        {index_absolute, {"plain *.safetensors name", "/etc"}},
        {index_dots, {"plain *.safetensors name"}},
        {index_hidden, {"plain *.safetensors name"}},
        {index_other_kind, {"plain *.safetensors name", "config.json"}},
        {index_wrong_file, {"embed_tokens.weight", "that it is in " FIRST ", and it is not"}},
        {index_without_file, {"embed_tokens.weight", "in gone.safetensors, and there is no such"}},
        {two_shards, {"weight is there twice", FIRST}},
        {shard_missing, {FIRST}},
        {shard_truncated, {FIRST, "truncated"}},
    };
    expect_refusals(cases, sizeof cases / sizeof cases[0], 3);
}

/* Each allocation fails once, of one file and of several, and of a synthetic model. */
static void test_no_memory(void)
{
    for (int way = 0; way < 3; way++) {
        const struct zg_write_options options = {
            .dtype = ZG_FP32, .prefix = true, .n_shards = way == 1 ? 3 : 1};
        char *dir = zg_temp_directory_make();
        struct zg_model *source = open_small(true);
        CU_ASSERT_FATAL(dir && zg_write_model(dir, source, &options));
        if (way == 0)
            with_tensor(dir, &(struct zg_written_tensor){"x.version", ZG_FP32, 1, 1, zeros});
        for (int n = 1;; n++) {
            struct zg_model *model = source;
            struct zg_error err = {0};
            fail_allocation(n);
            const enum zg_status status = way < 2
                                              ? zg_model_open(&model, dir, 1, &err)
                                              : zg_model_open_shape(&model, "x", &small, 1, &err);
            const bool failed = allocation_failed();
            CU_ASSERT_EQUAL(status, failed ? ZG_ENV : ZG_OK);
            CU_ASSERT_EQUAL(model == NULL, failed);
            if (failed)
                zg_test_expect_words(err.text, "no memory");
            zg_model_close(&model);
            if (!failed)
                break;
        }
        zg_model_close(&source);
        zg_temp_directory_remove(&dir);
    }
}

/* Names of shards, just allowed and just not: none of them is there, so a good one is passed over
 * until its tensor is missing. */
static void test_shard_names(void)
{
    char longest[257], longer[258];
    memset(longest, 's', 255);
    strcpy(longest + 243, ".safetensors");
    memset(longer, 's', 256);
    strcpy(longer + 244, ".safetensors");
    const struct {
        const char *name;
        bool good;
    } cases[] = {
        {"a.safetensors", true},
        {".safetensors", false},
        {"x.safetensors.", false},
        {"a.safetensor", false},
        {"safetensors", false},
        {"a b.safetensors", true},
        {"a..b.safetensors", false},
        {".a.safetensors", false},
        {"a/b.safetensors", false},
        {"a\\\\b.safetensors", false},
        {"", false},
        {longest, true},
        {longer, false},
        {"a.SAFETENSORS", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *dir = zg_temp_directory_make(), text[512];
        struct zg_model *model = NULL;
        struct zg_error err = {0};
        CU_ASSERT_FATAL(dir && zg_write_config(dir, &small, NULL));
        snprintf(text, sizeof text, "{\"weight_map\": {\"decoder.x\": \"%s\"}}", cases[i].name);
        zg_write_text(dir, INDEX, text);
        CU_ASSERT_EQUAL(zg_model_open(&model, dir, 1, &err), ZG_INPUT);
        zg_test_expect_words(err.text, cases[i].good ? "the weights lack tensor"
                                                     : ": tensor decoder.x: file \"");
        zg_temp_directory_remove(&dir);
    }
}

/* As many shards as are opened, and one more; as many tensors as an index may name. */
static void test_many_shards(void)
{
    enum { MOST_SHARDS = 1024, MOST_TENSORS = 65536 };
    char *const text = malloc((size_t)MOST_TENSORS * 40 + 100);
    struct zg_error err = {0};
    struct zg_model *model = NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (int more = 0; more <= 1; more++) {
        char *dir = zg_temp_directory_make();
        CU_ASSERT_FATAL(dir && zg_write_config(dir, &small, NULL));
        char *end = text + sprintf(text, "{\"weight_map\": {");
        for (int i = 0; i < MOST_SHARDS + more; i++) {
            char name[32];
            snprintf(name, sizeof name, "s%d.safetensors", i);
            zg_write_safetensors_raw(dir, name, "{}", "", 0);
            end += sprintf(end, "%s\"t%d\": \"%s\"", i ? "," : "", i, name);
        }
        strcpy(end, "}}");
        zg_write_text(dir, INDEX, text);
        CU_ASSERT_EQUAL(zg_model_open(&model, dir, 1, &err), ZG_INPUT);
        zg_test_expect_words(err.text,
                             more ? INDEX ": more than 1024 shards" : "weights lack tensor");
        zg_error_clear(&err);
        end = text + sprintf(text, "{\"weight_map\": {");
        for (int i = 0; i < MOST_TENSORS + more; i++)
            end += sprintf(end, "%s\"t%d\": \"gone.safetensors\"", i ? "," : "", i);
        strcpy(end, "}}");
        zg_write_text(dir, INDEX, text);
        CU_ASSERT_EQUAL(zg_model_open(&model, dir, 1, &err), ZG_INPUT);
        zg_test_expect_words(err.text, more ? INDEX
                                           ": weight_map must be an object of at most 65536"
                                            : "weights lack tensor");
        zg_error_clear(&err);
        zg_temp_directory_remove(&dir);
    }
    free(text);
}

/* What is no directory, in each way. */
static void test_no_directory(void)
{
    char *dir = zg_temp_directory_make(), path[4096], *const far = malloc(6001);
    struct zg_error err = {0};
    struct zg_model *model = NULL;
    CU_ASSERT_FATAL(dir && far && zg_write_text(dir, "file", "x"));
    snprintf(path, sizeof path, "%s/file", dir);
    CU_ASSERT_EQUAL(zg_model_open(&model, path, 1, &err), ZG_INPUT);
    zg_test_expect_words(err.text, "is a file; give the directory");
    zg_error_clear(&err);
    strcat(path, "/below");
    CU_ASSERT_EQUAL(zg_model_open(&model, path, 1, &err), ZG_INPUT);
    zg_test_expect_words(err.text, "no such directory");
    zg_error_clear(&err);
    snprintf(path, sizeof path, "%s/loop", dir);
    CU_ASSERT_EQUAL(symlink("loop", path), 0);
    CU_ASSERT_EQUAL(zg_model_open(&model, path, 1, &err), ZG_INPUT);
    zg_test_expect_words(err.text, "/loop: ");
    zg_error_clear(&err);
    memset(far, 'd', 6000);
    far[6000] = '\0';
    CU_ASSERT_EQUAL(zg_model_open(&model, far, 1, &err), ZG_INPUT);
    CU_ASSERT_FALSE(zg_model_has_file(far, "x"));
    zg_error_clear(&err);
    free(far);
    zg_temp_directory_remove(&dir);
}

/* An index as large as may be, and one byte larger. */
static void test_index_size(void)
{
    char *dir = zg_temp_directory_make(), path[4096];
    struct zg_error err = {0};
    struct zg_model *model = NULL;
    CU_ASSERT_FATAL(dir && zg_write_config(dir, &small, NULL));
    zg_write_text(dir, INDEX, "{}");
    snprintf(path, sizeof path, "%s/" INDEX, dir);
    for (int more = 0; more <= 1; more++) {
        CU_ASSERT_EQUAL(truncate(path, (16 << 20) + more), 0);
        CU_ASSERT_EQUAL(zg_model_open(&model, dir, 1, &err), ZG_INPUT);
        zg_test_expect_words(err.text, more
                                           ? "16777217 bytes; an index of over 16777216 is not read"
                                           : ":1: not valid JSON");
        zg_error_clear(&err);
    }
    zg_temp_directory_remove(&dir);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"hostile config.json", test_hostile_config},
        {"hostile weights", test_hostile_weights},
        {"hostile index", test_hostile_index},
        {"no memory", test_no_memory},
        {"names of shards", test_shard_names},
        {"an index's size", test_index_size},
        {"many shards", test_many_shards},
        {"no directory", test_no_directory},
        {NULL, NULL},
    };
    return zg_test_run("directory, hostile", tests);
}
