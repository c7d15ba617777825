/* safetensors_writer.c - writes safetensors files and model directories for tests. */
#define _GNU_SOURCE
#include "tests/support/safetensors_writer.h"

#include <ftw.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- temporary directories ---- */

char *zg_temp_directory_make(void)
{
    const char *const base = getenv("TMPDIR");
    char *path = NULL;
    if (asprintf(&path, "%s/zogap-test-XXXXXX", base && *base ? base : "/tmp") < 0)
        return NULL;
    if (!mkdtemp(path)) {
        free(path);
        return NULL;
    }
    return path;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

void zg_temp_directory_remove(char **directory)
{
    if (!*directory)
        return;
    nftw(*directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(*directory);
    *directory = NULL;
}

/* ---- files ---- */

static FILE *create(const char *directory, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return fopen(path, "wb");
}

static bool finish(FILE *f)
{
    const bool good = !ferror(f);
    return fclose(f) == 0 && good;
}

bool zg_write_file(const char *directory, const char *name, const void *bytes, size_t n)
{
    FILE *f = create(directory, name);
    if (!f)
        return false;
    if (n > 0)
        fwrite(bytes, 1, n, f);
    return finish(f);
}

bool zg_write_text(const char *directory, const char *name, const char *text)
{
    return zg_write_file(directory, name, text, strlen(text));
}

static void put_length(FILE *f, uint64_t length)
{
    for (int i = 0; i < 8; i++)
        fputc((int)(length >> (8 * i) & 0xff), f);
}

bool zg_write_safetensors_raw(const char *directory, const char *name, const char *header,
                              const void *data, size_t n_data)
{
    FILE *f = create(directory, name);
    if (!f)
        return false;
    put_length(f, strlen(header));
    fputs(header, f);
    fwrite(data, 1, n_data, f);
    return finish(f);
}

/* ---- rounding ---- */

uint16_t zg_bf16_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(bits >> 16 | 0x40u); /* a NaN stays one */
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/* By the value, not by its bits, so that it shares no idea with what it tests. */
uint16_t zg_fp16_of_float(float value)
{
    const uint16_t sign = signbit(value) ? 0x8000 : 0;
    const double x = fabs((double)value);
    if (isnan(value))
        return sign | 0x7e00;
    if (x >= 65520.0) /* rounds to infinity */
        return sign | 0x7c00;
    int exponent = 0;
    frexp(x, &exponent); /* x = m 2^exponent, 1/2 <= m < 1 */
    if (exponent < -13)
        exponent = -13; /* denormal: steps of 2^-24 */
    const double step = ldexp(1.0, exponent - 11);
    const int64_t n = (int64_t)nearbyint(x / step); /* 1024 .. 2048, or less for a denormal */
    return (uint16_t)(sign | ((exponent + 13) * 1024 +
                              n)); /* exponent field (exponent + 14), less the hidden bit */
}

/* ---- safetensors ---- */

static const char *dtype_spelling(enum zg_dtype dtype)
{
    return dtype == ZG_FP32 ? "F32" : dtype == ZG_FP16 ? "F16" : "BF16";
}

static int64_t item_bytes(enum zg_dtype dtype)
{
    return dtype == ZG_FP32 ? 4 : 2;
}

static void put_values(FILE *f, const struct zg_written_tensor *tensor)
{
    for (int64_t i = 0; i < tensor->n_rows * tensor->n_cols; i++) {
        const float value = tensor->values[i];
        const uint16_t half =
            tensor->dtype == ZG_FP16 ? zg_fp16_of_float(value) : zg_bf16_of_float(value);
        if (tensor->dtype == ZG_FP32)
            fwrite(&value, sizeof value, 1, f);
        else
            fwrite(&half, sizeof half, 1, f);
    }
}

bool zg_write_safetensors(const char *directory, const char *name,
                          const struct zg_written_tensor *tensors, int64_t n)
{
    FILE *f = create(directory, name);
    char *header = NULL;
    size_t n_header = 0;
    int64_t offset = 0;
    if (!f)
        return false;
    FILE *h = open_memstream(&header, &n_header);
    if (!h) {
        fclose(f);
        return false;
    }
    fputs("{\"__metadata__\":{\"format\":\"pt\"}", h);
    for (int64_t i = 0; i < n; i++) {
        const struct zg_written_tensor *const t = &tensors[i];
        const int64_t end = offset + t->n_rows * t->n_cols * item_bytes(t->dtype);
        fprintf(h, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[%" PRId64, t->name,
                dtype_spelling(t->dtype), t->n_rows);
        if (t->n_cols != 1)
            fprintf(h, ",%" PRId64, t->n_cols);
        fprintf(h, "],\"data_offsets\":[%" PRId64 ",%" PRId64 "]}", offset, end);
        offset = end;
    }
    fputc('}', h);
    fflush(h);
    while (n_header % 8 != 0) { /* the format asks for spaces up to a multiple of 8 */
        fputc(' ', h);
        fflush(h);
    }
    fclose(h);
    put_length(f, n_header);
    fwrite(header, 1, n_header, f);
    free(header);
    for (int64_t i = 0; i < n; i++)
        put_values(f, &tensors[i]);
    return finish(f);
}

/* ---- a model ---- */

bool zg_write_config(const char *directory, const struct zg_model_shape *shape, const char *extra)
{
    FILE *f = create(directory, "config.json");
    if (!f)
        return false;
    fprintf(f,
            "{\"model_type\": \"opt\", \"num_hidden_layers\": %" PRId64
            ", \"hidden_size\": %" PRId64 ", \"num_attention_heads\": %" PRId64
            ", \"ffn_dim\": %" PRId64 ", \"vocab_size\": %" PRId64
            ", \"max_position_embeddings\": %" PRId64 ", \"tie_word_embeddings\": %s%s}\n",
            shape->n_layers, shape->d_model, shape->n_heads, shape->d_ffn, shape->n_vocab,
            shape->n_positions, shape->tied_head ? "true" : "false", extra ? extra : "");
    return finish(f);
}

struct named {
    char name[128];
    struct zg_written_tensor tensor;
    float *values;
};

/* The channel of an outlier: other ones in every layer and norm, far apart in each. */
static int64_t outlier_channel(const struct zg_model_shape *shape, int64_t layer, int norm,
                               int64_t outlier, int64_t n_outliers)
{
    return (17 * layer + 5 * norm + 3 + outlier * shape->d_model / n_outliers) % shape->d_model;
}

/* A tensor's part in the planted outliers: norms grow, the columns that read them shrink. */
static void plant(const struct zg_model_shape *shape, int32_t id, int64_t n_outliers, int64_t rows,
                  int64_t cols, float *values)
{
    const float factor = 20.0f;
    const int kind = id % ZG_N_TENSOR_KINDS;
    const int64_t layer = zg_tensor_layer_of(id);
    if (layer < 0)
        return;
    const bool reads1 = kind == ZG_T_Q_WEIGHT || kind == ZG_T_K_WEIGHT || kind == ZG_T_V_WEIGHT;
    const bool is1 = kind == ZG_T_NORM1_WEIGHT || kind == ZG_T_NORM1_BIAS;
    const bool is2 = kind == ZG_T_NORM2_WEIGHT || kind == ZG_T_NORM2_BIAS;
    const bool reads = reads1 || kind == ZG_T_FC1_WEIGHT;
    for (int64_t o = 0; (is1 || is2 || reads) && o < n_outliers; o++) {
        const int64_t channel = outlier_channel(shape, layer, is1 || reads1 ? 1 : 2, o, n_outliers);
        if (reads)
            for (int64_t i = 0; i < rows; i++)
                values[i * cols + channel] /= factor;
        else
            values[channel] *= factor;
    }
}

/* Every tensor to write, in id order; the count. */
static int64_t collect(const struct zg_model *model, const struct zg_write_options *options,
                       struct named *all)
{
    const struct zg_model_shape *const shape = zg_model_shape(model);
    int64_t n = 0;
    for (int32_t id = 0; id < zg_tensor_end(shape->n_layers); id++) {
        int64_t rows, cols;
        if (!zg_model_tensor_size(shape, id, &rows, &cols) ||
            (zg_tensor_owner(shape, id) != id && !options->head_copy))
            continue;
        struct named *const item = &all[n++];
        item->values = malloc((size_t)(rows * cols) * sizeof(float));
        if (!item->values)
            abort();
        zg_model_read(model, id, 0, rows, item->values, cols);
        for (int64_t i = 0; options->gain != 0.0f && cols > 1 && i < rows * cols; i++)
            item->values[i] *= options->gain;
        plant(shape, id, options->n_outliers, rows, cols, item->values);
        zg_model_tensor_name(shape, id, item->name, sizeof item->name);
        const bool cut = !options->prefix && strncmp(item->name, "model.", 6) == 0;
        item->tensor = (struct zg_written_tensor){item->name + (cut ? 6 : 0), options->dtype, rows,
                                                  cols, item->values};
    }
    return n;
}

static bool write_shards(const char *directory, const struct zg_written_tensor *tensors, int64_t n,
                         int64_t n_shards)
{
    FILE *index = create(directory, "model.safetensors.index.json");
    if (!index)
        return false;
    bool good = true;
    fputs("{\"metadata\": {\"total_size\": 0}, \"weight_map\": {", index);
    for (int64_t s = 0; s < n_shards; s++) {
        const int64_t begin = s * n / n_shards, end = (s + 1) * n / n_shards;
        char name[64];
        snprintf(name, sizeof name, "model-%05d-of-%05d.safetensors", (int)s + 1, (int)n_shards);
        good = zg_write_safetensors(directory, name, tensors + begin, end - begin) && good;
        for (int64_t i = begin; i < end; i++)
            fprintf(index, "%s\"%s\": \"%s\"", i ? ", " : "", tensors[i].name, name);
    }
    fputs("}}\n", index);
    return finish(index) && good;
}

bool zg_write_model(const char *directory, const struct zg_model *model,
                    const struct zg_write_options *options)
{
    const struct zg_model_shape *const shape = zg_model_shape(model);
    const size_t most = (size_t)zg_tensor_end(shape->n_layers);
    struct named *const all = calloc(most, sizeof *all);
    struct zg_written_tensor *const tensors = calloc(most, sizeof *tensors);
    if (!all || !tensors)
        abort();
    const int64_t n = collect(model, options, all);
    for (int64_t i = 0; i < n; i++)
        tensors[i] = all[i].tensor;
    bool good = zg_write_config(directory, shape, NULL);
    if (options->n_shards > 1)
        good = write_shards(directory, tensors, n, options->n_shards) && good;
    else
        good = zg_write_safetensors(directory, "model.safetensors", tensors, n) && good;
    for (int64_t i = 0; i < n; i++)
        free(all[i].values);
    free(all);
    free(tensors);
    return good;
}
