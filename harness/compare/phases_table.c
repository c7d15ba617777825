/* phases_table.c - what `zogap compare --phases` prints: phases_table.h. */
#include "harness/compare/phases_table.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/page.h"
#include "harness/compare/compare.h"
#include "harness/rows/case_axes.h"
#include "harness/rows/csv_in.h"
#include "harness/rows/precision.h"
#include "harness/rows/show.h"

struct phases {
    const struct zg_result_reader *const *sets;
    int64_t n_sets;
    struct zg_csv_in **files; /* [n_sets] */
    struct zg_case_axes axes;
    bool low, derived; /* a dtype below fp32, what counters say */
};

static const struct zg_phase_row *rows_of(const struct phases *phases, int64_t set)
{
    return phases->files[set]->rows;
}

static enum zg_status read_all(struct phases *phases, struct zg_error *err)
{
    const struct zg_case_row *first = NULL;
    for (int64_t set = 0; set < phases->n_sets; set++) {
        char path[1200];
        snprintf(path, sizeof path, "%s/%s", phases->sets[set]->dir, zg_schema_phases.file);
        const enum zg_status status =
            zg_csv_in_open(&phases->files[set], path, &zg_schema_phases, err);
        if (status)
            return status;
        if (phases->files[set]->n == 0)
            return zg_fail(err, ZG_INPUT, "%s: has a header but no row", path);
        const struct zg_phase_row *const rows = rows_of(phases, set);
        first = first ? first : &rows[0].id;
        for (int64_t i = 0; i < phases->files[set]->n; i++) {
            zg_case_axes_add(&phases->axes, first, &rows[i].id);
            phases->low |= zg_dtypes_coarsest(rows[i].id.dtype) != ZG_FP32;
            phases->derived |= rows[i].counts_estimated != ZG_NO_INTEGER;
        }
    }
    return ZG_OK;
}

/* ---- for people ------------------------------------------------------------------------------ */

/* All phases of the row's engine and case. */
static double step_s(const struct phases *phases, int64_t set, const struct zg_phase_row *row)
{
    double sum = 0;
    for (int64_t i = 0; i < phases->files[set]->n; i++)
        if (zg_case_row_same(&rows_of(phases, set)[i].id, &row->id))
            sum += rows_of(phases, set)[i].s_per_step;
    return sum;
}

static void add_derived(struct zg_table *table, const struct zg_phase_row *row, double value)
{
    char figure[32], text[40];
    zg_figure_show(value, figure, sizeof figure);
    snprintf(text, sizeof text, "%s%s", row->counts_estimated == 1 && isfinite(value) ? "~" : "",
             figure);
    zg_table_real(table, value, text);
}

static void add_row(struct zg_table *table, const struct phases *phases, int64_t set,
                    const struct zg_phase_row *row)
{
    char text[64];
    const double share = row->s_per_step / step_s(phases, set, row);
    if (phases->n_sets > 1)
        zg_table_text(table, zg_compare_letter(set));
    zg_case_axes_cells(&phases->axes, &row->id, table);
    zg_table_text(table, row->id.engine);
    zg_table_text(table, row->id.dtype);
    zg_table_text(table, row->phase);
    zg_table_real(table, row->s_per_step, zg_step_time_show(row->s_per_step, text, sizeof text));
    zg_table_real(table, share, zg_real_show(text, sizeof text, "%.1f %%", 100 * share));
    zg_table_real(table, row->flops_per_step / row->s_per_step / 1e9, NULL);
    zg_table_real(table, row->bytes_per_step / row->s_per_step / 1e9, NULL);
    zg_table_real(table, row->flops_per_step / row->bytes_per_step, NULL);
    add_derived(table, row, row->instructions_per_cycle);
    add_derived(table, row, row->ghz);
    add_derived(table, row, row->bytes_per_flop);
}

static enum zg_status print_people(const struct phases *phases, enum zg_format format,
                                   struct zg_error *err)
{
    const struct zg_heading others[] = {
        {"engine", "engine"},
        {"dtype", phases->low ? "dtype" : NULL},
        {"phase", "phase"},
        {"s", "time of a step"},
        {"share", "share of the step"},
        {"gflops", "GFLOP/s"},
        {"gb_per_s", "GB/s"},
        {"intensity", "FLOP/byte"},
        {"instructions_per_cycle", phases->derived ? "instr/cycle" : NULL},
        {"ghz", phases->derived ? "GHz" : NULL},
        {"bytes_per_flop", phases->derived ? "bytes/FLOP" : NULL},
    };
    struct zg_heading headings[1 + ZG_MAX_AXIS_COLUMNS + sizeof others / sizeof others[0]];
    char title[1024];
    struct zg_table *table = NULL;
    int64_t n = 0;
    if (phases->n_sets > 1)
        headings[n++] = (struct zg_heading){"set", "dir"};
    n += zg_case_axes_headings(&phases->axes, headings + n);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        headings[n++] = others[i];
    enum zg_status status = zg_table_open(&table, headings, n, err);
    if (!status)
        zg_table_set_secondary(table, "bytes_per_flop ghz instructions_per_cycle intensity "
                                      "gb_per_s gflops");
    for (int64_t set = 0; set < phases->n_sets && !status; set++)
        for (int64_t i = 0; i < phases->files[set]->n; i++)
            add_row(table, phases, set, &rows_of(phases, set)[i]);
    zg_page_print(
        stdout, "%s: phases",
        zg_case_show(&phases->axes, phases->sets[0]->cases[0].summary, title, sizeof title));
    printf("%s", format == ZG_FORMAT_MARKDOWN ? "\n" : "");
    return zg_table_finish(&table, format, status, err);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static enum zg_status print_rows(const struct phases *phases, enum zg_format format,
                                 struct zg_error *err)
{
    const struct zg_schema *const schema = &zg_schema_phases;
    struct zg_heading *const headings = calloc((size_t)schema->n_columns + 2, sizeof *headings);
    struct zg_table *table = NULL;
    int64_t n = 0;
    if (!headings)
        return zg_fail(err, ZG_ENV, "no memory for a table");
    if (phases->n_sets > 1) {
        headings[n++].name = "set";
        headings[n++].name = "directory";
    }
    for (int64_t i = 0; i < schema->n_columns; i++)
        headings[n++].name = schema->columns[i].name;
    enum zg_status status = zg_table_open(&table, headings, n, err);
    if (!status)
        zg_table_set_name(table, "phases");
    for (int64_t set = 0; set < phases->n_sets && !status; set++)
        for (int64_t i = 0; i < phases->files[set]->n; i++) {
            if (phases->n_sets > 1) {
                zg_table_text(table, zg_compare_letter(set));
                zg_table_text(table, phases->sets[set]->dir);
            }
            zg_table_fields(table, schema->columns, schema->n_columns, &rows_of(phases, set)[i]);
        }
    status = zg_table_finish(&table, format, status, err);
    free(headings);
    return status;
}

enum zg_status zg_phases_table_print(const struct zg_result_reader *const *sets, int64_t n_sets,
                                     enum zg_format format, struct zg_error *err)
{
    struct phases phases = {
        .sets = sets, .n_sets = n_sets, .files = calloc((size_t)n_sets, sizeof *phases.files)};
    if (!phases.files)
        return zg_fail(err, ZG_ENV, "no memory for phases");
    enum zg_status status = read_all(&phases, err);
    if (!status)
        status = zg_format_is_for_people(format) ? print_people(&phases, format, err)
                                                 : print_rows(&phases, format, err);
    for (int64_t set = 0; set < n_sets; set++)
        zg_csv_in_close(&phases.files[set]);
    free(phases.files);
    return status;
}
