/* steps_format.c - steps.zo as bytes: written, checked, read. */
#include "harness/train/steps_format.h"

#include <endian.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "engines/base/json_memory.h"
#include "engines/base/size.h"
#include "harness/base/json.h"

static const unsigned char magic[8] = {0x89, 'Z', 'O', 'S', 0x0d, 0x0a, 0x1a, 0x0a};

enum {
    AT_VERSION = 8,
    AT_LENGTH = 12,
    AT_JSON = 16,
    MAX_JSON = 65536,
    HASH = 8,
    AT_CHECK = 4,
    AT_ROWS = 8,
    AT_WALL = 16,
    AT_LOSSES = 24,
    MAX_RECORD = AT_LOSSES + 8 * ZG_MAX_PROBES
};
enum { KIND_STEP = 1, KIND_WEIGHTS = 2 };

static void put32(unsigned char *at, uint32_t value)
{
    const uint32_t little = htole32(value);
    memcpy(at, &little, sizeof little);
}
static uint32_t get32(const unsigned char *at)
{
    uint32_t little;
    memcpy(&little, at, sizeof little);
    return le32toh(little);
}
static void put64(unsigned char *at, uint64_t value)
{
    const uint64_t little = htole64(value);
    memcpy(at, &little, sizeof little);
}
static uint64_t get64(const unsigned char *at)
{
    uint64_t little;
    memcpy(&little, at, sizeof little);
    return le64toh(little);
}
static void put_real(unsigned char *at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put64(at, bits);
}
static double get_real(const unsigned char *at)
{
    const uint64_t bits = get64(at);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- the head -------------------------------------------------------------------------------- */

static json_t *head_json(const struct zg_steps_head *head)
{
    json_t *const json = json_object();
#define X(member, what, decides)                                                                   \
    json_object_set_new(json, #member, zg_json_text(head->member ? head->member : ""));
    ZG_STEPS_TEXTS(X)
#undef X
#define X(member, what, decides)                                                                   \
    json_object_set_new(json, #member, json_integer((json_int_t)head->member));
    ZG_STEPS_NUMBERS(X)
#undef X
    return json;
}

enum zg_status zg_steps_head_write(const struct zg_steps_head *head, unsigned char **bytes,
                                   int64_t *n_bytes, uint64_t *chain, struct zg_error *err)
{
    json_t *const json = head_json(head);
    char *const text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    const size_t n = text ? strlen(text) : 0;
    json_decref(json);
    *bytes = NULL;
    if (!text || zg_json_memory_failed() || !(*bytes = malloc(AT_JSON + n + HASH))) {
        free(text);
        return zg_fail(err, ZG_ENV, "no memory for the head of the steps");
    }
    memcpy(*bytes, magic, sizeof magic);
    put32(*bytes + AT_VERSION, ZG_STEPS_VERSION);
    put32(*bytes + AT_LENGTH, (uint32_t)n);
    memcpy(*bytes + AT_JSON, text, n);
    free(text);
    if (n > MAX_JSON) {
        free(*bytes);
        *bytes = NULL;
        return zg_fail(err, ZG_INPUT, "the head of the steps has %zu bytes; must be at most %d", n,
                       MAX_JSON);
    }
    *chain = XXH3_64bits(*bytes, AT_JSON + n);
    put64(*bytes + AT_JSON + n, *chain);
    *n_bytes = (int64_t)(AT_JSON + n + HASH);
    return ZG_OK;
}

static enum zg_status take_text(const json_t *json, const char *key, const char **out,
                                const char *what, struct zg_error *err)
{
    *out = json_string_value(json_object_get(json, key));
    return *out ? ZG_OK : zg_fail(err, ZG_INPUT, "%s: its head has no text \"%s\"", what, key);
}

static enum zg_status take_number(const json_t *json, const char *key, int64_t *out,
                                  const char *what, struct zg_error *err)
{
    const json_t *const value = json_object_get(json, key);
    if (!json_is_integer(value))
        return zg_fail(err, ZG_INPUT, "%s: its head has no whole number \"%s\"", what, key);
    *out = (int64_t)json_integer_value(value);
    return ZG_OK;
}

static enum zg_status check_range(const char *key, int64_t value, int64_t min, int64_t max,
                                  const char *what, struct zg_error *err)
{
    if (value >= min && value <= max)
        return ZG_OK;
    return zg_fail(err, ZG_INPUT,
                   "%s: its head has \"%s\" %" PRId64 "; must be %" PRId64 " to %" PRId64, what,
                   key, value, min, max);
}

/* What others go by without asking again. */
static enum zg_status check_numbers(const struct zg_steps_head *head, const char *what,
                                    struct zg_error *err)
{
    enum zg_status status = check_range("n_losses", head->n_losses, 1, ZG_MAX_PROBES, what, err);
    if (!status)
        status = check_range("threads", head->threads, 1, 65536, what, err);
    if (!status)
        status = check_range("batch", head->batch, 1, INT32_MAX, what, err);
    if (!status)
        status = check_range("max_rows", head->max_rows, 0, INT32_MAX, what, err);
    if (!status)
        status = check_range("layers_resident", head->layers_resident, 0, INT32_MAX, what, err);
    return status;
}

static enum zg_status parse_head(struct zg_steps_image *out, const char *text, size_t n,
                                 const char *what, struct zg_error *err)
{
    json_error_t why;
    out->json = zg_json_read(text, n, &why);
    if (!out->json && zg_json_memory_failed())
        return zg_fail(err, ZG_ENV, "%s: no memory for its head", what);
    if (!json_is_object(out->json))
        return zg_fail(err, ZG_INPUT, "%s: its head is no JSON object: %s", what,
                       out->json ? "another value" : why.text);
    enum zg_status status = ZG_OK;
    size_t n_members = 0;
#define X(member, name, decides)                                                                   \
    if (!status)                                                                                   \
        status = take_text(out->json, #member, &out->head.member, what, err);                      \
    n_members++;
    ZG_STEPS_TEXTS(X)
#undef X
#define X(member, name, decides)                                                                   \
    if (!status)                                                                                   \
        status = take_number(out->json, #member, &out->head.member, what, err);                    \
    n_members++;
    ZG_STEPS_NUMBERS(X)
#undef X
    if (!status && json_object_size(out->json) != n_members)
        status = zg_fail(err, ZG_INPUT, "%s: its head has %zu members; must have %zu", what,
                         json_object_size(out->json), n_members);
    return status ? status : check_numbers(&out->head, what, err);
}

static enum zg_status read_head(struct zg_steps_image *out, const unsigned char *bytes,
                                int64_t n_bytes, const char *what, struct zg_error *err)
{
    if (n_bytes < (int64_t)sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return zg_fail(err, ZG_INPUT, "%s: is no file of steps that `zogap train` wrote", what);
    if (n_bytes < AT_JSON)
        return zg_fail(err, ZG_INPUT, "%s: is cut short inside its head", what);
    const uint32_t version = get32(bytes + AT_VERSION), n = get32(bytes + AT_LENGTH);
    if (version != ZG_STEPS_VERSION)
        return zg_fail(err, ZG_INPUT, "%s: has version %" PRIu32 "; this zogap reads version %d",
                       what, version, ZG_STEPS_VERSION);
    if (n > MAX_JSON)
        return zg_fail(err, ZG_INPUT,
                       "%s: its head is damaged: it has %" PRIu32 " bytes; must be at most %d",
                       what, n, MAX_JSON);
    if (n_bytes < (int64_t)AT_JSON + n + HASH)
        return zg_fail(err, ZG_INPUT, "%s: is cut short inside its head", what);
    out->chain = XXH3_64bits(bytes, AT_JSON + n);
    if (get64(bytes + AT_JSON + n) != out->chain)
        return zg_fail(err, ZG_INPUT, "%s: its head is damaged: its check sum is wrong", what);
    out->n_head_bytes = (int64_t)AT_JSON + n + HASH;
    return parse_head(out, (const char *)bytes + AT_JSON, n, what, err);
}

enum zg_status zg_steps_head_check(const struct zg_steps_head *file,
                                   const struct zg_steps_head *now, const char *what,
                                   struct zg_error *err)
{
#define X(member, name, decides)                                                                   \
    if (decides && strcmp(file->member, now->member ? now->member : "") != 0)                      \
        return zg_fail(err, ZG_INPUT, "%s: is of another training: %s was \"%s\", is now \"%s\"",  \
                       what, name, file->member, now->member ? now->member : "");
    ZG_STEPS_TEXTS(X)
#undef X
#define X(member, name, decides)                                                                   \
    if (decides && file->member != now->member)                                                    \
        return zg_fail(err, ZG_INPUT,                                                              \
                       "%s: is of another training: %s was %" PRId64 ", is now %" PRId64, what,    \
                       name, file->member, now->member);
    ZG_STEPS_NUMBERS(X)
#undef X
    return ZG_OK;
}

/* ---- records --------------------------------------------------------------------------------- */

int64_t zg_steps_record_bytes(int64_t n_losses)
{
    return AT_LOSSES + 8 * n_losses;
}

/* The whole XXH3 of a record as if its check were 0. */
static uint64_t record_hash(const unsigned char *bytes, int64_t n_bytes, uint64_t chain)
{
    unsigned char copy[MAX_RECORD];
    memcpy(copy, bytes, (size_t)n_bytes);
    put32(copy + AT_CHECK, 0);
    return XXH3_64bits_withSeed(copy, (size_t)n_bytes, chain);
}

void zg_steps_record_write(const struct zg_steps_record *record, int64_t n_losses, uint64_t *chain,
                           unsigned char *bytes)
{
    const int64_t n_bytes = zg_steps_record_bytes(n_losses);
    memset(bytes, 0, (size_t)n_bytes);
    if (record->is_weights) {
        put32(bytes, (uint32_t)KIND_WEIGHTS << 24);
        put64(bytes + AT_ROWS, record->weights);
        put64(bytes + AT_WALL, (uint64_t)record->n_steps);
    } else {
        put32(bytes, (uint32_t)KIND_STEP << 24 |
                         (uint32_t)zg_min64(record->n_passes, ZG_STEPS_MAX_PASSES));
        put64(bytes + AT_ROWS, record->rows);
        put_real(bytes + AT_WALL, record->wall_s);
        for (int64_t i = 0; i < n_losses; i++)
            put_real(bytes + AT_LOSSES + 8 * i, record->loss[i]);
    }
    *chain = record_hash(bytes, n_bytes, *chain);
    put32(bytes + AT_CHECK, (uint32_t)*chain);
}

void zg_steps_record_read(const unsigned char *bytes, int64_t n_losses, struct zg_steps_record *out)
{
    *out = (struct zg_steps_record){.is_weights = get32(bytes) >> 24 == KIND_WEIGHTS};
    if (out->is_weights) {
        out->weights = get64(bytes + AT_ROWS);
        out->n_steps = (int64_t)get64(bytes + AT_WALL);
        return;
    }
    out->n_passes = get32(bytes) & ZG_STEPS_MAX_PASSES;
    out->rows = get64(bytes + AT_ROWS);
    out->wall_s = get_real(bytes + AT_WALL);
    for (int64_t i = 0; i < n_losses; i++)
        out->loss[i] = get_real(bytes + AT_LOSSES + 8 * i);
}

/* Of a record whose check is right: does it say what a writer writes?  NULL, or what is wrong. */
static const char *find_wrong(const struct zg_steps_image *image, const unsigned char *bytes)
{
    struct zg_steps_record record;
    const uint32_t kind = get32(bytes) >> 24;
    const int64_t n_losses = image->head.n_losses;
    if (kind != KIND_STEP && kind != KIND_WEIGHTS)
        return "it is of no known kind";
    zg_steps_record_read(bytes, n_losses, &record);
    if (kind == KIND_WEIGHTS)
        return record.n_steps == image->n_steps ? NULL : "its number of steps is wrong";
    if (record.n_passes < 1 || record.n_passes > image->head.batch)
        return "its number of passes is wrong";
    if (!(record.wall_s >= 0) || isinf(record.wall_s))
        return "its time is no time";
    for (int64_t i = 0; i < n_losses; i++)
        if (!isfinite(record.loss[i]))
            return "a loss is not finite";
    return NULL;
}

static bool all_zero(const unsigned char *bytes, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (bytes[i])
            return false;
    return true;
}

static enum zg_status read_records(struct zg_steps_image *out, const unsigned char *bytes,
                                   int64_t n_bytes, const char *what, struct zg_error *err)
{
    const int64_t size = out->n_record_bytes;
    int64_t at = out->n_head_bytes;
    for (; n_bytes - at >= size; at += size) {
        const uint64_t hash = record_hash(bytes + at, size, out->chain);
        if (get32(bytes + at + AT_CHECK) != (uint32_t)hash) {
            if (all_zero(bytes + at + size, n_bytes - at - size))
                break; /* the tail */
            return zg_fail(err, ZG_INPUT,
                           "%s: is damaged at byte %" PRId64 ", after step %" PRId64
                           ": a check sum is wrong",
                           what, at, out->n_steps);
        }
        const char *const wrong = find_wrong(out, bytes + at);
        if (wrong)
            return zg_fail(err, ZG_INPUT, "%s: the record at byte %" PRId64 " is bad: %s", what, at,
                           wrong);
        out->chain = hash;
        out->n_records++;
        out->n_steps += get32(bytes + at) >> 24 == KIND_STEP;
    }
    out->n_torn = n_bytes - at;
    return ZG_OK;
}

enum zg_status zg_steps_image_read(struct zg_steps_image *out, const unsigned char *bytes,
                                   int64_t n_bytes, const char *what, struct zg_error *err)
{
    *out = (struct zg_steps_image){0};
    enum zg_status status = read_head(out, bytes, n_bytes, what, err);
    if (!status) {
        out->n_record_bytes = zg_steps_record_bytes(out->head.n_losses);
        status = read_records(out, bytes, n_bytes, what, err);
    }
    if (status)
        zg_steps_image_free(out);
    return status;
}

void zg_steps_image_free(struct zg_steps_image *image)
{
    json_decref(image->json);
    *image = (struct zg_steps_image){0};
}
