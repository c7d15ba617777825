/*
 * compare.c - `zogap compare DIR...`: the table of a result directory, or the same cases in
 * several: times, ratios with their intervals, and in what the machines differ.
 */
#include "harness/compare/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/base/plural.h"
#include "harness/base/identity.h"
#include "harness/base/line.h"
#include "harness/base/page.h"
#include "harness/cmd/across.h"
#include "harness/cmd/command.h"
#include "harness/compare/meta_diff.h"
#include "harness/compare/peaks_table.h"
#include "harness/compare/phases_table.h"
#include "harness/ladder/ladder_table.h"
#include "harness/peak/roofline_table.h"
#include "harness/rows/case_row.h"
#include "harness/rows/gap_table.h"
#include "harness/store/alike.h"
#include "harness/store/reader.h"

static const char stdout_name[] = "standard output";

struct comparison {
    enum zg_format format;
    bool phases; /* instead of times */
    bool peaks;  /* likewise: some directory has nothing else, and all have them */
    struct zg_result_reader *sets[ZG_MOST_DIRS];
    int64_t n;
    struct zg_compare *compare;       /* NULL: one directory, or only the machines are asked for */
    struct zg_ladder_result *ladders; /* [n_ladders], NULL: not one directory with a ladder */
    int64_t n_ladders;
    struct zg_csv_in *ladder_csv; /* their texts */
};

static const struct zg_result_reader *const *sets_of(const struct comparison *c)
{
    return (const struct zg_result_reader *const *)c->sets;
}

/* ---- what people see around the tables ------------------------------------------------------- */

/* First of all, in what the directories differ; for programs only what makes a ratio unfair. */
static enum zg_status print_sentence(const struct comparison *c, FILE *out, struct zg_error *err)
{
    bool unfair = false;
    char *const text = c->n > 1 ? zg_compare_sentence(c->compare, sets_of(c), c->n, &unfair) : NULL;
    if (c->n > 1 && !text)
        return zg_fail(err, ZG_ENV, "no memory to compare");
    if (text && out == stdout)
        zg_page_print(out, "%s%s", text, unfair ? ": its ratios are of unlike things" : "");
    if (text && out == stdout)
        puts("");
    else if (text && unfair)
        fprintf(out, "warning: %s\n", text);
    free(text);
    return ZG_OK;
}

/* Which directory is which letter, and where it comes from. */
static enum zg_status print_legend(const struct comparison *c, struct zg_error *err)
{
    static const struct zg_heading headings[] = {
        {"set", "dir"}, {"directory", "directory"}, {"cpu", "cpu"},         {"threads", "threads"},
        {"isa", "isa"}, {"zogap", "zogap"},         {"started", "started"}, {"status", "status"},
    };
    struct zg_table *table = NULL;
    enum zg_status status =
        zg_table_open(&table, headings, sizeof headings / sizeof headings[0], err);
    if (!status)
        zg_table_set_secondary(table, "isa cpu threads");
    for (int64_t i = 0; i < c->n && !status; i++) {
        const struct zg_result_meta *const meta = &c->sets[i]->meta;
        zg_table_text(table, zg_compare_letter(i));
        zg_table_text(table, c->sets[i]->dir);
        zg_table_text(table, meta->cpu_name);
        zg_table_integer(table, meta->threads);
        zg_table_text(table, meta->isa);
        zg_table_text(table, meta->git);
        zg_table_text(table, meta->started_utc);
        zg_table_text(table, meta->status);
    }
    status = zg_table_finish(&table, c->format, status, err);
    if (!status)
        puts("");
    return status;
}

static int64_t add_warnings(struct zg_table *table, const struct zg_result_reader *set,
                            int64_t index)
{
    size_t i;
    json_t *warning;
    for (int64_t w = 0; w < set->n_warnings; w++) {
        zg_table_text(table, zg_compare_letter(index));
        zg_table_text(table, set->warnings[w]);
    }
    json_array_foreach((json_t *)set->meta.warnings, i, warning)
    {
        zg_table_text(table, zg_compare_letter(index));
        zg_table_text(table, json_string_value(warning));
    }
    return set->n_warnings + (int64_t)i;
}

/* What was wrong with the files, and what the runs warned of. */
static enum zg_status print_warnings(const struct comparison *c, struct zg_error *err)
{
    static const struct zg_heading headings[] = {{"set", "dir"}, {"warning", "warning"}};
    struct zg_table *table = NULL;
    int64_t n = 0;
    enum zg_status status = zg_table_open(&table, headings, 2, err);
    for (int64_t i = 0; i < c->n && !status; i++)
        n += add_warnings(table, c->sets[i], i);
    if (n > 0) {
        puts("");
        status = zg_table_print(table, stdout, stdout_name, c->format, err);
    }
    zg_table_close(&table);
    return status;
}

static enum zg_status print_machines(const struct comparison *c, struct zg_error *err)
{
    struct zg_table *table = NULL;
    int64_t n = 0;
    enum zg_status status = zg_meta_diff(&table, &n, sets_of(c), c->n, err);
    if (!status && n == 0 && zg_format_is_for_people(c->format))
        puts("machines, builds and policies do not differ");
    else if (!status)
        status = zg_table_print(table, stdout, stdout_name, c->format, err);
    zg_table_close(&table);
    return status;
}

static bool is_complete(const struct zg_result_meta *meta)
{
    return meta->status && strcmp(meta->status, "complete") == 0;
}

/* Programs get rows alone: what else there is to know goes to the standard error. */
static void tell_warnings(const struct comparison *c)
{
    for (int64_t i = 0; i < c->n; i++) {
        for (int64_t w = 0; w < c->sets[i]->n_warnings; w++)
            zg_line_print(stderr, "warning: %s", c->sets[i]->warnings[w]);
        if (!is_complete(&c->sets[i]->meta))
            zg_line_print(stderr, "warning: %s/meta.json: the run is not complete",
                          c->sets[i]->dir);
    }
}

/* ---- a roofline's directory ------------------------------------------------------------------ */

static bool has_file(const char *dir, const struct zg_schema *schema)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", dir, schema->file);
    return access(path, F_OK) == 0;
}

/* `zogap roofline --out` times no engine. */
static bool holds_peaks_alone(const char *dir)
{
    return has_file(dir, &zg_schema_roofline) && !has_file(dir, &zg_schema_summary);
}

/* Peaks beside a run that measured some, too, are compared with those.  ZG_INPUT: there is nothing
 * that all directories have. */
static enum zg_status choose_peaks(struct comparison *c, const struct zg_request *request,
                                   struct zg_error *err)
{
    const char *alone = NULL, *without = NULL;
    for (int64_t i = 0; i < request->n_dirs; i++) {
        if (!alone && holds_peaks_alone(request->dirs[i]))
            alone = request->dirs[i];
        if (!without && !has_file(request->dirs[i], &zg_schema_roofline))
            without = request->dirs[i];
    }
    if (!alone)
        return ZG_OK;
    if (without || c->phases)
        return zg_fail(err, ZG_INPUT,
                       "%s: has peaks that `zogap roofline` measured and no engine's times%s%s%s",
                       alone, without && !c->phases ? "; " : "",
                       without && !c->phases ? without : "",
                       without && !c->phases ? " has no peaks" : "");
    if (request->common || request->across.columns || request->across.n_options)
        return zg_fail(err, ZG_USAGE, "%s: has no effect on peaks, and %s has nothing else",
                       request->common ? "--common" : "--across", alone);
    c->peaks = true;
    return ZG_OK;
}

static enum zg_status print_peaks(const char *dir, enum zg_format format, struct zg_error *err)
{
    char path[1200];
    struct zg_csv_in *csv = NULL;
    snprintf(path, sizeof path, "%s/%s", dir, zg_schema_roofline.file);
    enum zg_status status = zg_csv_in_open(&csv, path, &zg_schema_roofline, err);
    if (!status)
        status = zg_roofline_table_print(csv->rows, csv->n, format, err);
    zg_csv_in_close(&csv);
    return status;
}

/* ---- the comparison -------------------------------------------------------------------------- */

/* Has ladder.csv the rungs that summary.csv has engines? */
static enum zg_status check_rungs(const struct zg_result_reader *set, const struct zg_csv_in *csv,
                                  const char *path, struct zg_error *err)
{
    const struct zg_ladder_row *const rows = csv->rows;
    bool same = csv->n == set->n_cases;
    for (int64_t i = 0; i < set->n_cases && same; i++)
        same = zg_case_row_same(&rows[i].id, &set->cases[i].id);
    return same
               ? ZG_OK
               : zg_fail(err, ZG_INPUT, "%s: is not of the engines and cases of summary.csv", path);
}

/* Reads the ladder of a directory that has one. */
static enum zg_status read_ladder(struct comparison *c, struct zg_error *err)
{
    const struct zg_result_reader *const set = c->sets[0];
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", set->dir, zg_schema_ladder.file);
    if (access(path, F_OK) != 0)
        return ZG_OK;
    enum zg_status status = zg_csv_in_open(&c->ladder_csv, path, &zg_schema_ladder, err);
    if (!status)
        status = check_rungs(set, c->ladder_csv, path, err);
    if (!status)
        status = zg_ladder_read(&c->ladders, &c->n_ladders, c->ladder_csv, path, err);
    return status;
}

static enum zg_status print_cases(const struct comparison *c, struct zg_error *err)
{
    if (c->phases)
        return zg_phases_table_print(sets_of(c), c->n, c->format, err);
    if (c->peaks)
        return zg_peaks_table_print(sets_of(c), c->n, c->format, err);
    /* of one directory: the rows of summary.csv lie in one array */
    const struct zg_summary_row *const summary = c->sets[0]->cases[0].summary;
    if (c->compare)
        return zg_compare_print(c->compare, c->format, err);
    if (c->ladders)
        return zg_ladder_table_print(c->ladders, c->n_ladders, summary, c->format, err);
    return zg_gap_table_print(summary, c->sets[0]->n_cases, c->format, err);
}

static enum zg_status print_for_people(const struct comparison *c, struct zg_error *err)
{
    enum zg_status status = print_sentence(c, stdout, err);
    if (!status)
        status = print_legend(c, err);
    if (!status)
        status = print_cases(c, err);
    if (!status && (c->compare || c->peaks)) {
        puts("");
        status = print_machines(c, err);
    }
    if (!status)
        status = print_warnings(c, err);
    return status;
}

/* What is printed is of these runs, not of this process. */
static void take_run_ids(const struct comparison *c)
{
    char ids[ZG_RUN_ID] = "";
    for (int64_t i = 0; i < c->n; i++) {
        const size_t n = strlen(ids);
        snprintf(ids + n, sizeof ids - n, "%s%s", i ? "+" : "", zg_alike_run_id(c->sets[i]));
    }
    zg_run_id_take(ids);
}

/* Nothing is printed before it is known that all can be. */
static enum zg_status read_all(struct comparison *c, const struct zg_request *request,
                               struct zg_error *err)
{
    const struct zg_compare_options options = {.common = request->common,
                                               .across = request->across};
    enum zg_status status = choose_peaks(c, request, err);
    for (; c->n < request->n_dirs && !status; c->n += !status)
        status = (c->peaks ? zg_result_reader_open_meta
                           : zg_result_reader_open)(&c->sets[c->n], request->dirs[c->n], err);
    if (!status)
        take_run_ids(c);
    if (!status && c->n == 1 && !c->phases)
        status = read_ladder(c, err);
    if (!status && c->n > 1 && !request->machines && !c->phases && !c->peaks)
        status = zg_compare_make(&c->compare, sets_of(c), c->n, &options, err);
    if (c->compare && c->compare->n_left_out > 0)
        fprintf(stderr, "note: left out: %lld row%s that not every directory has\n",
                (long long)c->compare->n_left_out, zg_plural(c->compare->n_left_out));
    return status;
}

/* ---- the command ----------------------------------------------------------------------------- */

/* What an option says must have an effect. */
static enum zg_status check_options(const struct zg_request *request, struct zg_error *err)
{
    const char *const matching = request->common                                        ? "--common"
                                 : request->across.columns || request->across.n_options ? "--across"
                                                                                        : NULL;
    if (request->n_dirs == 0)
        return zg_fail(err, ZG_USAGE, "needs a DIR, a result directory that `zogap run` wrote");
    if (request->n_dirs == 1 && (request->machines || matching))
        return zg_fail(err, ZG_USAGE, "%s: needs two directories or more",
                       request->machines ? "--machines" : matching);
    if (request->machines && request->phases)
        return zg_fail(err, ZG_USAGE, "--machines and --phases: each prints something else alone");
    if (matching && (request->machines || request->phases))
        return zg_fail(err, ZG_USAGE, "%s: has no effect with %s, which matches no cases", matching,
                       request->machines ? "--machines" : "--phases");
    return ZG_OK;
}

static enum zg_status run_compare(struct zg_request *request, struct zg_error *err)
{
    struct comparison c = {.format = (enum zg_format)request->format, .phases = request->phases};
    enum zg_status status = check_options(request, err);
    if (status)
        return status;
    if (request->n_dirs == 1 && !request->phases && holds_peaks_alone(request->dirs[0]))
        return print_peaks(request->dirs[0], c.format, err);
    const bool for_people = zg_format_is_for_people(c.format);
    status = read_all(&c, request, err);
    if (!status && !for_people)
        tell_warnings(&c);
    if (!status && !for_people)
        status = print_sentence(&c, stderr, err);
    if (!status && request->machines)
        status = print_machines(&c, err);
    else if (!status)
        status = for_people ? print_for_people(&c, err) : print_cases(&c, err);
    zg_compare_close(&c.compare);
    free(c.ladders);
    zg_csv_in_close(&c.ladder_csv);
    for (int64_t i = 0; i < c.n; i++)
        zg_result_reader_close(&c.sets[i]);
    return status;
}

/* ---- options --------------------------------------------------------------------------------- */

static enum zg_status add_dir(void *target, const struct zg_flag *flag, const char *value,
                              struct zg_error *err)
{
    (void)flag;
    struct zg_request *const request = target;
    if (request->n_dirs == ZG_MOST_DIRS)
        return zg_fail(err, ZG_USAGE, "%s: more than %d directories", value, ZG_MOST_DIRS);
    request->dirs[request->n_dirs++] = value;
    return ZG_OK;
}

#define FIELD(name) .offset = offsetof(struct zg_request, name)
static const struct zg_flag compare_flags[] = {
    {"across", ZG_FLAG_CUSTOM, "COLUMN,...", NULL,
     "case columns, or options of the algorithm, that may differ, like threads between two "
     "machines",
     .set = zg_across_set, .word_at = zg_across_word},
    {"common", ZG_FLAG_SWITCH, NULL, NULL,
     "compare what all directories have; without it a case that one lacks is refused",
     FIELD(common)},
    {"phases", ZG_FLAG_SWITCH, NULL, NULL,
     "print instead where the time of a step goes: phases.csv, with shares and rates",
     FIELD(phases)},
    {"machines", ZG_FLAG_SWITCH, NULL, NULL,
     "print only in what machines, builds and policies differ", FIELD(machines)},
    {.name = NULL},
};
static const struct zg_flag output_flags[] = {{ZG_FLAG_FORMAT}, {ZG_FLAG_WIDE}, {.name = NULL}};
static const struct zg_flag_group groups[] = {
    {"Cases", compare_flags, 0}, {ZG_TOPIC_OUTPUT, output_flags, 0}, {0}};
static const struct zg_flag operand = {
    "DIR...",
    ZG_FLAG_CUSTOM,
    "DIR",
    NULL,
    "result directories; the first is what the others are held against",
    .set = add_dir};

static const struct zg_term examples[] = {
    {"zogap compare before after", "what changed from one result directory to another"},
    {"zogap compare laptop server --across threads --format markdown",
     "two machines with different thread counts, as a Markdown table"},
    {NULL, NULL},
};

const struct zg_command zg_command_compare = {
    .name = "compare",
    .summary = "tables from result directories: times, ratios with intervals, machines",
    .details =
        "Of one directory prints its table or ladder. Of several prints, an engine and case, the "
        "time of a step in each, its ratio to the first directory's (above 1: faster) with the "
        "exact 95 % interval of two unpaired samples, and the speed-up over the run's own "
        "baseline with its ratio to the first directory's; then in what machines and builds "
        "differ. Unlike cases are refused, the differing columns named. Of directories that "
        "`zogap roofline` wrote, beside each other or beside runs, compares the peaks. To judge a "
        "change, use "
        "builds that took turns on one machine: an interval covers the noise inside the runs, "
        "not what changed between.",
    .groups = groups,
    .operand = &operand,
    .examples = examples,
    .run = run_compare,
};
