/* row_list.c - rows that grow by doubling, and their texts, each kept once: engines and models are
 * the same in many rows. */
#include "harness/rows/row_list.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/grow.h"

const char *zg_text_keep(char ***texts, int64_t *n, const char *text)
{
    for (int64_t i = 0; i < *n; i++)
        if (strcmp((*texts)[i], text) == 0)
            return (*texts)[i];
    char *const copy = strdup(text);
    if (!copy || !zg_grow(texts, *n, sizeof **texts)) {
        free(copy);
        return NULL;
    }
    (*texts)[(*n)++] = copy;
    return copy;
}

enum zg_status zg_row_list_add(struct zg_row_list *list, const void *row, struct zg_error *err)
{
    const struct zg_schema *const schema = list->schema;
    if (!zg_grow(&list->rows, list->n, schema->row_size))
        return zg_fail(err, ZG_ENV, "no memory for rows of %s", schema->file);
    char *const to = (char *)list->rows + (size_t)list->n * schema->row_size;
    memcpy(to, row, schema->row_size);
    for (int64_t i = 0; i < schema->n_columns; i++) {
        const char *text = NULL;
        if (schema->columns[i].kind == ZG_COLUMN_TEXT)
            memcpy(&text, to + schema->columns[i].offset, sizeof text);
        if (!text)
            continue;
        text = zg_text_keep(&list->texts, &list->n_texts, text);
        if (!text)
            return zg_fail(err, ZG_ENV, "no memory for texts of %s", schema->file);
        memcpy(to + schema->columns[i].offset, &text, sizeof text);
    }
    list->n++;
    return ZG_OK;
}

void zg_row_list_close(struct zg_row_list *list)
{
    for (int64_t i = 0; i < list->n_texts; i++)
        free(list->texts[i]);
    free(list->texts);
    free(list->rows);
    *list = (struct zg_row_list){.schema = list->schema};
}
