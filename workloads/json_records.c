/* json_records.c - reads lines of a bounded length, or a whole document, and parses them with
 * jansson.  Errors name the file and the line. */
#include "workloads/json_records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "engines/base/file_kind.h"
#include "engines/base/json_memory.h"
#include "workloads/file.h"
#include "workloads/text.h"

#define CHUNK_BYTES (INT64_C(64) << 10)

struct zg_json_records {
    char *name;
    bool lines;
    FILE *file;       /* NULL: from memory, all of it in pending */
    char *chunk;      /* [CHUNK_BYTES] */
    const char *next; /* bytes that are not read yet: [next, end) */
    const char *end;
    bool at_start, at_end;
    struct zg_text text;      /* the line */
    int64_t line;             /* its number, from 1 */
    json_t *root;             /* of the line, or of the document */
    size_t n_records, record; /* a document's, and the one that comes next */
    char *place;              /* [n_place] */
    size_t n_place;
    uint64_t print;
};

/* Makes [next, end) non-empty unless the input is at its end. */
static enum zg_status refill(struct zg_json_records *r, struct zg_error *err)
{
    if (r->next < r->end || r->at_end)
        return ZG_OK;
    const size_t n = r->file ? fread(r->chunk, 1, CHUNK_BYTES, r->file) : 0;
    if (r->file && ferror(r->file))
        return zg_fail(err, errno == EISDIR ? ZG_INPUT : ZG_ENV, "%s: %s", r->name,
                       strerror(errno));
    r->at_end = n == 0;
    r->next = r->chunk;
    r->end = r->chunk ? r->chunk + n : NULL;
    return ZG_OK;
}

/* A file of another kind is named before its bytes are called bad JSON. */
static enum zg_status check_kind(struct zg_json_records *r, struct zg_error *err)
{
    r->at_start = false;
    return r->next < r->end ? zg_file_expect_text(r->next, (size_t)(r->end - r->next), r->name, err)
                            : ZG_OK;
}

/* The next line without its LF; *more is false at the end of the input. */
static enum zg_status read_line(struct zg_json_records *r, bool *more, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    r->text.n = 0;
    *more = false;
    for (bool done = false; !done && !status;) {
        status = refill(r, err);
        if (!status && r->at_start)
            status = check_kind(r, err);
        if (status || r->at_end)
            break;
        r->line += !*more;
        *more = true;
        const char *const stop = memchr(r->next, '\n', (size_t)(r->end - r->next));
        const int64_t n = (stop ? stop : r->end) - r->next;
        if (r->text.n + n > ZG_JSON_MAX_LINE_BYTES)
            return zg_fail(err, ZG_INPUT, "%s:%lld: a line of more than %lld bytes", r->name,
                           (long long)r->line, (long long)ZG_JSON_MAX_LINE_BYTES);
        status = zg_text_append(&r->text, r->next, n, err);
        r->next = stop ? stop + 1 : r->end;
        done = stop != NULL;
    }
    return status;
}

static enum zg_status parse_failure(const struct zg_json_records *r, json_error_t *error,
                                    struct zg_error *err)
{
    if (zg_json_memory_failed() || strcmp(error->text, "no memory") == 0)
        return zg_fail(err, ZG_ENV, "%s: no memory for its rows", r->name);
    const bool is_long = json_error_code(error) == json_error_end_of_input_expected;
    if (!r->lines)
        return zg_fail(err, ZG_INPUT, "%s:%d: %s%s", r->name, error->line, error->text,
                       is_long ? ": \"format\": \"jsonl\" reads an object a line" : "");
    const bool is_open = r->text.n <= 2 && r->line == 1;
    return zg_fail(err, ZG_INPUT, "%s:%lld: column %d: %s%s", r->name, (long long)r->line,
                   error->column,
                   is_long ? "text after the object's end; a line holds one" : error->text,
                   is_open ? ": \"format\": \"json\" reads a document of several lines" : "");
}

/* Without JSON's white space at both ends, and a byte-order mark where a file may begin with it. */
static struct zg_slice strip(struct zg_slice s, bool is_first)
{
    const size_t mark = is_first && s.n > 0 ? zg_utf8_mark(s.bytes, (size_t)s.n) : 0;
    s = (struct zg_slice){s.bytes ? s.bytes + mark : "", s.n - (int64_t)mark};
    for (; s.n > 0 && strchr(" \t\r", s.bytes[0]) && s.bytes[0]; s.n--)
        s.bytes++;
    while (s.n > 0 && strchr(" \t\r", s.bytes[s.n - 1]) && s.bytes[s.n - 1])
        s.n--;
    return s;
}

/* The next line's object into r->root; NULL at the end. */
static enum zg_status next_line(struct zg_json_records *r, struct zg_error *err)
{
    bool more = true;
    struct zg_slice text = {NULL, 0};
    while (more && text.n == 0) {
        const enum zg_status status = read_line(r, &more, err);
        if (status)
            return status;
        text = strip((struct zg_slice){r->text.bytes, r->text.n}, r->line == 1);
    }
    if (!more)
        return ZG_OK;
    json_error_t error;
    r->root = zg_json_read(text.bytes, (size_t)text.n, &error);
    if (!r->root)
        return parse_failure(r, &error, err);
    if (!json_is_object(r->root))
        return zg_fail(err, ZG_INPUT, "%s:%lld: a row must be a JSON object, like {\"label\": 1}",
                       r->name, (long long)r->line);
    r->print = XXH3_64bits_withSeed(text.bytes, (size_t)text.n, r->print);
    return ZG_OK;
}

static enum zg_status read_document(struct zg_json_records *r, const char *bytes, int64_t n_bytes,
                                    struct zg_error *err)
{
    json_error_t error;
    r->root = zg_json_read(bytes, (size_t)n_bytes, &error);
    if (!r->root)
        return parse_failure(r, &error, err);
    if (!json_is_object(r->root) && !json_is_array(r->root))
        return zg_fail(err, ZG_INPUT, "%s: a document must be an object, or a list of objects",
                       r->name);
    r->print = XXH3_64bits(bytes, (size_t)n_bytes);
    r->n_records = json_is_array(r->root) ? json_array_size(r->root) : 1;
    return ZG_OK;
}

static void set_place(struct zg_json_records *r)
{
    if (r->lines)
        snprintf(r->place, r->n_place, "%s:%lld", r->name, (long long)r->line);
    else if (json_is_array(r->root))
        snprintf(r->place, r->n_place, "%s: [%zu]", r->name, r->record);
}

enum zg_status zg_json_records_next(struct zg_json_records *r, const json_t **out,
                                    struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    *out = NULL;
    if (r->lines) {
        json_decref(r->root);
        r->root = NULL;
        status = next_line(r, err);
        set_place(r);
        *out = r->root;
    } else if (r->record < r->n_records) {
        *out = json_is_array(r->root) ? json_array_get(r->root, r->record) : r->root;
        set_place(r);
        r->record++;
        if (!json_is_object(*out))
            status = zg_fail(err, ZG_INPUT, "%s: a row must be a JSON object", r->place);
    }
    return status;
}

const char *zg_json_records_place(const struct zg_json_records *r)
{
    return r->place;
}

const char *zg_json_records_name(const struct zg_json_records *r)
{
    return r->name;
}

uint64_t zg_json_records_print(const struct zg_json_records *r)
{
    return r->print;
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum zg_status read_file(struct zg_json_records *r, struct zg_error *err)
{
    char *bytes = NULL;
    int64_t n_bytes = 0;
    enum zg_status status = zg_file_read(&bytes, &n_bytes, r->name, ZG_JSON_MAX_BYTES, err);
    if (!status)
        status = read_document(r, bytes, n_bytes, err);
    free(bytes);
    return status;
}

static enum zg_status open_memory(struct zg_json_records *r, const char *bytes, int64_t n_bytes,
                                  struct zg_error *err)
{
    r->next = bytes;
    r->end = bytes + n_bytes;
    if (r->lines)
        return ZG_OK;
    if (n_bytes > ZG_JSON_MAX_BYTES)
        return zg_fail(err, ZG_INPUT, "%s: %lld bytes, at most %lld are read", r->name,
                       (long long)n_bytes, (long long)ZG_JSON_MAX_BYTES);
    return read_document(r, bytes, n_bytes, err);
}

static enum zg_status open_lines(struct zg_json_records *r, struct zg_error *err)
{
    r->chunk = malloc(CHUNK_BYTES);
    if (!r->chunk)
        return zg_fail(err, ZG_ENV, "%s: no memory to read it", r->name);
    r->file = fopen(r->name, "rbe");
    return r->file ? ZG_OK : zg_fail(err, ZG_INPUT, "%s: %s", r->name, strerror(errno));
}

enum zg_status zg_json_records_open(struct zg_json_records **out, const char *name,
                                    const char *bytes, int64_t n_bytes, bool lines,
                                    struct zg_error *err)
{
    struct zg_json_records *r = calloc(1, sizeof *r);
    const size_t n_place = strlen(name) + 32; /* a line number, or the number of a record */
    *out = NULL;
    if (!r || !(r->name = strdup(name)) || !(r->place = malloc(n_place))) {
        zg_json_records_close(&r);
        return zg_fail(err, ZG_ENV, "%s: no memory to read it", name);
    }
    r->lines = lines;
    r->at_start = true;
    r->n_place = n_place;
    memcpy(r->place, name, strlen(name) + 1);
    const enum zg_status status = bytes   ? open_memory(r, bytes, n_bytes, err)
                                  : lines ? open_lines(r, err)
                                          : read_file(r, err);
    if (status)
        zg_json_records_close(&r);
    *out = r;
    return status;
}

void zg_json_records_close(struct zg_json_records **records)
{
    if (!records || !*records)
        return;
    struct zg_json_records *r = *records;
    json_decref(r->root);
    if (r->file)
        fclose(r->file);
    zg_text_free(&r->text);
    free(r->chunk);
    free(r->place);
    free(r->name);
    free(r);
    *records = NULL;
}
