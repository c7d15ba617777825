/*
 * ladder_plot.c - one script for all cases, which reads ladder.csv by the numbers of its columns;
 * gnuplot runs in the result directory.
 */
#include "harness/ladder/ladder_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/child.h"
#include "harness/base/file_out.h"
#include "harness/rows/algorithm_cell.h"
#include "harness/rows/cell.h"

enum { TITLE_SIZE = 1024 };

/* ---- the script ------------------------------------------------------------------------------ */

/* What follows the columns' numbers and the list of cases.  Rows count from 0 after the header; an
 * empty cell compares false with every number.  Right of the bars stand their time, ratio, share of
 * the gap and label, each below the other; a picture is as wide as its longest text asks for. */
static const char body[] =
    "set encoding utf8\n"
    "set datafile separator ','\n"
    "set style fill solid 1 noborder\n"
    "set border 3\n"
    "set grid xtics back lc rgb '#dddddd'\n"
    "set ytics scale 0\n"
    "colours = '#9a9a9a #e8871e #3b75af'\n"
    "array kinds[3] = ['loop and kernels', 'zogap alone', \"the paper's runtime has it\"]\n"
    "character = 7.2 # in pixels, as what follows\n"
    "bars = 380\n"
    "line = 26\n"
    "\n"
    "figure(x) = sprintf(x >= 99.95 ? '%.0f' : x >= 9.995 ? '%.1f' : x >= 0.9995 ? '%.2f' : "
    "'%.3f', x)\n"
    "step_time(r) = column(c_time) * unit\n"
    "from_time(r) = column(c_previous) * unit\n"
    "low(r) = !(from_time(r) > 0) ? least : step_time(r) < from_time(r) ? step_time(r) : "
    "from_time(r)\n"
    "high(r) = from_time(r) > step_time(r) ? from_time(r) : step_time(r)\n"
    "kind(r) = column(c_paper) == 1 ? 3 : column(c_paper) == 0 ? 2 : 1\n"
    "is_kind(r, i) = kind(r) == i && step_time(r) > 0\n"
    "time_text(r) = step_time(r) > 0 ? figure(step_time(r)).' '.unit_name : '-'\n"
    "interval(r) = sprintf(' [%s, %s]', figure(column(c_low)), figure(column(c_high)))\n"
    "ratio_text(r) = !(step_time(r) > 0) ? 'failed its check' : !(column(c_ratio) > 0) ? "
    "'' : figure(column(c_ratio)).'x'.(column(c_low) > 0 ? interval(r) : ' (once)')\n"
    "has_share(r) = column(c_low) > 0 && abs(column(c_share)) >= 0\n"
    "share_text(r) = has_share(r) ? sprintf('%.1f %%', 100 * column(c_share)) : ''\n"
    "wider(a, b) = a > b ? a : b\n"
    "\n"
    "do for [k = 1:n_cases] {\n"
    "    unset logscale\n"
    "    set xrange [*:*]\n"
    "    set yrange [*:*] # stats heeds them\n"
    "    stats data skip 1 every ::first[k]::last[k] using c_time nooutput\n"
    "    unit = STATS_max < 10 ? 1e3 : 1\n"
    "    unit_name = STATS_max < 10 ? 'ms' : 's'\n"
    "    least = STATS_min * unit / 1.3\n"
    "    most = STATS_max * unit * 1.1\n"
    "    stats data skip 1 every ::first[k]::last[k] using (strlen(strcol(c_name))) "
    "nooutput\n"
    "    left = character * STATS_max + 30\n"
    "    stats data skip 1 every ::first[k]::last[k] using (strlen(ratio_text(0))) "
    "nooutput\n"
    "    ratio_at = 95\n"
    "    share_at = ratio_at + character * STATS_max + 20\n"
    "    stats data skip 1 every ::first[k]::last[k] using (has_share(0) ? 1 : 0) "
    "nooutput\n"
    "    label_at = share_at + (STATS_sum > 0 ? 75 : 0)\n"
    "    stats data skip 1 every ::first[k]::last[k] using (strlen(strcol(c_label))) "
    "nooutput\n"
    "    width = wider(left + bars + label_at + character * STATS_max + 10, character * "
    "strlen(title[k]) + 20)\n"
    "    array keys[3]\n"
    "    below = 65\n"
    "    do for [i = 1:3] {\n"
    "        stats data skip 1 every ::first[k]::last[k] using (is_kind(0, i) ? 1 : 0) "
    "nooutput\n"
    "        keys[i] = STATS_sum > 0 ? kinds[i] : ''\n"
    "        below = below + (STATS_sum > 0 ? 20 : 0)\n"
    "    }\n"
    "    height = 40.0 + below + line * (last[k] - first[k] + 1)\n"
    "    set terminal svg size width, height dynamic noenhanced name 'ladder' font "
    "'sans-serif,13' background 'white'\n"
    "    set output file[k]\n"
    "    set label 1 title[k] at screen 10 / width, 1 - 18 / height left noenhanced\n"
    "    set lmargin at screen left / width\n"
    "    set rmargin at screen (left + bars) / width\n"
    "    set tmargin at screen 1 - 34 / height\n"
    "    set bmargin at screen below / height\n"
    "    set key at screen left / width, 10 / height left bottom vertical Left reverse samplen 1 "
    "noenhanced\n"
    "    set xlabel 'time of a step, '.unit_name.' (log scale)'\n"
    "    set logscale x\n"
    "    set xtics nomirror ()\n"
    "    set for [d = -4:6] for [m in (most / least > 30 ? '1' : '1 2 5')] xtics add "
    "(sprintf('%g', m * 10.0 ** d) m * 10.0 ** d)\n"
    "    set xrange [least : most]\n"
    "    set yrange [first[k] - last[k] - 0.6 : 0.6]\n"
    "    plot for [i = 1:3] data skip 1 every ::first[k]::last[k] \\\n"
    "             using (is_kind(0, i) ? step_time(0) : "
    "NaN):(-column(c_rung)):(low(0)):(high(0)):(-column(c_rung) - 0.35):(-column(c_rung) "
    "+ 0.35) \\\n"
    "             with boxxyerror lc rgb word(colours, i) title keys[i], \\\n"
    "         data skip 1 every ::first[k]::last[k] using "
    "(most):(-column(c_rung)):(time_text(0)):ytic(c_name) \\\n"
    "             with labels right offset screen 80 / width, 0 tc rgb '#333333' "
    "notitle, \\\n"
    "         data skip 1 every ::first[k]::last[k] using "
    "(most):(-column(c_rung)):(ratio_text(0)) \\\n"
    "             with labels left offset screen ratio_at / width, 0 tc rgb '#333333' "
    "notitle, \\\n"
    "         data skip 1 every ::first[k]::last[k] using "
    "(most):(-column(c_rung)):(share_text(0)) \\\n"
    "             with labels right offset screen (share_at + 50) / width, 0 tc rgb "
    "'#333333' notitle, \\\n"
    "         data skip 1 every ::first[k]::last[k] using "
    "(most):(-column(c_rung)):(strcol(c_label)) \\\n"
    "             with labels left offset screen label_at / width, 0 tc rgb '#333333' "
    "notitle\n"
    "    set output\n"
    "}\n";

/* The number that gnuplot gives a column of ladder.csv. */
static int column_of(const char *name)
{
    int i = 0;
    while (strcmp(zg_schema_ladder.columns[i].name, name) != 0)
        i++;
    return i + 1;
}

static void make_title(char *text, size_t size, const struct zg_ladder_result *result)
{
    char layers[64] = "", ranks[128] = "";
    struct zg_option_cell rank;
    const struct zg_ladder_row *const row = &result->rows[0];
    if (row->id.layers_resident != ZG_NO_INTEGER)
        snprintf(layers, sizeof layers, " (%lld layers resident, repeated)",
                 (long long)row->id.layers_resident);
    if (zg_option_cell_find(row->id.algorithm, "rank", &rank))
        snprintf(ranks, sizeof ranks, ", rank %s", rank.value);
    snprintf(text, size, "%.300s%s%s, %.300s, batch %lld%s, %lld thread%s%s", row->id.model,
             row->id.synthetic == 1 ? " (synthetic weights)" : "", layers, row->id.task,
             (long long)row->id.batch, ranks, (long long)row->id.threads,
             row->id.threads == 1 ? "" : "s",
             strcmp(row->kind, "ladder") == 0 ? ": from the loop to the runtime"
                                              : ": leaving one out");
}

static void make_file_name(char *text, size_t size, int64_t index, int64_t n)
{
    char number[32] = "";
    if (n > 1)
        snprintf(number, sizeof number, "-%lld", (long long)index + 1);
    snprintf(text, size, "ladder%s.svg", number);
}

static bool is_drawn(const struct zg_ladder_result *result)
{
    return isfinite(result->rows[0].wall_s_per_step_median);
}

/* Each case's rows in ladder.csv, the file it is drawn to, and its title. */
static void put_cases(FILE *out, const struct zg_ladder_result *results, int64_t n)
{
    int n_drawn = 0;
    for (int64_t i = 0; i < n; i++)
        n_drawn += is_drawn(&results[i]);
    fprintf(out, "n_cases = %d\n", n_drawn);
    fprintf(out, "array first[%d]\narray last[%d]\narray file[%d]\narray title[%d]\n", n_drawn,
            n_drawn, n_drawn, n_drawn);
    int64_t row = 0, k = 0;
    for (int64_t i = 0; i < n; row += results[i++].n_rows) {
        if (!is_drawn(&results[i]))
            continue;
        char name[64], title[TITLE_SIZE];
        k++;
        make_file_name(name, sizeof name, i, n);
        make_title(title, sizeof title, &results[i]);
        fprintf(out, "first[%lld] = %lld; last[%lld] = %lld; file[%lld] = '%s'\n", (long long)k,
                (long long)row, (long long)k, (long long)(row + results[i].n_rows - 1),
                (long long)k, name);
        fprintf(out, "title[%lld] = ", (long long)k);
        zg_quoted_put(out, title, '\''); /* gnuplot expands nothing in them, and '' is a quote */
        fputc('\n', out);
    }
}

static enum zg_status write_script(const struct zg_ladder_result *results, int64_t n,
                                   const char *dir, struct zg_error *err)
{
    static const struct {
        const char *variable, *column;
    } columns[] = {{"c_rung", "rung"},
                   {"c_name", "name"},
                   {"c_label", "label"},
                   {"c_paper", "paper_has"},
                   {"c_ratio", "ratio"},
                   {"c_low", "ratio_ci_low"},
                   {"c_high", "ratio_ci_high"},
                   {"c_share", "gap_share"},
                   {"c_time", "wall_s_per_step_median"},
                   {"c_previous", "previous_wall_s_per_step_median"}};
    char *text = NULL;
    size_t size = 0;
    FILE *const out = open_memstream(&text, &size);
    if (!out)
        return zg_fail(err, ZG_ENV, "%s/ladder.gp: no memory", dir);
    fputs("# Draws ladder.csv: `gnuplot ladder.gp` in this directory.\ndata = 'ladder.csv'\n", out);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        fprintf(out, "%s = %d\n", columns[i].variable, column_of(columns[i].column));
    put_cases(out, results, n);
    fputc('\n', out);
    fputs(body, out);
    const bool complete = fclose(out) == 0;
    const enum zg_status status = complete ? zg_file_replace(dir, "ladder.gp", text, size, err)
                                           : zg_fail(err, ZG_ENV, "%s/ladder.gp: no memory", dir);
    free(text);
    return status;
}

/* ---- gnuplot --------------------------------------------------------------------------------- */

/* Without the user's start-up file, all output dropped. */
static void run_gnuplot(const char *dir, char *note, size_t note_size)
{
    const char *const argv[] = {"gnuplot", "-d", "ladder.gp", NULL};
    int code;
    if (zg_child_run(dir, argv, "/dev/null", 0, &code, NULL))
        snprintf(note, note_size,
                 "gnuplot is not installed: no plot; `gnuplot ladder.gp` in %s draws it", dir);
    else if (code)
        snprintf(note, note_size,
                 "gnuplot failed (see its message): no plot; `gnuplot ladder.gp` in %s tells", dir);
}

/* Names what a picture shows, for gnuplot's own title says nothing of the ladder.  One that is not
 * there, or not as gnuplot writes it, is left alone: it is a picture all the same. */
static void name_picture(const struct zg_ladder_result *result, const char *dir, const char *name)
{
    static const char own[] = "<title>ladder</title>";
    char path[1200], title[TITLE_SIZE], *text = NULL, *named = NULL;
    size_t size = 0, n_named = 0;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *const file = fopen(path, "r");
    const bool whole = file && getdelim(&text, &size, '\0', file) > 0;
    const char *const at = whole ? strstr(text, own) : NULL;
    FILE *const out = at ? open_memstream(&named, &n_named) : NULL;
    if (out) {
        make_title(title, sizeof title, result);
        fprintf(out, "%.*s<title>", (int)(at - text), text);
        zg_xml_put(out, title);
        fprintf(out, "</title>%s", at + sizeof own - 1);
        if (fclose(out) == 0)
            zg_file_replace(dir, name, named, n_named, NULL);
    }
    if (file)
        fclose(file);
    free(text);
    free(named);
}

enum zg_status zg_ladder_plot(const struct zg_ladder_result *results, int64_t n, const char *dir,
                              char *note, size_t note_size, struct zg_error *err)
{
    bool any = false;
    for (int64_t i = 0; i < n; i++)
        any = any || is_drawn(&results[i]);
    snprintf(note, note_size, "%s", any ? "" : "nothing was timed: no plot");
    if (!any)
        return ZG_OK;
    const enum zg_status status = write_script(results, n, dir, err);
    if (status)
        return status;
    run_gnuplot(dir, note, note_size);
    for (int64_t i = 0; i < n; i++) {
        char name[64];
        make_file_name(name, sizeof name, i, n);
        if (is_drawn(&results[i]) && !*note)
            name_picture(&results[i], dir, name);
    }
    return ZG_OK;
}
