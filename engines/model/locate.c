/*
 * locate.c - one pass over the tensors that are stored: each is one of the shape's, or is left
 * over.  What is left over is refused where it tells that the files are of another model, and told
 * where it cannot be judged: nothing is dropped in silence.
 */
#include "engines/model/locate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/convert.h"
#include "engines/base/size.h"

struct search {
    struct zg_located *tensors;
    struct zg_located head; /* of a tied model, where one is stored */
    const struct zg_model_shape *shape;
    const struct zg_shards *shards;
    const char *path;
    int64_t n_prefix; /* bytes that every stored name begins with, of wrappers */
    int64_t n_buffers, n_unknown;
    const char *first_buffer, *first_unknown;
    struct zg_error *err;
};

typedef enum zg_status each_fn(struct search *s, const struct zg_shard *shard,
                               const struct zg_safetensor *tensor);

static enum zg_status each_tensor(struct search *s, each_fn *visit)
{
    for (int64_t i = 0; i < s->shards->n_shards; i++)
        for (int64_t t = 0; t < s->shards->shards[i].table.n_tensors; t++) {
            const struct zg_shard *const shard = &s->shards->shards[i];
            const enum zg_status status = visit(s, shard, &shard->table.tensors[t]);
            if (status != ZG_OK)
                return status;
        }
    return ZG_OK;
}

/* ---- elements ---- */

static int64_t item_bytes(enum zg_dtype dtype)
{
    return dtype == ZG_FP32 ? 4 : 2;
}

static void read_halves(const unsigned char *bytes, enum zg_dtype dtype, int64_t n, float *dst)
{
    enum { CHUNK = 512 };
    uint16_t halves[CHUNK];
    for (int64_t at = 0; at < n; at += CHUNK) {
        const int64_t m = zg_min64(CHUNK, n - at);
        memcpy(halves, bytes + 2 * at, (size_t)m * 2);
        if (dtype == ZG_BF16)
            for (int64_t i = 0; i < m; i++)
                dst[at + i] = zg_float_of_bf16(halves[i]);
        else
            for (int64_t i = 0; i < m; i++)
                dst[at + i] = zg_float_of_fp16(halves[i]);
    }
}

void zg_located_read(const struct zg_located *tensor, int64_t begin, int64_t n, float *dst)
{
    const unsigned char *const bytes = tensor->bytes + begin * item_bytes(tensor->dtype);
    if (n == 0)
        return;
    if (tensor->dtype == ZG_FP32)
        memcpy(dst, bytes, (size_t)n * sizeof *dst);
    else
        read_halves(bytes, tensor->dtype, n, dst);
}

/* ---- wrappers ---- */

/* What training frameworks put before the names of the model that they wrap. */
static const char *const wrappers[] = {
    "module.",           "_orig_mod.",
    "base_model.model.", "_forward_module.",
    "pretrained_model.", "_fsdp_wrapped_module.",
    "language_model.",   "model.",
};

static bool all_begin_with(const struct search *s, int64_t at, const char *prefix)
{
    int64_t n = 0;
    for (int64_t i = 0; i < s->shards->n_shards; i++)
        for (int64_t t = 0; t < s->shards->shards[i].table.n_tensors; t++, n++)
            if (strncmp(s->shards->shards[i].table.tensors[t].name + at, prefix, strlen(prefix)) !=
                0)
                return false;
    return n > 0;
}

static int64_t common_prefix(const struct search *s)
{
    int64_t n = 0;
    for (size_t w = 0; w < sizeof wrappers / sizeof wrappers[0];)
        if (all_begin_with(s, n, wrappers[w])) {
            n += (int64_t)strlen(wrappers[w]);
            w = 0;
        } else {
            w++;
        }
    return n;
}

/* ---- a tensor of the shape ---- */

static enum zg_status check_stored_shape(const struct search *s, const struct zg_shard *shard,
                                         const struct zg_safetensor *tensor, int64_t rows,
                                         int64_t cols)
{
    const bool vector = cols == 1;
    if (vector ? tensor->n_dims == 1 && tensor->dims[0] == rows
               : tensor->n_dims == 2 && tensor->dims[0] == rows && tensor->dims[1] == cols)
        return ZG_OK;
    const int64_t first = tensor->n_dims > 0 ? tensor->dims[0] : 0,
                  second = tensor->n_dims > 1 ? tensor->dims[1] : 0;
    if (vector)
        return zg_fail(s->err, ZG_INPUT,
                       "%s: tensor %.200s has %" PRId64 " dimensions and %" PRId64
                       " elements in the first; config.json asks for [%" PRId64 "]",
                       shard->path, tensor->name, tensor->n_dims, first, rows);
    return zg_fail(s->err, ZG_INPUT,
                   "%s: tensor %.200s has %" PRId64 " dimensions, the first two [%" PRId64
                   ", %" PRId64 "]; config.json asks for [%" PRId64 ", %" PRId64 "]",
                   shard->path, tensor->name, tensor->n_dims, first, second, rows, cols);
}

static bool find_dtype(const char *name, enum zg_dtype *out)
{
    static const struct {
        const char *name;
        enum zg_dtype dtype;
    } dtypes[] = {{"F32", ZG_FP32}, {"F16", ZG_FP16}, {"BF16", ZG_BF16}};
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++)
        if (strcmp(name, dtypes[i].name) == 0) {
            *out = dtypes[i].dtype;
            return true;
        }
    return false;
}

static enum zg_status fail_twice(const struct search *s, const struct zg_located *old,
                                 const struct zg_shard *shard, const struct zg_safetensor *tensor)
{
    if (old->shard != shard)
        return zg_fail(s->err, ZG_INPUT, "%s: tensor %.200s is there twice: in %s too%s%.200s",
                       shard->path, tensor->name, strrchr(old->shard->path, '/') + 1,
                       strcmp(old->name, tensor->name) ? ", as " : "",
                       strcmp(old->name, tensor->name) ? old->name : "");
    return zg_fail(s->err, ZG_INPUT, "%s: tensor %.200s is there twice: as %.200s too", shard->path,
                   tensor->name, old->name);
}

static enum zg_status take(struct search *s, const struct zg_shard *shard,
                           const struct zg_safetensor *tensor, int32_t id)
{
    int64_t rows, cols;
    zg_model_tensor_size(s->shape, id, &rows, &cols);
    /* The copy of a tied head waits until all tensors are known. */
    struct zg_located *const out = zg_tensor_owner(s->shape, id) == id ? &s->tensors[id] : &s->head;
    if (out->shard)
        return fail_twice(s, out, shard, tensor);
    enum zg_dtype dtype;
    if (!find_dtype(tensor->dtype, &dtype))
        return zg_fail(s->err, ZG_INPUT,
                       "%s: tensor %.200s is %.20s; weights must be F32, F16 or BF16", shard->path,
                       tensor->name, tensor->dtype);
    *out = (struct zg_located){shard, tensor->name, shard->file.bytes + tensor->begin, rows * cols,
                               dtype};
    return check_stored_shape(s, shard, tensor, rows, cols);
}

/* ---- what is left over ---- */

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Constants that modules register beside their weights. */
static bool is_buffer(const char *name)
{
    static const char *const ends[] = {
        "inv_freq",
        "attn.bias",
        "attn.masked_bias",
        "attention.bias",
        "attention.masked_bias",
        "position_ids",
        "token_type_ids",
        "version",
        "causal_mask",
        "attn_mask",
        "attention_mask",
        "cos_cached",
        "sin_cached",
        "_extra_state",
        "num_batches_tracked",
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends_with(name, ends[i]))
            return true;
    return false;
}

static bool is_of_adapter(const char *name)
{
    static const char *const parts[] = {"lora_",          "ia3_l",           "adapter",
                                        "prompt_encoder", "modules_to_save", "prompt_embeddings"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(name, parts[i]))
            return true;
    return false;
}

/* The number of the layer that the name is of, also past the config's; -1: of none. */
static int64_t layer_of_name(const char *name)
{
    const char *const at = strstr(name, "layers.");
    if (!at || at[7] < '0' || at[7] > '9')
        return -1;
    const long long layer = strtoll(at + 7, NULL, 10);
    return layer < INT32_MAX ? layer : INT32_MAX;
}

static enum zg_status leave_over(struct search *s, const struct zg_shard *shard, const char *name)
{
    const int64_t layer = layer_of_name(name);
    if (is_of_adapter(name))
        return zg_fail(s->err, ZG_INPUT,
                       "%s: tensor %.200s is an adapter's, which zogap does not apply; merge it "
                       "into the weights (PEFT: merge_and_unload)",
                       shard->path, name);
    if (layer >= s->shape->n_layers)
        return zg_fail(s->err, ZG_INPUT,
                       "%s: tensor %.200s is of layer %" PRId64
                       ", but config.json says num_hidden_layers %" PRId64
                       ", so that the last is %" PRId64,
                       shard->path, name, layer, s->shape->n_layers, s->shape->n_layers - 1);
    if (is_buffer(name)) {
        s->first_buffer = s->n_buffers++ ? s->first_buffer : name;
        return ZG_OK;
    }
    s->first_unknown = s->n_unknown++ ? s->first_unknown : name;
    return ZG_OK;
}

static int32_t find(const struct search *s, const char *name)
{
    return zg_model_tensor_find(s->shape, name + s->n_prefix);
}

static enum zg_status take_known(struct search *s, const struct zg_shard *shard,
                                 const struct zg_safetensor *tensor)
{
    const int32_t id = find(s, tensor->name);
    return id < 0 ? ZG_OK : take(s, shard, tensor, id);
}

static enum zg_status judge_others(struct search *s, const struct zg_shard *shard,
                                   const struct zg_safetensor *tensor)
{
    return find(s, tensor->name) < 0 ? leave_over(s, shard, tensor->name) : ZG_OK;
}

/* ---- a tied head ---- */

static enum zg_status settle_tied_head(struct search *s)
{
    struct zg_located *const embedding = &s->tensors[ZG_T_EMBED_TOKENS];
    const struct zg_located *const head = &s->head;
    if (!head->shard)
        return ZG_OK;
    if (!embedding->shard) { /* saved once, under the other name */
        *embedding = *head;
        return ZG_OK;
    }
    enum { CHUNK = 1024 };
    float a[CHUNK], b[CHUNK];
    for (int64_t at = 0; at < head->n_elements; at += CHUNK) {
        const int64_t n = zg_min64(CHUNK, head->n_elements - at);
        zg_located_read(embedding, at, n, a);
        zg_located_read(head, at, n, b);
        if (memcmp(a, b, (size_t)n * sizeof *a) != 0)
            return zg_fail(s->err, ZG_INPUT,
                           "%s: tensor %.200s differs from %.200s, but config.json ties them: "
                           "tie_word_embeddings must be false, or the head removed",
                           head->shard->path, head->name, embedding->name);
    }
    return ZG_OK;
}

/* ---- what is missing ---- */

/* The stored name that ends most like `wanted` of those that are not the shape's. */
struct likeness {
    const char *wanted, *name;
    size_t n_common;
};

static void compare(struct likeness *best, const char *name)
{
    const size_t n = strlen(name), m = strlen(best->wanted);
    size_t common = 0;
    while (common < n && common < m && name[n - 1 - common] == best->wanted[m - 1 - common])
        common++;
    if (!best->name || common > best->n_common)
        *best = (struct likeness){best->wanted, name, common};
}

static enum zg_status fail_missing(const struct search *s, int32_t id)
{
    char wanted[128], reason[640] = "";
    struct likeness best = {0};
    zg_model_tensor_name(s->shape, id, wanted, sizeof wanted);
    best.wanted = wanted;
    for (int64_t i = 0; i < s->shards->n_shards; i++)
        for (int64_t t = 0; t < s->shards->shards[i].table.n_tensors; t++)
            if (find(s, s->shards->shards[i].table.tensors[t].name) < 0)
                compare(&best, s->shards->shards[i].table.tensors[t].name);
    const char *const file = zg_shards_indexed(s->shards, wanted);
    if (id == ZG_T_HEAD)
        snprintf(reason, sizeof reason, " (config.json says tie_word_embeddings false)");
    else if (id == ZG_T_EMBED_TOKENS && s->tensors[ZG_T_HEAD].shard)
        snprintf(reason, sizeof reason,
                 "; they have %.100s, which is no embedding where config.json says "
                 "tie_word_embeddings false",
                 s->tensors[ZG_T_HEAD].name);
    else if (file)
        snprintf(reason, sizeof reason, ": the index says that it is in %.200s, and %s", file,
                 zg_shards_has(s->shards, file) ? "it is not" : "there is no such file");
    else if (best.name)
        snprintf(reason, sizeof reason, "; they have %.200s", best.name);
    return zg_fail(s->err, ZG_INPUT, "%s: the weights lack tensor %s%s", s->path, wanted, reason);
}

static enum zg_status check_complete(const struct search *s)
{
    for (int32_t id = 0; id < zg_tensor_end(s->shape->n_layers); id++) {
        int64_t rows, cols;
        if (!s->tensors[id].shard && zg_tensor_owner(s->shape, id) == id &&
            zg_model_tensor_size(s->shape, id, &rows, &cols))
            return fail_missing(s, id);
    }
    return ZG_OK;
}

/* ---- the whole ---- */

static enum zg_status tell(const struct search *s, char **out, int64_t n, const char *first,
                           const char *what)
{
    if (n == 0)
        return ZG_OK;
    const char *const format = "%s: %" PRId64 " %s%s not used, %s%.200s";
    const char *const plural = n == 1 ? "" : "s", *const lead = n == 1 ? "" : "the first ";
    const int size = snprintf(NULL, 0, format, s->path, n, what, plural, lead, first);
    *out = malloc((size_t)size + 1);
    if (!*out)
        return zg_fail(s->err, ZG_ENV, "%s: no memory", s->path);
    snprintf(*out, (size_t)size + 1, format, s->path, n, what, plural, lead, first);
    return ZG_OK;
}

enum zg_status zg_tensors_locate(struct zg_located *tensors, const struct zg_model_shape *shape,
                                 const struct zg_shards *shards, const char *path, char **warning,
                                 char **note, struct zg_error *err)
{
    struct search s = {
        .tensors = tensors, .shape = shape, .shards = shards, .path = path, .err = err};
    s.n_prefix = common_prefix(&s);
    enum zg_status status = each_tensor(&s, take_known);
    if (status == ZG_OK)
        status = each_tensor(&s, judge_others);
    if (status == ZG_OK)
        status = settle_tied_head(&s);
    if (status == ZG_OK)
        status = check_complete(&s);
    if (status == ZG_OK)
        status = tell(&s, warning, s.n_unknown, s.first_unknown, "stored tensor");
    if (status == ZG_OK)
        status = tell(&s, note, s.n_buffers, s.first_buffer, "buffer or mask");
    return status;
}
