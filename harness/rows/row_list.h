/*
 * row_list.h - rows of one schema in memory, as many as come, with copies of their texts: a row may
 * outlive the case that it is of.
 *
 *     struct zg_row_list list = {.schema = &zg_schema_verify};
 *     status = zg_row_list_add(&list, &row, &err);
 *     const struct zg_verify_row *const rows = list.rows;
 *     zg_row_list_close(&list);
 */
#ifndef ZG_HARNESS_ROW_LIST_H
#define ZG_HARNESS_ROW_LIST_H

#include "engines/error.h"
#include "harness/rows/schema.h"

struct zg_row_list {
    const struct zg_schema *schema;
    void *rows; /* [n] row structs of the schema; they move where one is added */
    int64_t n;
    char **texts; /* [n_texts], each once */
    int64_t n_texts;
};

/* Copies the row to the end.  ZG_ENV: no memory. */
enum zg_status zg_row_list_add(struct zg_row_list *list, const void *row, struct zg_error *err);
void zg_row_list_close(struct zg_row_list *list); /* keeps the schema */

/* The copy of the text among texts[*n], which grow by one where it is new; NULL: no memory. */
const char *zg_text_keep(char ***texts, int64_t *n, const char *text);

#endif
