/* verify_table.c - the verdicts of a check, an engine a line. */
#include "harness/rows/verify_table.h"

#include <math.h>
#include <stdio.h>

#include "harness/rows/case_row.h"
#include "harness/rows/show.h"

/* Below fp32 no gradient is judged. */
static const char *show_passed(char *text, size_t size, const struct zg_verify_row *row)
{
    if (row->passed != 1 || isfinite(row->gradient_tolerance) ||
        zg_cell_same_text(row->id.engine, row->reference))
        return row->passed ? "equal" : "DISAGREES";
    snprintf(text, size, "loss within %.2g", row->loss_tolerance);
    return text;
}

static bool any_has_reason(const struct zg_verify_row *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!zg_cell_same_text(rows[i].reason, NULL))
            return true;
    return false;
}

static bool any_layers_repeat(const struct zg_verify_row *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (rows[i].id.layers_resident != ZG_NO_INTEGER)
            return true;
    return false;
}

enum zg_status zg_verify_table_print(const struct zg_verify_row *rows, int64_t n,
                                     enum zg_format format, struct zg_error *err)
{
    const struct zg_heading headings[] = {
        {"engine", "engine"},
        {"dtype", "dtype"},
        {"reference", "reference"},
        {"model", "model"},
        {"layers_resident", any_layers_repeat(rows, n) ? "layers resident, repeated" : NULL},
        {"batch", "batch"},
        {"steps", "steps"},
        {"loss", "loss difference"},
        {"gradient", "gradient error"},
        {"sign", "signs equal"},
        {"weight", "weight difference"},
        {"check", "check"},
        {"reason", any_has_reason(rows, n) ? "reason" : NULL},
    };
    struct zg_table *table = NULL;
    enum zg_status status =
        zg_format_is_for_people(format)
            ? zg_table_open(&table, headings, sizeof headings / sizeof headings[0], err)
            : zg_table_of_rows(&table, &zg_schema_verify, rows, n, err);
    if (!status)
        zg_table_set_secondary(table, "steps model batch dtype weight sign");
    for (int64_t i = 0; i < n && !status && zg_format_is_for_people(format); i++) {
        const struct zg_verify_row *const row = &rows[i];
        char text[64];
        zg_table_text(table, row->id.engine);
        zg_table_text(table, row->id.dtype);
        zg_table_text(table, row->reference);
        zg_table_text(table, row->id.model);
        zg_table_integer(table, row->id.layers_resident);
        zg_table_integer(table, row->id.batch);
        zg_table_integer(table, row->steps);
        zg_table_real(table, row->loss_difference_max,
                      zg_real_show(text, sizeof text, "%.2g", row->loss_difference_max));
        zg_table_real(table, row->gradient_relative_error,
                      zg_real_show(text, sizeof text, "%.2g", row->gradient_relative_error));
        zg_table_real(table, row->gradient_sign_match,
                      zg_real_show(text, sizeof text, "%.0f %%", 100 * row->gradient_sign_match));
        zg_table_real(table, row->weight_difference_max,
                      zg_real_show(text, sizeof text, "%.2g", row->weight_difference_max));
        zg_table_text(table, show_passed(text, sizeof text, row));
        zg_table_text(table, row->reason);
    }
    return zg_table_finish(&table, format, status, err);
}
