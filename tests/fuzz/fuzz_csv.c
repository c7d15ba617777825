/*
 * fuzz_csv.c - delimited text on arbitrary bytes.  The first two bytes are the delimiter and the
 * quote.
 *
 * Every row must have the header's number of fields, each ended by its only NUL; what follows the
 * input must not be read (ASan sees it).
 */
#include <stdlib.h>
#include <string.h>

#include "workloads/csv_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_rows(struct zg_csv_source *source)
{
    int64_t line = 0;
    for (;;) {
        struct zg_csv_row row;
        struct zg_error err = {0};
        const enum zg_status status = zg_csv_source_next(source, &row, &err);
        if ((status == ZG_OK) != (err.text[0] == '\0') || (status && status != ZG_INPUT))
            abort();
        if (status || row.n_fields == 0)
            return;
        if (row.n_fields != zg_csv_source_n_columns(source) || row.line <= line)
            abort();
        line = row.line;
        for (int64_t i = 0; i < row.n_fields; i++)
            if ((int64_t)strlen(row.fields[i].text) != row.fields[i].n_bytes)
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const struct zg_csv_format format = {(char)data[0], (char)data[1]};
    char *copy = malloc(size - 2 ? size - 2 : 1); /* of exactly its size */
    if (!copy)
        return 0;
    memcpy(copy, data + 2, size - 2);
    struct zg_csv_source *source = NULL;
    struct zg_error err = {0};
    const enum zg_status status =
        zg_csv_source_open_memory(&source, "F", copy, (int64_t)(size - 2), &format, &err);
    if ((status == ZG_OK) != (source != NULL) || (status == ZG_OK) != (err.text[0] == '\0'))
        abort();
    if (source)
        read_rows(source);
    zg_csv_source_close(&source);
    free(copy);
    return 0;
}
