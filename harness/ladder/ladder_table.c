/*
 * ladder_table.c - for people a table a case, and under it how near the product of its ratios
 * comes to the ratio end to end; for programs the rows as they are.
 */
#include "harness/ladder/ladder_table.h"

#include <math.h>
#include <string.h>

#include "harness/base/page.h"
#include "harness/rows/precision.h"
#include "harness/rows/show.h"
#include "harness/stats/stats.h"

static void add_ratio(struct zg_table *table, struct zg_marks *marks, double median, double low,
                      double high, bool is_apart)
{
    char text[96];
    const struct zg_stats stats = {
        .median = median, .low = low, .high = high, .has_interval = isfinite(low)};
    zg_ratio_show(&stats, marks, text, sizeof text);
    if (is_apart)
        zg_mark_add(marks, ZG_MARK_APART, text, sizeof text);
    zg_table_real(table, median, text);
}

static bool all_agree(const struct zg_ladder_result *result)
{
    for (int64_t i = 0; i < result->n_rows; i++)
        if (result->rows[i].verified != 1 ||
            zg_dtypes_coarsest(result->rows[i].id.dtype) != ZG_FP32)
            return false;
    return true;
}

static const char *show_paper_has(int64_t paper_has)
{
    if (paper_has == ZG_NO_INTEGER)
        return "";
    return paper_has ? "yes" : "no";
}

/* Where a rung is held against another than the one above it, its label says which. */
static void add_label(struct zg_table *table, const struct zg_ladder_row *row,
                      const struct zg_ladder_row *above)
{
    char text[256];
    const bool skips = row->previous && strcmp(row->kind, "ladder") == 0 &&
                       strcmp(row->previous, above->name) != 0;
    snprintf(text, sizeof text, "%s%s%s", row->label, skips ? "; against " : "",
             skips ? row->previous : "");
    zg_table_text(table, text);
}

static enum zg_status print_case(const struct zg_ladder_result *result,
                                 const struct zg_summary_row *summary, struct zg_marks *marks,
                                 enum zg_format format, struct zg_error *err)
{
    const bool removes = strcmp(result->rows[0].kind, "ladder") != 0;
    const struct zg_heading headings[] = {
        {"rung", removes ? "runtime" : "rung"},
        {"step", "time of a step"},
        {"ratio", removes ? "slow-down [95 %]" : "against the one above [95 %]"},
        {"share", removes ? NULL : "share of the gap"},
        {"speedup", "against the loop [95 %]"},
        {"paper", "paper has it"},
        {"check", "check"},
        {"label", removes ? "what is left out" : "what it changes"},
    };
    struct zg_table *table = NULL;
    char text[64];
    enum zg_status status =
        zg_table_open(&table, headings, sizeof headings / sizeof headings[0], err);
    if (!status)
        zg_table_set_secondary(table, all_agree(result) ? "check paper" : "paper");
    for (int64_t i = 0; i < result->n_rows && !status; i++) {
        const struct zg_ladder_row *const row = &result->rows[i];
        const bool plain = i == 0 || (removes && i == 1);
        zg_table_text(table, row->name);
        zg_table_real(table, row->wall_s_per_step_median,
                      zg_summary_time_show(&summary[i], marks, text, sizeof text));
        if (plain)
            zg_table_text(table, "");
        else
            add_ratio(table, marks, row->ratio, row->ratio_ci_low, row->ratio_ci_high,
                      zg_ladder_row_is_apart(row));
        text[0] = '\0';
        if (isfinite(row->gap_share) && isfinite(row->ratio_ci_low)) /* older files have it alone */
            snprintf(text, sizeof text, "%.1f %%", 100 * row->gap_share);
        zg_table_real(table, row->gap_share, text);
        if (i == 0)
            zg_table_text(table, "");
        else
            add_ratio(table, marks, row->speedup, row->speedup_ci_low, row->speedup_ci_high, false);
        zg_table_text(table, show_paper_has(row->paper_has));
        zg_table_text(table, zg_verified_show(text, sizeof text, row->verified, i == 0,
                                              zg_dtypes_coarsest(row->id.dtype)));
        add_label(table, row, &result->rows[i ? i - 1 : 0]);
    }
    return zg_table_finish(&table, format, status, err);
}

static void print_product(const struct zg_ladder_result *result)
{
    char text[96], product[32];
    const struct zg_stats stats = {.median = result->end_to_end,
                                   .low = result->end_to_end_ci_low,
                                   .high = result->end_to_end_ci_high,
                                   .has_interval = isfinite(result->end_to_end_ci_low)};
    if (!isfinite(result->product))
        return;
    zg_stats_show_ratio(&stats, text, sizeof text);
    zg_page_print(stdout, "the ratios multiply to %sx; measured end to end: %s, %.1f %% apart",
                  zg_figure_show(result->product, product, sizeof product), text,
                  result->apart_percent);
}

static enum zg_status print_rows(const struct zg_ladder_result *results, int64_t n,
                                 enum zg_format format, struct zg_error *err)
{
    struct zg_table *table = NULL;
    const struct zg_schema *const schema = &zg_schema_ladder;
    const enum zg_status status = zg_table_of_rows(&table, schema, NULL, 0, err);
    for (int64_t i = 0; i < n && !status; i++)
        for (int64_t j = 0; j < results[i].n_rows; j++)
            zg_table_fields(table, schema->columns, schema->n_columns, &results[i].rows[j]);
    return zg_table_finish(&table, format, status, err);
}

enum zg_status zg_ladder_table_print(const struct zg_ladder_result *results, int64_t n,
                                     const struct zg_summary_row *summary, enum zg_format format,
                                     struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    struct zg_marks marks = {0};
    if (!zg_format_is_for_people(format))
        return print_rows(results, n, format, err);
    for (int64_t i = 0; i < n && !status; i++) {
        const struct zg_summary_row *const rows = &summary[i * results[i].n_rows];
        const char *const gap = format == ZG_FORMAT_MARKDOWN ? "\n" : "";
        printf("%s", i > 0 ? "\n" : "");
        zg_case_title_print(rows);
        printf("%s", gap);
        status = print_case(&results[i], rows, &marks, format, err);
        printf("%s", gap);
        if (!status)
            print_product(&results[i]);
    }
    if (!status)
        zg_marks_print(&marks, format == ZG_FORMAT_MARKDOWN);
    return status;
}

enum zg_status zg_ladder_list_print(const struct zg_ladder *ladder, enum zg_format format,
                                    struct zg_error *err)
{
    static const struct zg_heading headings[] = {{"rung", "rung"},
                                                 {"name", "name"},
                                                 {"paper_has", "paper has it"},
                                                 {"label", "what it changes"},
                                                 {"engine", "engine"}};
    struct zg_table *table = NULL;
    enum zg_status status =
        zg_table_open(&table, headings, sizeof headings / sizeof headings[0], err);
    for (int64_t i = 0; i < ladder->n_rungs && !status; i++) {
        const struct zg_rung *const rung = &ladder->rungs[i];
        zg_table_integer(table, i);
        zg_table_text(table, rung->name);
        zg_table_text(table, show_paper_has(rung->paper_has));
        zg_table_text(table, rung->label);
        zg_table_text(table, rung->item);
    }
    return zg_table_finish(&table, format, status, err);
}
