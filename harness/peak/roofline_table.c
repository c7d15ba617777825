/* roofline_table.c - what `zogap roofline` prints: roofline_table.h. */
#include "harness/peak/roofline_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/page.h"
#include "harness/stats/stats.h"

static bool is_quantity(const struct zg_roofline_row *row, const char *quantity)
{
    return row->quantity && strcmp(row->quantity, quantity) == 0;
}

/* The read bandwidth of the largest team. */
static const struct zg_roofline_row *widest_read(const struct zg_roofline_row *rows, int64_t n)
{
    const struct zg_roofline_row *found = NULL;
    for (int64_t i = 0; i < n; i++)
        if (is_quantity(&rows[i], "read") && isfinite(rows[i].value) &&
            (!found || rows[i].threads > found->threads))
            found = &rows[i];
    return found;
}

static void print_ridges(const struct zg_roofline_row *rows, int64_t n)
{
    const struct zg_roofline_row *const read = widest_read(rows, n);
    char *text = NULL, figure[32];
    size_t size;
    FILE *const out = read ? open_memstream(&text, &size) : NULL;
    if (!out)
        return;
    const char *between = ": ";
    fprintf(out, "ridge point of %lld thread%s", (long long)read->threads,
            read->threads == 1 ? "" : "s");
    for (int64_t i = 0; i < n; i++)
        if (is_quantity(&rows[i], "peak") && rows[i].threads == read->threads &&
            isfinite(rows[i].value)) {
            fprintf(out, "%s%s %s", between, rows[i].dtype,
                    zg_figure_show(rows[i].value / read->value, figure, sizeof figure));
            between = ", ";
        }
    fputs(" FLOP/byte; work with fewer is bound by memory", out);
    if (fclose(out) == 0)
        zg_page_put(stdout, 2, text);
    free(text);
}

enum zg_status zg_roofline_table_print(const struct zg_roofline_row *rows, int64_t n,
                                       enum zg_format format, struct zg_error *err)
{
    struct zg_table *table = NULL;
    enum zg_status status = zg_table_of_rows(&table, &zg_schema_roofline, rows, n, err);
    if (!status)
        zg_table_set_secondary(table, "array_bytes median");
    status = zg_table_finish(&table, format, status, err);
    if (!status && zg_format_is_for_people(format)) {
        printf("%s", format == ZG_FORMAT_MARKDOWN ? "\n" : "");
        print_ridges(rows, n);
    }
    return status;
}
