/* compare_table.c - what `zogap compare` prints of several directories: compare.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/page.h"
#include "harness/compare/compare.h"
#include "harness/rows/algorithm_cell.h"
#include "harness/rows/case_axes.h"
#include "harness/rows/precision.h"
#include "harness/rows/show.h"
#include "harness/store/alike.h"

/* --across has a bit a case column */
enum { MOST_OTHERS = 32, MOST_HEADINGS = 64 + 2 * ZG_MAX_ACROSS_OPTIONS + MOST_OTHERS };

const char *zg_compare_letter(int64_t set)
{
    static const char *const letters[] = {"A", "B", "C", "D", "E", "F", "G", "H", "I",
                                          "J", "K", "L", "M", "N", "O", "P", "Q", "R",
                                          "S", "T", "U", "V", "W", "X", "Y", "Z"};
    return set < (int64_t)(sizeof letters / sizeof letters[0]) ? letters[set] : "?";
}

/* What the table holds depends on the directories. */
struct layout {
    bool baseline;     /* a directory has an engine beside its baseline */
    bool instructions; /* a directory has them */
    bool times;
    bool dtype;                                     /* more than one */
    bool unlike;                                    /* a check failed, or holds less than fp32 */
    struct zg_case_axes axes;                       /* of a sweep; for people */
    const char *options[2 * ZG_MAX_ACROSS_OPTIONS]; /* --across and of the axes */
    int64_t n_options;
};

/* The first directory that has a line's engine and case. */
static int64_t first_set(const struct zg_compare_line *line)
{
    int64_t set = 0;
    while (!line->cells[set].c)
        set++;
    return set;
}

static const struct zg_summary_row *row_of(const struct zg_compare_line *line)
{
    return line->cells[first_set(line)].c->summary;
}

static bool is_across(const struct zg_case_across *across, const char *option)
{
    for (int64_t i = 0; i < across->n_options; i++)
        if (zg_option_key_same(across->options[i], option))
            return true;
    return false;
}

/* What cases differ in is told in columns; --across has those already. */
static void take_axes(struct layout *layout, const struct zg_compare *compare, bool for_people)
{
    const struct zg_case_across *const across = &compare->options.across;
    for (int64_t i = 1; i < compare->n_lines && for_people; i++)
        zg_case_axes_add(&layout->axes, &row_of(&compare->lines[0])->id,
                         &row_of(&compare->lines[i])->id);
    for (int64_t i = 0; i < across->n_options; i++)
        layout->options[layout->n_options++] = across->options[i];
    for (int64_t i = 0; i < layout->axes.n_options; i++)
        if (!is_across(across, layout->axes.options[i].key))
            layout->options[layout->n_options++] = layout->axes.options[i].key;
}

static void take_cells(struct layout *layout, const struct zg_compare *compare)
{
    for (int64_t i = 0; i < compare->n_lines; i++)
        for (int64_t set = 0; set < compare->n_sets; set++) {
            const struct zg_compare_cell *const cell = &compare->lines[i].cells[set];
            if (!cell->c)
                continue;
            layout->baseline |= isfinite(cell->speedup.median);
            layout->instructions |= isfinite(cell->instructions.median);
            layout->times |= isfinite(cell->time.median);
            layout->dtype |= zg_dtypes_coarsest(cell->c->id.dtype) != ZG_FP32;
            layout->unlike |= cell->c->verified != 1;
        }
    layout->unlike |= layout->dtype;
}

/* ---- cells ----------------------------------------------------------------------------------- */

static void add_stats(struct zg_table *table, const struct zg_stats *stats, const char *shown)
{
    zg_table_real(table, stats->median, shown);
    zg_table_real(table, stats->low, NULL);
    zg_table_real(table, stats->high, NULL);
}

/* Of the first directory it is 1 by definition. */
static void add_ratio(struct zg_table *table, struct zg_marks *marks, const struct zg_stats *ratio,
                      bool is_first)
{
    char text[96];
    zg_ratio_show(ratio, marks, text, sizeof text);
    add_stats(table, ratio, is_first && isfinite(ratio->median) ? "1" : text);
}

static bool is_baseline(const struct zg_compare *compare, int64_t set,
                        const struct zg_result_case *c)
{
    return zg_result_reader_baseline(compare->sets[set], c) == c;
}

static void add_check(struct zg_table *table, const struct zg_compare *compare, int64_t set,
                      const struct zg_result_case *c)
{
    const struct zg_result_case *const reference = zg_result_reader_baseline(compare->sets[set], c);
    char text[64];
    zg_table_text(
        table, zg_verified_show(
                   text, sizeof text, c->verified, reference == c,
                   zg_dtype_coarser(zg_dtypes_coarsest(c->id.dtype),
                                    zg_dtypes_coarsest(reference ? reference->id.dtype : NULL))));
}

static void add_option(struct zg_table *table, const char *algorithm, const char *key)
{
    struct zg_option_cell option;
    const bool has = zg_option_cell_find(algorithm, key, &option);
    char *end = NULL;
    const double number = has ? strtod(option.value, &end) : NAN;
    if (has && !*end)
        zg_table_real(table, number, option.value);
    else
        zg_table_text(table, has ? option.value : NULL);
}

static void add_time(struct zg_table *table, struct zg_marks *marks,
                     const struct zg_compare_cell *cell)
{
    char text[128];
    zg_step_interval_show(&cell->time, text, sizeof text);
    if (zg_stats_is_vague(&cell->time))
        zg_mark_add(marks, ZG_MARK_VAGUE, text, sizeof text);
    if (cell->c->summary->n_disturbed > 0)
        zg_mark_add(marks, ZG_MARK_DISTURBED, text, sizeof text);
    add_stats(table, &cell->time, text);
}

/* In the order of the headings. */
static void add_row(struct zg_table *table, const struct zg_compare *compare,
                    const struct layout *layout, struct zg_marks *marks,
                    const struct zg_compare_line *line, int64_t set)
{
    const struct zg_compare_cell *const cell = &line->cells[set];
    const struct zg_result_case *const c = cell->c;
    const struct zg_stats one = {.median = 1, .low = NAN, .high = NAN};
    zg_table_fields(table, zg_schema_summary.columns, zg_case_n_columns(), &c->id);
    for (int64_t i = 0; i < layout->n_options; i++)
        add_option(table, c->id.algorithm, layout->options[i]);
    zg_table_text(table, zg_compare_letter(set));
    zg_table_text(table, compare->sets[set]->dir);
    zg_table_integer(table, c->n);
    add_time(table, marks, cell);
    add_ratio(table, marks, &cell->over_first, set == 0);
    zg_table_text(table, c->summary->baseline);
    if (is_baseline(compare, set, c) && isfinite(cell->time.median))
        add_stats(table, &one, "1 (baseline)");
    else
        add_ratio(table, marks, &cell->speedup, false);
    add_ratio(table, marks, &cell->change, set == 0);
    add_stats(table, &cell->instructions, NULL);
    add_ratio(table, marks, &cell->instructions_over_first, set == 0);
    zg_table_integer(table, c->verified);
    add_check(table, compare, set, c);
    zg_table_text(table, zg_alike_run_id(compare->sets[set]));
}

/* The case columns first: for people only those that tell rows apart.  Then the algorithm's options
 * that do or may differ. */
static int64_t make_headings(struct zg_heading *headings, const struct zg_compare *compare,
                             const struct layout *layout)
{
    const struct zg_heading others[] = {
        {"set", "dir"},
        {"directory", NULL},
        {"n", "blocks"},
        {"wall_s_per_step_median", layout->times ? "time of a step [95 %]" : NULL},
        {"wall_s_per_step_ci_low", NULL},
        {"wall_s_per_step_ci_high", NULL},
        {"over_first", layout->times ? "over A [95 %]" : NULL},
        {"over_first_ci_low", NULL},
        {"over_first_ci_high", NULL},
        {"baseline", NULL},
        {"speedup", layout->baseline ? "speed-up [95 %]" : NULL},
        {"speedup_ci_low", NULL},
        {"speedup_ci_high", NULL},
        {"speedup_over_first", layout->baseline ? "speed-up over A's [95 %]" : NULL},
        {"speedup_over_first_ci_low", NULL},
        {"speedup_over_first_ci_high", NULL},
        {"instructions_per_step", layout->instructions ? "instructions" : NULL},
        {"instructions_per_step_ci_low", NULL},
        {"instructions_per_step_ci_high", NULL},
        {"instructions_over_first", layout->instructions ? "fewer than A [95 %]" : NULL},
        {"instructions_over_first_ci_low", NULL},
        {"instructions_over_first_ci_high", NULL},
        {"verified", NULL},
        {"check", "check"},
        {"run", NULL},
    };
    const int64_t n_others = sizeof others / sizeof others[0];
    _Static_assert(sizeof others / sizeof others[0] <= MOST_OTHERS, "room for the headings");
    const struct zg_case_across *const across = &compare->options.across;
    const int64_t n_case = zg_case_n_columns();
    for (int64_t i = 0; i < n_case; i++) {
        const char *const name = zg_schema_summary.columns[i].name;
        const bool shown = !strcmp(name, "engine") || (layout->dtype && !strcmp(name, "dtype")) ||
                           ((across->columns | layout->axes.columns) >> i & 1);
        headings[i] = (struct zg_heading){name, shown ? name : NULL};
    }
    for (int64_t i = 0; i < layout->n_options; i++)
        headings[n_case + i] = (struct zg_heading){layout->options[i], layout->options[i]};
    memcpy(headings + n_case + layout->n_options, others, sizeof others);
    return n_case + layout->n_options + n_others;
}

/* What all lines have in common.  Where columns may differ, it is so in one of the sets. */
static void print_title(const struct zg_compare *compare, const struct layout *layout)
{
    char name[1024];
    const struct zg_compare_line *const line = &compare->lines[0];
    const bool across = compare->options.across.columns || compare->options.across.n_options;
    zg_case_show(&layout->axes, row_of(line), name, sizeof name);
    zg_page_print(stdout, "%s%s%s%s", name, across ? " (in " : "",
                  across ? zg_compare_letter(first_set(line)) : "", across ? ")" : "");
}

enum zg_status zg_compare_print(const struct zg_compare *compare, enum zg_format format,
                                struct zg_error *err)
{
    const bool for_people = zg_format_is_for_people(format);
    const bool markdown = format == ZG_FORMAT_MARKDOWN;
    struct zg_heading headings[MOST_HEADINGS];
    struct zg_table *table = NULL;
    struct zg_marks marks = {0};
    struct layout layout = {0};
    take_cells(&layout, compare);
    take_axes(&layout, compare, for_people);
    enum zg_status status =
        zg_table_open(&table, headings, make_headings(headings, compare, &layout), err);
    if (status)
        return status;
    zg_table_set_name(table, "compare");
    zg_table_set_secondary(table, layout.unlike ? "n instructions_per_step speedup"
                                                : "n instructions_per_step speedup verified check");
    for (int64_t i = 0; i < compare->n_lines; i++)
        for (int64_t set = 0; set < compare->n_sets; set++)
            if (compare->lines[i].cells[set].c)
                add_row(table, compare, &layout, &marks, &compare->lines[i], set);
    if (for_people && compare->n_lines > 0)
        print_title(compare, &layout);
    printf("%s", markdown ? "\n" : "");
    status = zg_table_finish(&table, format, status, err);
    if (!status && for_people)
        zg_marks_print(&marks, markdown);
    return status;
}
