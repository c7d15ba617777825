/* engines_roofline.c - what `zogap roofline --results` prints of engines: engines_roofline.h. */
#include "harness/compare/engines_roofline.h"

#include <math.h>
#include <string.h>

#include "harness/base/page.h"
#include "harness/rows/case_axes.h"
#include "harness/rows/csv_in.h"
#include "harness/rows/precision.h"
#include "harness/rows/show.h"

/* What one engine does on one case. */
struct point {
    double gflops;    /* executed, reached */
    double intensity; /* executed FLOPs a byte of the least traffic */
    double bound;     /* GFLOP/s; NaN: no peak was measured */
    bool by_memory;
};

static double read_gb_per_s(const struct zg_csv_in *roofline)
{
    const struct zg_roofline_row *const rows = roofline->rows;
    double most = NAN;
    int64_t threads = 0;
    for (int64_t i = 0; i < roofline->n; i++)
        if (zg_cell_same_text(rows[i].quantity, "read") && rows[i].threads >= threads) {
            most = rows[i].value;
            threads = rows[i].threads;
        }
    return most;
}

static struct point point_of(const struct zg_result_case *c, const struct zg_csv_in *phases,
                             double gb_per_s)
{
    const struct zg_phase_row *const rows = phases->rows;
    double flops = 0, bytes = 0;
    for (int64_t i = 0; i < phases->n; i++)
        if (zg_case_row_same(&rows[i].id, &c->id)) {
            flops += isfinite(rows[i].flops_per_step) ? rows[i].flops_per_step : 0;
            bytes += isfinite(rows[i].bytes_per_step) ? rows[i].bytes_per_step : 0;
        }
    struct point point = {.gflops = c->summary->gflops_executed,
                          .intensity = bytes > 0 ? flops / bytes : NAN};
    const double memory = point.intensity * gb_per_s;
    point.by_memory = memory < c->summary->peak_gflops;
    point.bound = point.by_memory ? memory : c->summary->peak_gflops;
    return point;
}

static void add_row(struct zg_table *table, const struct zg_case_axes *axes,
                    const struct zg_result_case *c, const struct point *point)
{
    char text[32];
    const double share = point->gflops / point->bound;
    zg_case_axes_cells(axes, &c->id, table);
    zg_table_text(table, c->id.engine);
    zg_table_text(table, c->id.dtype);
    zg_table_real(table, point->gflops, NULL);
    zg_table_real(table, point->intensity, NULL);
    zg_table_real(table, point->bound, NULL);
    zg_table_real(table, share, zg_real_show(text, sizeof text, "%.1f %%", 100 * share));
    zg_table_text(table, !isfinite(point->bound) ? NULL : point->by_memory ? "memory" : "peak");
}

static enum zg_status open_file(struct zg_csv_in **out, const struct zg_result_reader *results,
                                const struct zg_schema *schema, struct zg_error *err)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", results->dir, schema->file);
    return zg_csv_in_open(out, path, schema, err);
}

enum zg_status zg_engines_roofline_print(const struct zg_result_reader *results,
                                         enum zg_format format, struct zg_error *err)
{
    static const struct zg_heading others[] = {
        {"engine", "engine"},
        {"dtype", "dtype"},
        {"gflops_executed", "GFLOP/s"},
        {"flops_per_byte", "FLOP/byte"},
        {"bound_gflops", "bound GFLOP/s"},
        {"bound_share", "of the bound"},
        {"bound_by", "bound by"},
    };
    enum { N_OTHERS = sizeof others / sizeof others[0] };
    struct zg_heading headings[ZG_MAX_AXIS_COLUMNS + N_OTHERS];
    struct zg_csv_in *phases = NULL, *roofline = NULL;
    struct zg_table *table = NULL;
    struct zg_case_axes axes;
    zg_case_axes_find(&axes, results->cases[0].summary, results->n_cases);
    const int64_t n = zg_case_axes_headings(&axes, headings);
    memcpy(headings + n, others, sizeof others);
    enum zg_status status = open_file(&phases, results, &zg_schema_phases, err);
    if (!status)
        status = open_file(&roofline, results, &zg_schema_roofline, err);
    if (!status)
        status = zg_table_open(&table, headings, n + N_OTHERS, err);
    if (!status)
        zg_table_set_name(table, "engines_roofline");
    bool above = false;
    for (int64_t i = 0; i < results->n_cases && !status; i++)
        if (results->cases[i].n > 0) {
            const struct point point =
                point_of(&results->cases[i], phases, read_gb_per_s(roofline));
            add_row(table, &axes, &results->cases[i], &point);
            above |= point.by_memory && point.gflops > point.bound;
        }
    if (!status && zg_format_is_for_people(format)) {
        char title[1024];
        zg_page_print(stdout, "%s",
                      zg_case_show(&axes, results->cases[0].summary, title, sizeof title));
        printf("%s", format == ZG_FORMAT_MARKDOWN ? "\n" : "");
    }
    status = zg_table_finish(&table, format, status, err);
    if (!status && above)
        zg_page_print(zg_format_is_for_people(format) ? stdout : stderr,
                      "note: the bound of memory reads every byte from there; what exceeds it "
                      "finds its weights in a cache");
    zg_csv_in_close(&phases);
    zg_csv_in_close(&roofline);
    return status;
}
