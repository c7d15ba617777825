/* gate_print.c - a judged gate as a table, gate.json and Markdown: gate.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "harness/base/json.h"
#include "harness/gate/gate.h"
#include "harness/rows/case_row.h"
#include "harness/rows/cell.h"

/* Version of gate.json; its fields only ever grow.  1: `case` had columns of schema version 2. */
enum { GATE_VERSION = 2 };

static const char *measure_name(enum zg_gate_measure measure)
{
    static const char *const names[] = {"auto", "ratio", "seconds", "instructions"};
    return names[measure];
}

/* "1.095 [1.020, 1.130]"; of counts "1.0061 (counted)", which have four digits worth telling. */
static const char *show_ratio(const struct zg_judged *judged, char *text, size_t size)
{
    if (judged->pairing == ZG_COUNTED)
        snprintf(text, size, "%.4f (counted)", judged->ratio);
    else
        snprintf(text, size, "%.3f [%.3f, %.3f]", judged->ratio, judged->low, judged->high);
    return text;
}

static const char *show_confidence(const struct zg_judged *judged, char *text, size_t size)
{
    snprintf(text, size, "%.4g %%", 100 * judged->confidence);
    return isfinite(judged->confidence) ? text : NULL;
}

/* What the costs are, for a heading: "s/step". */
static const char *unit_of(const struct zg_gate *gate, char *text, size_t size)
{
    if (gate->measure == ZG_GATE_RATIO) /* which both runs name, or neither */
        snprintf(text, size, "x %.40s", gate->sets[ZG_GATE_BASELINE]->cases[0].summary->baseline);
    else
        snprintf(text, size, "%s",
                 gate->measure == ZG_GATE_INSTRUCTIONS ? "instructions/step" : "s/step");
    return text;
}

/* ---- table ----------------------------------------------------------------------------------- */

static enum zg_status make_table(struct zg_table **table, const struct zg_gate *gate,
                                 struct zg_error *err)
{
    char unit[64], shown[2][96];
    unit_of(gate, unit, sizeof unit);
    snprintf(shown[0], sizeof shown[0], "baseline %s", unit);
    snprintf(shown[1], sizeof shown[1], "candidate %s", unit);
    const struct zg_heading headings[] = {
        {"case", "case"},
        {"verdict", "verdict"},
        {"ratio", "candidate / baseline"},
        {"ratio_low", NULL},
        {"ratio_high", NULL},
        {"confidence", "interval at"},
        {"p", NULL},
        {"threshold", NULL},
        {"baseline_median", shown[0]},
        {"candidate_median", shown[1]},
        {"baseline_blocks", "blocks"},
        {"candidate_blocks", gate->paired ? NULL : "candidate's"}, /* as many */
        {"reason", NULL}};                                         /* below the table */
    const enum zg_status status =
        zg_table_open(table, headings, sizeof headings / sizeof headings[0], err);
    if (!status)
        zg_table_set_name(*table, "gate");
    if (!status)
        zg_table_set_secondary(*table, "confidence candidate_blocks baseline_blocks "
                                       "candidate_median baseline_median");
    for (int64_t i = 0; i < gate->n_cases && !status; i++) {
        const struct zg_gate_case *const c = &gate->cases[i];
        char text[96];
        zg_table_text(*table, c->name);
        zg_table_text(*table, zg_judgement_name(c->judged.judgement));
        zg_table_real(*table, c->judged.ratio, show_ratio(&c->judged, text, sizeof text));
        zg_table_real(*table, c->judged.low, NULL);
        zg_table_real(*table, c->judged.high, NULL);
        zg_table_real(*table, c->judged.confidence, show_confidence(&c->judged, text, sizeof text));
        zg_table_real(*table, c->judged.p, NULL);
        zg_table_real(*table, c->judged.threshold, NULL);
        zg_table_real(*table, c->median[ZG_GATE_BASELINE], NULL);
        zg_table_real(*table, c->median[ZG_GATE_CANDIDATE], NULL);
        zg_table_integer(*table, c->n[ZG_GATE_BASELINE]);
        zg_table_integer(*table, c->n[ZG_GATE_CANDIDATE]);
        zg_table_text(*table, c->judged.reason);
    }
    return status;
}

enum zg_status zg_gate_print(const struct zg_gate *gate, enum zg_format format, FILE *file,
                             const char *file_name, struct zg_error *err)
{
    struct zg_table *table = NULL;
    enum zg_status status = make_table(&table, gate, err);
    if (!status)
        status = zg_table_print(table, file, file_name, format, err);
    zg_table_close(&table);
    return status;
}

/* ---- gate.json ------------------------------------------------------------------------------- */

static json_t *values_json(const struct zg_gate_case *c, enum zg_gate_side side)
{
    json_t *const values = json_array();
    for (int64_t i = 0; i < c->n[side]; i++)
        json_array_append_new(values, zg_json_real(c->values[side][i]));
    return values;
}

static json_t *case_json(const struct zg_gate_case *c)
{
    const struct zg_judged *const judged = &c->judged;
    json_t *const o = json_object();
    json_t *const id = json_object();
    for (int64_t i = 0; i < zg_case_n_columns(); i++) {
        const struct zg_cell cell = zg_row_cell(&zg_schema_summary.columns[i], &c->id);
        json_object_set_new(id, zg_schema_summary.columns[i].name, zg_cell_json(&cell));
    }
    json_object_set_new(o, "name", zg_json_text(c->name));
    json_object_set_new(o, "verdict", json_string(zg_judgement_name(judged->judgement)));
    json_object_set_new(o, "reason", zg_json_text(judged->reason));
    json_object_set_new(o, "ratio", zg_json_real(judged->ratio));
    json_object_set_new(o, "ratio_low", zg_json_real(judged->low));
    json_object_set_new(o, "ratio_high", zg_json_real(judged->high));
    json_object_set_new(o, "confidence", zg_json_real(judged->confidence));
    json_object_set_new(o, "p", zg_json_real(judged->p));
    json_object_set_new(o, "baseline_median", zg_json_real(c->median[ZG_GATE_BASELINE]));
    json_object_set_new(o, "candidate_median", zg_json_real(c->median[ZG_GATE_CANDIDATE]));
    json_object_set_new(o, "baseline", values_json(c, ZG_GATE_BASELINE));
    json_object_set_new(o, "candidate", values_json(c, ZG_GATE_CANDIDATE));
    json_object_set_new(o, "case", id);
    return o;
}

static json_t *build_json(const struct zg_result_meta *build)
{
    return json_pack("{s:o, s:o, s:o}", "version", zg_json_text(build->version), "git",
                     zg_json_text(build->git), "started_utc", zg_json_text(build->started_utc));
}

/* Of the baseline, NULL: not known.  Some processors' names are padded. */
static const char *show_cpu(const struct zg_gate *gate, char *text, size_t size)
{
    const char *const name = gate->sets[ZG_GATE_BASELINE]->meta.cpu_name;
    snprintf(text, size, "%s", name ? name : "");
    for (size_t n = strlen(text); n > 0 && text[n - 1] == ' '; n--)
        text[n - 1] = '\0';
    return text[0] ? text : NULL;
}

enum zg_status zg_gate_json(const struct zg_gate *gate, FILE *out, struct zg_error *err)
{
    char cpu[128];
    json_t *const o = json_object();
    json_t *const counts = json_object(), *const cases = json_array(),
                  *const warnings = json_array();
    for (int j = 0; j < ZG_N_JUDGEMENTS; j++)
        json_object_set_new(counts, zg_judgement_name((enum zg_judgement)j),
                            json_integer(zg_gate_count(gate, (enum zg_judgement)j)));
    for (int64_t i = 0; i < gate->n_cases; i++)
        json_array_append_new(cases, case_json(&gate->cases[i]));
    for (int64_t i = 0; i < gate->n_warnings; i++)
        json_array_append_new(warnings, zg_json_text(gate->warnings[i]));
    json_object_set_new(o, "gate_version", json_integer(GATE_VERSION));
    json_object_set_new(o, "verdict", json_string(zg_judgement_name(zg_gate_verdict(gate))));
    json_object_set_new(o, "counts", counts);
    json_object_set_new(o, "measure", json_string(measure_name(gate->measure)));
    json_object_set_new(o, "measured", zg_json_text(gate->measured));
    json_object_set_new(o, "paired", json_boolean(gate->paired));
    json_object_set_new(o, "max_regression", zg_json_real(gate->threshold));
    if (gate->paired)
        json_object_update_new(
            o, json_pack("{s:o, s:o, s:o, s:o, s:I}", "wall_s", zg_json_real(gate->wall_s),
                         "samples_s", zg_json_real(gate->samples_s), "samples_share",
                         zg_json_real(zg_gate_samples_share(gate)), "block_s",
                         zg_json_real(gate->block_s), "busy_blocks", (json_int_t)gate->n_busy));
    json_object_set_new(o, "alpha", zg_json_real(ZG_JUDGE_ALPHA));
    json_object_set_new(o, "cpu", zg_json_text(show_cpu(gate, cpu, sizeof cpu)));
    json_object_set_new(o, "baseline", build_json(&gate->sets[ZG_GATE_BASELINE]->meta));
    json_object_set_new(o, "candidate", build_json(&gate->sets[ZG_GATE_CANDIDATE]->meta));
    json_object_set_new(o, "warnings", warnings);
    json_object_set_new(o, "cases", cases);
    const bool complete = json_dumpf(o, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0;
    json_decref(o);
    fputc('\n', out);
    return complete && !zg_json_memory_failed() ? ZG_OK
                                                : zg_fail(err, ZG_ENV, "no memory for gate.json");
}

/* ---- Markdown -------------------------------------------------------------------------------- */

static void append_build(FILE *out, const char *name, const struct zg_result_meta *build)
{
    fprintf(out, "%s: zogap %s (%s), %s", name,
            build->version ? build->version : "of no known version",
            build->git ? build->git : "no git state",
            build->started_utc ? build->started_utc : "at no known time");
}

/* "- a: b: c"; NULL: no c. */
static void put_item(FILE *out, const char *a, const char *b, const char *c)
{
    fputs("- ", out);
    zg_markdown_put(out, a);
    fputs(": ", out);
    zg_markdown_put(out, b);
    fputs(c ? ": " : "", out);
    zg_markdown_put(out, c ? c : "");
    fputc('\n', out);
}

enum zg_status zg_gate_markdown(const struct zg_gate *gate, FILE *out, struct zg_error *err)
{
    char sentence[96], cpu[128];
    fprintf(out, "## zogap gate: %s\n\n%s. ", zg_judgement_name(zg_gate_verdict(gate)),
            zg_gate_sentence(gate, sentence, sizeof sentence));
    fprintf(out, "Above 1 is slower; the threshold is %g %%. Measured: %s.\n\n",
            100 * gate->threshold, gate->measured);
    const enum zg_status status =
        zg_gate_print(gate, ZG_FORMAT_MARKDOWN, out, "a Markdown page in memory", err);
    fputs("\n", out);
    for (int64_t i = 0; i < gate->n_cases; i++)
        if (gate->cases[i].judged.judgement != ZG_JUDGED_SAME)
            put_item(out, gate->cases[i].name, zg_judgement_name(gate->cases[i].judged.judgement),
                     gate->cases[i].judged.reason);
    for (int64_t i = 0; i < gate->n_warnings; i++)
        put_item(out, "warning", gate->warnings[i], NULL);
    fputs("\n", out);
    append_build(out, "Baseline", &gate->sets[ZG_GATE_BASELINE]->meta);
    append_build(out, "; candidate", &gate->sets[ZG_GATE_CANDIDATE]->meta);
    const char *const name = show_cpu(gate, cpu, sizeof cpu);
    fprintf(out, "; %s.\n", name ? name : "no known cpu");
    return status;
}
