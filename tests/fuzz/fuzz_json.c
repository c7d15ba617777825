/*
 * fuzz_json.c - JSON Lines and documents on arbitrary bytes, and the paths into them.
 *
 * The first byte chooses: 'L' lines, else a document.  Up to the first NUL follow three lines: a
 * path to rows (empty: none), one to a text, one to a list.  What follows the NUL is the file.
 * Reading must end, with ZG_INPUT and a message or with rows whose texts are whole; what follows
 * the input must not be read (ASan sees it).
 */
#define _GNU_SOURCE /* strsep */
#include <stdlib.h>
#include <string.h>

#include "workloads/json_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(enum zg_status status, const struct zg_error *err)
{
    if ((status == ZG_OK) != (err->text[0] == '\0') || (status && status != ZG_INPUT))
        abort();
}

/* Reads every byte. */
static void touch(struct zg_slice text)
{
    unsigned sum = 0;
    for (int64_t i = 0; i < text.n; i++)
        sum += (unsigned char)text.bytes[i];
    volatile unsigned sink = sum;
    (void)sink;
}

static void read_row(struct zg_json_source *source, const struct zg_json_path *text_path,
                     const struct zg_json_path *list_path, struct zg_slices *list)
{
    struct zg_slice text;
    struct zg_error err = {0};
    enum zg_status status = zg_json_source_text(source, text_path, &text, &err);
    check(status, &err);
    if (!status && !zg_json_source_has(source, text_path))
        abort();
    if (status)
        text = (struct zg_slice){"\xc3\xa9"
                                 "ab",
                                 4};
    touch(text);
    zg_error_clear(&err);
    check(zg_json_source_texts(source, list_path, list, &err), &err);
    for (int64_t i = 0; i < list->n; i++)
        touch(list->items[i]);
    zg_error_clear(&err);
    check(zg_json_source_spans(source, list_path, text, list, &err), &err);
    for (int64_t i = 0; i < list->n; i++)
        touch(list->items[i]);
    if (list->n > ZG_JSON_MAX_ITEMS || zg_json_source_where(source)[0] == '\0')
        abort();
}

static void read_rows(const char *bytes, size_t n, bool lines, struct zg_json_path *paths,
                      int64_t n_rows)
{
    struct zg_json_source *source = NULL;
    struct zg_slices list = {0};
    struct zg_error err = {0};
    bool more = true;
    enum zg_status status =
        zg_json_source_open_memory(&source, "F", bytes, (int64_t)n, lines, &paths[0], n_rows, &err);
    if ((status == ZG_OK) != (source != NULL))
        abort();
    while (!status && !(status = zg_json_source_next(source, &more, &err)) && more)
        read_row(source, &paths[1], &paths[2], &list);
    check(status, &err);
    zg_slices_free(&list);
    zg_json_source_close(&source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size > 1 ? memchr(data, '\0', size) : NULL;
    if (!nul || nul == data)
        return 0;
    char *const head = strdup((const char *)data + 1);
    const size_t n = size - (size_t)(nul + 1 - data);
    char *const copy = malloc(n ? n : 1); /* of exactly its size */
    struct zg_json_path paths[3] = {0};
    bool good = head && copy;
    char *next = head;
    for (int p = 0; p < 3 && good; p++) {
        const char *const line = next ? strsep(&next, "\n") : "a[]";
        struct zg_error err = {0};
        const enum zg_status status = zg_json_path_parse(&paths[p], line, &err);
        check(status, &err);
        good = !status || p == 0;
    }
    if (good) {
        memcpy(copy, nul + 1, n);
        read_rows(copy, n, data[0] == 'L', paths, paths[0].n_steps > 0);
    }
    for (int p = 0; p < 3; p++)
        zg_json_path_free(&paths[p]);
    free(copy);
    free(head);
    return 0;
}
