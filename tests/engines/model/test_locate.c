/* test_locate.c - locate.c on tables of contents made by hand: what is found, what each refusal
 * says, what is told of tensors that are left over. */
#include "engines/model/locate.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/convert.h"
#include "tests/support/cunit_run.h"
#include "tests/support/exact.h"
#include "tests/support/failing_alloc.h"

/* An embedding of 1200 elements: more than a tied head is compared in at a time. */
static const struct zg_model_shape tied = {.n_layers = 1,
                                           .d_model = 12,
                                           .n_heads = 3,
                                           .d_ffn = 20,
                                           .n_vocab = 100,
                                           .n_positions = 9,
                                           .tied_head = true};
enum { MOST = 48, N_EMBEDDING = 1200 };

struct files {
    struct zg_shard shards[2];
    struct zg_safetensor tensors[2][MOST];
    char names[2][MOST][160];
    float data[2][N_EMBEDDING]; /* of every tensor, and of the tied head */
    struct zg_shards all;
    struct zg_model_shape shape;
    /* found */
    struct zg_located located[64];
    char *warning, *note;
    struct zg_error err;
};

static struct zg_safetensor *add(struct files *f, int shard, const char *name, int64_t rows,
                                 int64_t cols)
{
    struct zg_safetensors *const table = &f->shards[shard].table;
    const int64_t at = table->n_tensors++;
    snprintf(f->names[shard][at], sizeof f->names[shard][at], "%s", name);
    f->tensors[shard][at] = (struct zg_safetensor){.name = f->names[shard][at],
                                                   .dtype = "F32",
                                                   .dims = {rows, cols},
                                                   .n_dims = cols == 1 ? 1 : 2,
                                                   .n_bytes = rows * cols * 4};
    return &f->tensors[shard][at];
}

static struct zg_safetensor *find(struct files *f, const char *end)
{
    for (int64_t i = 0; i < f->shards[0].table.n_tensors; i++)
        if (strstr(f->names[0][i], end))
            return &f->tensors[0][i];
    abort();
}

/* All tensors of the shape in the first of two files, under `prefix` and their names. */
static struct files *start(const struct zg_model_shape *shape, const char *prefix)
{
    struct files *const f = calloc(1, sizeof *f);
    if (!f)
        abort();
    f->shape = *shape;
    for (int s = 0; s < 2; s++) {
        static char paths[2][20] = {"dir/a.safetensors", "dir/b.safetensors"};
        f->shards[s].path = paths[s];
        f->shards[s].table.tensors = f->tensors[s];
        f->shards[s].file.bytes = (const unsigned char *)f->data;
        f->shards[s].file.size = sizeof f->data;
        for (int i = 0; i < N_EMBEDDING; i++)
            f->data[s][i] = (float)i / 7;
    }
    f->all = (struct zg_shards){.shards = f->shards, .n_shards = 2};
    for (int32_t id = 0; id < zg_tensor_end(shape->n_layers); id++) {
        int64_t rows, cols;
        char name[128], whole[160];
        if (zg_tensor_owner(shape, id) != id || !zg_model_tensor_size(shape, id, &rows, &cols))
            continue;
        zg_model_tensor_name(shape, id, name, sizeof name);
        snprintf(whole, sizeof whole, "%s%s", prefix, name);
        add(f, 0, whole, rows, cols);
    }
    return f;
}

static enum zg_status locate(struct files *f)
{
    free(f->warning);
    free(f->note);
    f->warning = f->note = NULL;
    zg_error_clear(&f->err);
    memset(f->located, 0, sizeof f->located);
    return zg_tensors_locate(f->located, &f->shape, &f->all, "dir", &f->warning, &f->note, &f->err);
}

static void stop(struct files *f)
{
    free(f->warning);
    free(f->note);
    json_decref(f->all.index);
    free(f);
}

static void expect_refusal(struct files *f, const char *text)
{
    CU_ASSERT_EQUAL(locate(f), ZG_INPUT);
    if (strcmp(f->err.text, text) != 0)
        printf("\n    \"%s\" is not \"%s\"", f->err.text, text);
    CU_ASSERT_STRING_EQUAL(f->err.text, text);
}

static void all_are_found(void)
{
    static const char *const dtypes[] = {"F32", "F16", "BF16"};
    for (int i = 0; i < 6; i++) {
        struct zg_model_shape shape = tied;
        shape.n_layers = 1 + i % 2;
        shape.tied_head = i < 3;
        struct files *const f = start(&shape, "");
        int64_t n_found = 0;
        for (int64_t t = 0; t < f->shards[0].table.n_tensors; t++) {
            f->tensors[0][t].dtype = dtypes[i % 3];
            f->tensors[0][t].begin = 4 * t;
        }
        CU_ASSERT_EQUAL(locate(f), ZG_OK);
        CU_ASSERT_STRING_EQUAL(f->err.text, "");
        CU_ASSERT(!f->warning && !f->note);
        for (int32_t id = 0; id < zg_tensor_end(shape.n_layers); id++) {
            const struct zg_located *const found = &f->located[id];
            int64_t rows, cols;
            char name[128];
            if (!found->shard)
                continue;
            CU_ASSERT_FATAL(zg_model_tensor_size(&shape, id, &rows, &cols));
            zg_model_tensor_name(&shape, id, name, sizeof name);
            CU_ASSERT_STRING_EQUAL(found->name, name);
            CU_ASSERT_EQUAL(found->n_elements, rows * cols);
            CU_ASSERT_EQUAL(found->dtype, (i % 3 == 0 ? ZG_FP32 : i % 3 == 1 ? ZG_FP16 : ZG_BF16));
            CU_ASSERT_EQUAL(found->bytes, f->shards[0].file.bytes + 4 * n_found);
            n_found++;
        }
        CU_ASSERT_EQUAL(n_found, f->shards[0].table.n_tensors);
        stop(f);
    }
}

/* Elements of each dtype, from memory that ends behind the last. */
static void elements_are_read(void)
{
    static const int64_t ns[] = {0, 1, 2, 511, 512, 513, 1023, 1024, 1025, 1100};
    for (int dtype = 0; dtype < 3; dtype++)
        for (size_t i = 0; i < sizeof ns / sizeof *ns; i++)
            for (int64_t begin = 0; begin <= 3; begin += 3) {
                float values[1103], got[1104];
                uint16_t halves[1103];
                const int64_t n_all = begin + ns[i];
                for (int64_t e = 0; e < n_all; e++) {
                    halves[e] = (uint16_t)(0x3c00 + e);
                    values[e] = dtype == 0   ? (float)e
                                : dtype == 1 ? zg_float_of_fp16(halves[e])
                                             : zg_float_of_bf16(halves[e]);
                }
                const size_t size = (size_t)n_all * (dtype ? 2 : 4);
                void *const bytes = exact_copy(dtype ? (const void *)halves : values, size);
                const struct zg_located tensor = {.bytes = bytes,
                                                  .n_elements = n_all,
                                                  .dtype = dtype == 0   ? ZG_FP32
                                                           : dtype == 1 ? ZG_FP16
                                                                        : ZG_BF16};
                got[ns[i]] = -77;
                zg_located_read(&tensor, begin, ns[i], got);
                CU_ASSERT_EQUAL(memcmp(got, values + begin, (size_t)ns[i] * sizeof *got), 0);
                CU_ASSERT_EQUAL(got[ns[i]], -77);
                exact_free(bytes, size);
            }
}

static void wrong_shapes(void)
{
    struct files *const f = start(&tied, "");
    struct zg_safetensor *t = find(f, "layers.0.fc2.bias"); /* [12] */
    t->dims[0] = 13;
    expect_refusal(f, "dir/a.safetensors: tensor model.decoder.layers.0.fc2.bias has 1 dimensions "
                      "and 13 elements in the first; config.json asks for [12]");
    *t = (struct zg_safetensor){.name = t->name, .dtype = "F32", .dims = {12, 1}, .n_dims = 2};
    expect_refusal(f, "dir/a.safetensors: tensor model.decoder.layers.0.fc2.bias has 2 dimensions "
                      "and 12 elements in the first; config.json asks for [12]");
    t->n_dims = 0;
    expect_refusal(f, "dir/a.safetensors: tensor model.decoder.layers.0.fc2.bias has 0 dimensions "
                      "and 0 elements in the first; config.json asks for [12]");
    t->n_dims = 1;
    t = find(f, "layers.0.fc2.weight"); /* [12, 20] */
    static const struct {
        int64_t n_dims, dims[3];
        const char *what;
    } wrong[] = {
        {2, {12, 21}, "2 dimensions, the first two [12, 21]"},
        {2, {13, 20}, "2 dimensions, the first two [13, 20]"},
        {2, {20, 12}, "2 dimensions, the first two [20, 12]"},
        {1, {240}, "1 dimensions, the first two [240, 0]"},
        {1, {12, 20}, "1 dimensions, the first two [12, 0]"},
        {0, {12, 20}, "0 dimensions, the first two [0, 0]"},
        {3, {12, 20, 1}, "3 dimensions, the first two [12, 20]"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[256];
        t->n_dims = wrong[i].n_dims;
        memcpy(t->dims, wrong[i].dims, sizeof wrong[i].dims);
        snprintf(text, sizeof text,
                 "dir/a.safetensors: tensor model.decoder.layers.0.fc2.weight has %s; config.json "
                 "asks for [12, 20]",
                 wrong[i].what);
        expect_refusal(f, text);
    }
    t->n_dims = 2;
    t->dtype = "F64";
    expect_refusal(f, "dir/a.safetensors: tensor model.decoder.layers.0.fc2.weight is F64; weights "
                      "must be F32, F16 or BF16");
    stop(f);
}

static void there_twice(void)
{
    struct files *const f = start(&tied, "");
    add(f, 1, "model.decoder.layers.0.fc2.bias", 12, 1);
    expect_refusal(f,
                   "dir/b.safetensors: tensor model.decoder.layers.0.fc2.bias is there twice: in "
                   "a.safetensors too");
    strcpy(f->names[1][0], "decoder.layers.0.fc2.bias");
    expect_refusal(f, "dir/b.safetensors: tensor decoder.layers.0.fc2.bias is there twice: in "
                      "a.safetensors too, as model.decoder.layers.0.fc2.bias");
    f->shards[1].table.n_tensors = 0;
    add(f, 0, "decoder.layers.0.fc2.bias", 12, 1);
    expect_refusal(f, "dir/a.safetensors: tensor decoder.layers.0.fc2.bias is there twice: as "
                      "model.decoder.layers.0.fc2.bias too");
    stop(f);
}

static void a_tied_head(void)
{
    struct files *f = start(&tied, "");
    struct zg_safetensor *const head = add(f, 1, "lm_head.weight", 100, 12);
    head->begin = sizeof f->data[0];
    CU_ASSERT_EQUAL(locate(f), ZG_OK); /* equal */
    CU_ASSERT_STRING_EQUAL(f->located[ZG_T_EMBED_TOKENS].name, "model.decoder.embed_tokens.weight");
    CU_ASSERT(!f->warning && !f->note);
    static const int at[] = {0, 1, 1023, 1024, 1025, N_EMBEDDING - 1};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        f->data[1][at[i]] += 1;
        expect_refusal(f, "dir/b.safetensors: tensor lm_head.weight differs from "
                          "model.decoder.embed_tokens.weight, but config.json ties them: "
                          "tie_word_embeddings must be false, or the head removed");
        f->data[1][at[i]] = f->data[0][at[i]];
    }
    /* saved once, under the other name: it is the embedding */
    strcpy(f->names[0][find(f, "embed_tokens") - f->tensors[0]], "model.decoder.version");
    CU_ASSERT_EQUAL(locate(f), ZG_OK);
    CU_ASSERT_STRING_EQUAL(f->located[ZG_T_EMBED_TOKENS].name, "lm_head.weight");
    CU_ASSERT_EQUAL(f->located[ZG_T_EMBED_TOKENS].bytes, (const unsigned char *)f->data[1]);
    CU_ASSERT_EQUAL(f->located[ZG_T_EMBED_TOKENS].n_elements, N_EMBEDDING);
    /* twice, and of an untied model */
    add(f, 0, "lm_head.weight", 100, 12);
    expect_refusal(f, "dir/b.safetensors: tensor lm_head.weight is there twice: in a.safetensors "
                      "too");
    f->shards[1].table.n_tensors = 0;
    f->shape.tied_head = false;
    expect_refusal(f, "dir: the weights lack tensor model.decoder.embed_tokens.weight; they have "
                      "lm_head.weight, which is no embedding where config.json says "
                      "tie_word_embeddings false");
    stop(f);
    f = start(&tied, "");
    f->shape.tied_head = false;
    expect_refusal(f, "dir: the weights lack tensor lm_head.weight (config.json says "
                      "tie_word_embeddings false)");
    stop(f);
}

static void wrapped_names(void)
{
    static const char *const wrappers[] = {"module.",
                                           "_orig_mod.",
                                           "base_model.model.",
                                           "_forward_module.",
                                           "pretrained_model.",
                                           "_fsdp_wrapped_module.",
                                           "language_model.",
                                           "model.",
                                           "module._orig_mod.",
                                           "_orig_mod.module.",
                                           "model.language_model.",
                                           "module.module.model."};
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
        struct files *const f = start(&tied, wrappers[i]);
        char name[100];
        CU_ASSERT_EQUAL(locate(f), ZG_OK);
        CU_ASSERT_STRING_EQUAL(f->err.text, "");
        CU_ASSERT(!f->warning && !f->note);
        /* names of both files, and each of them, or it is no wrapper */
        snprintf(name, sizeof name, "%sdecoder.version", wrappers[i]);
        add(f, 1, name, 1, 1);
        CU_ASSERT_EQUAL(locate(f), ZG_OK);
        strcpy(f->names[1][0], "decoder.version");
        CU_ASSERT_EQUAL(locate(f), ZG_INPUT);
        zg_test_expect_words(f->err.text, "dir: the weights lack tensor model.decoder.");
        stop(f);
    }
    struct files *const f = start(&tied, "wrap."); /* of no framework */
    expect_refusal(f, "dir: the weights lack tensor model.decoder.embed_tokens.weight; they have "
                      "wrap.model.decoder.embed_tokens.weight");
    f->shards[0].table.n_tensors = 0; /* nothing at all */
    expect_refusal(f, "dir: the weights lack tensor model.decoder.embed_tokens.weight");
    stop(f);
}

/* A tensor more: what is said of it. */
static void left_over(void)
{
    static const struct {
        const char *name, *text;
        enum { REFUSED, WARNED, NOTED } how;
    } cases[] = {
        {"decoder.rotary_emb.inv_freq", "", NOTED},
        {"decoder.layers.0.self_attn.bias", "", NOTED},
        {"decoder.layers.0.self_attn.masked_bias", "", NOTED},
        {"decoder.layers.0.attention.bias", "", NOTED},
        {"decoder.layers.0.attention.masked_bias", "", NOTED},
        {"decoder.position_ids", "", NOTED},
        {"decoder.token_type_ids", "", NOTED},
        {"version", "", NOTED}, /* a whole name */
        {"decoder.causal_mask", "", NOTED},
        {"decoder.attn_mask", "", NOTED},
        {"decoder.attention_mask", "", NOTED},
        {"decoder.cos_cached", "", NOTED},
        {"decoder.sin_cached", "", NOTED},
        {"decoder._extra_state", "", NOTED},
        {"decoder.bn.num_batches_tracked", "", NOTED},
        {"decoder.version.weight", "", WARNED},
        {"ersion", "", WARNED},
        {"x", "", WARNED},
        {"decoder.layers.0.self_attn.q_norm.weight", "", WARNED},
        {"decoder.layers.x.weight", "", WARNED},
        {"decoder.layers./", "", WARNED}, /* before 0 */
        {"decoder.layers.:", "", WARNED}, /* behind 9 */
        {"decoder.layers.", "", WARNED},
        {"decoder.layers.0.q.lora_A.weight", "an adapter's, which zogap does not apply", REFUSED},
        {"decoder.layers.0.ia3_l", "an adapter's", REFUSED},
        {"decoder.adapter.weight", "an adapter's", REFUSED},
        {"prompt_encoder.embedding", "an adapter's", REFUSED},
        {"lm_head.modules_to_save.default", "an adapter's", REFUSED},
        {"prompt_embeddings", "an adapter's", REFUSED},
        {"decoder.layers.1.fc2.bias",
         "dir/b.safetensors: tensor decoder.layers.1.fc2.bias is of layer 1, but config.json says "
         "num_hidden_layers 1, so that the last is 0",
         REFUSED},
        {"decoder.layers.9.version", "is of layer 9, but", REFUSED},
        {"decoder.layers.2147483646.x", "is of layer 2147483646, but", REFUSED},
        {"decoder.layers.2147483648.x", "is of layer 2147483647, but", REFUSED},
        {"decoder.layers.99999999999999999999.x", "is of layer 2147483647, but", REFUSED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct files *const f = start(&tied, "");
        char told[256];
        add(f, 1, cases[i].name, 1, 1);
        CU_ASSERT_EQUAL(locate(f), cases[i].how == REFUSED ? ZG_INPUT : ZG_OK);
        if (cases[i].how == REFUSED) {
            zg_test_expect_words(f->err.text, cases[i].text);
        } else {
            const bool noted = cases[i].how == NOTED;
            const char *const text = noted ? f->note : f->warning;
            CU_ASSERT_PTR_NULL(noted ? f->warning : f->note);
            snprintf(told, sizeof told, "dir: 1 %s not used, %s",
                     noted ? "buffer or mask" : "stored tensor", cases[i].name);
            CU_ASSERT_STRING_EQUAL(text ? text : "nothing", told);
        }
        stop(f);
    }
}

static void several_left_over(void)
{
    struct files *const f = start(&tied, "");
    add(f, 0, "first", 1, 1);
    add(f, 0, "a.version", 1, 1);
    add(f, 1, "second", 1, 1);
    CU_ASSERT_EQUAL(locate(f), ZG_OK);
    CU_ASSERT_STRING_EQUAL(f->warning, "dir: 2 stored tensors not used, the first first");
    CU_ASSERT_STRING_EQUAL(f->note, "dir: 1 buffer or mask not used, a.version");
    add(f, 1, "b.version", 1, 1);
    add(f, 1, "third", 1, 1);
    add(f, 1, "c.version", 1, 1);
    CU_ASSERT_EQUAL(locate(f), ZG_OK);
    CU_ASSERT_STRING_EQUAL(f->warning, "dir: 3 stored tensors not used, the first first");
    CU_ASSERT_STRING_EQUAL(f->note, "dir: 3 buffer or masks not used, the first a.version");
    for (int n = 1;; n++) {
        free(f->warning);
        free(f->note);
        f->warning = f->note = NULL;
        memset(f->located, 0, sizeof f->located);
        fail_allocation(n);
        const enum zg_status status = zg_tensors_locate(f->located, &f->shape, &f->all, "dir",
                                                        &f->warning, &f->note, &f->err);
        if (!allocation_failed()) {
            CU_ASSERT_EQUAL(status, ZG_OK);
            CU_ASSERT_EQUAL(n, 3);
            break;
        }
        CU_ASSERT_EQUAL(status, ZG_ENV);
        CU_ASSERT_STRING_EQUAL(f->err.text, "dir: no memory");
        zg_error_clear(&f->err);
    }
    stop(f);
}

/* What is said of one that is missing: where the index has it, or what is most like it. */
static void missing(void)
{
    struct files *const f = start(&tied, "");
    struct zg_safetensor *const bias = find(f, "layers.0.fc2.bias");
    strcpy(f->names[0][bias - f->tensors[0]], "model.decoder.layers.0.fc3.bias");
    add(f, 1, "layers.0.fc1.bias", 1, 1);
    expect_refusal(f, "dir: the weights lack tensor model.decoder.layers.0.fc2.bias; they have "
                      "model.decoder.layers.0.fc3.bias");
    add(f, 1, "other.fc2.bias", 1, 1); /* ends more like it */
    expect_refusal(f, "dir: the weights lack tensor model.decoder.layers.0.fc2.bias; they have "
                      "other.fc2.bias");
    add(f, 1, "another.fc2.bias", 1, 1); /* no more: the first stays */
    expect_refusal(f, "dir: the weights lack tensor model.decoder.layers.0.fc2.bias; they have "
                      "other.fc2.bias");
    add(f, 1, "c2.bias", 1, 1); /* shorter than what is common */
    expect_refusal(f, "dir: the weights lack tensor model.decoder.layers.0.fc2.bias; they have "
                      "other.fc2.bias");
    add(f, 1, "wrapped.model.decoder.layers.0.fc2.bias", 1, 1); /* longer */
    expect_refusal(f, "dir: the weights lack tensor model.decoder.layers.0.fc2.bias; they have "
                      "wrapped.model.decoder.layers.0.fc2.bias");
    /* what the shape has is never named as what there is instead */
    struct files *const less = start(&tied, "");
    struct zg_safetensor *const gone = find(less, "embed_positions");
    *gone = less->tensors[0][--less->shards[0].table.n_tensors];
    expect_refusal(less, "dir: the weights lack tensor model.decoder.embed_positions.weight");
    stop(less);
    f->all.index =
        json_pack("{s:{s:s}}", "weight_map", "model.decoder.layers.0.fc2.bias", "b.safetensors");
    expect_refusal(f,
                   "dir: the weights lack tensor model.decoder.layers.0.fc2.bias: the index says "
                   "that it is in b.safetensors, and it is not");
    json_decref(f->all.index);
    f->all.index =
        json_pack("{s:{s:s}}", "weight_map", "model.decoder.layers.0.fc2.bias", "c.safetensors");
    expect_refusal(f,
                   "dir: the weights lack tensor model.decoder.layers.0.fc2.bias: the index says "
                   "that it is in c.safetensors, and there is no such file");
    stop(f);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"all are found", all_are_found},
        {"elements are read", elements_are_read},
        {"wrong shapes", wrong_shapes},
        {"there twice", there_twice},
        {"a tied head", a_tied_head},
        {"wrapped names", wrapped_names},
        {"left over", left_over},
        {"several left over", several_left_over},
        {"missing", missing},
        {NULL, NULL},
    };
    return zg_test_run("locate", tests);
}
