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

/* ---- the script ------------------------------------------------------------------------------ */

/* What follows the columns' numbers and the list of cases.  Rows count from 0 after the header; an
 * empty cell compares false with every number. */
static const char body[] =
    "set encoding utf8\n"
    "set datafile separator ','\n"
    "set style fill solid 1 noborder\n"
    "set border 3\n"
    "set grid xtics back lc rgb '#dddddd'\n"
    "set tics nomirror\n"
    "set ytics scale 0\n"
    "set key outside bottom center horizontal samplen 1 noenhanced\n"
    "set xlabel 'time of a step, seconds (log scale)'\n"
    "set for [d = -7:3] for [m in '1 2 5'] xtics add (sprintf('%g', m * 10.0 ** d) m * 10.0 ** d)\n"
    "colours = '#9a9a9a #e8871e #3b75af'\n"
    "array kinds[3] = ['loop and kernels', 'zogap alone', \"the paper's runtime has it\"]\n"
    "\n"
    "step_time(r) = column(c_time)\n"
    "from_time(r) = column(c_previous)\n"
    "low(r) = !(from_time(r) > 0) ? least : step_time(r) < from_time(r) ? step_time(r) : "
    "from_time(r)\n"
    "high(r) = from_time(r) > step_time(r) ? from_time(r) : step_time(r)\n"
    "kind(r) = column(c_paper) == 1 ? 3 : column(c_paper) == 0 ? 2 : 1\n"
    "share(s) = s == s ? sprintf(', %.1f %% of the gap', 100 * s) : ''\n"
    "what(r) = !(step_time(r) > 0) ? 'failed its check' : !(column(c_ratio) > 0) ? strcol(c_label) "
    ": "
    "sprintf('%.2fx%s: %s', column(c_ratio), share(column(c_share)), strcol(c_label))\n"
    "\n"
    "do for [k = 1:n_cases] {\n"
    "    unset logscale\n"
    "    set xrange [*:*]\n"
    "    stats data skip 1 every ::first[k]::last[k] using c_time nooutput\n"
    "    least = STATS_min / 1.5\n"
    "    most = STATS_max * (STATS_max / least) ** 0.9 # room for the words\n"
    "    set terminal svg size 960, 100 + 30 * (last[k] - first[k] + 1) dynamic noenhanced "
    "font 'sans-serif,13' background 'white'\n"
    "    set output file[k]\n"
    "    set title title[k]\n"
    "    set logscale x\n"
    "    set xrange [least : most]\n"
    "    set yrange [first[k] - last[k] - 0.6 : 0.6]\n"
    "    plot for [i = 1:3] data skip 1 every ::first[k]::last[k] \\\n"
    "             using (kind(0) == i && step_time(0) > 0 ? step_time(0) : NaN):(-column(c_rung)):"
    "(low(0)):(high(0)):(-column(c_rung) - 0.35):(-column(c_rung) + 0.35) \\\n"
    "             with boxxyerror lc rgb word(colours, i) title kinds[i], \\\n"
    "         data skip 1 every ::first[k]::last[k] \\\n"
    "             using (step_time(0) > 0 ? high(0) : "
    "least):(-column(c_rung)):(what(0)):ytic(c_name) "
    "\\\n"
    "             with labels left offset 0.7, 0 tc rgb '#333333' notitle\n"
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

static void put_title(FILE *out, const struct zg_ladder_result *result)
{
    char text[1024], layers[64] = "", ranks[128] = "";
    struct zg_option_cell rank;
    const struct zg_ladder_row *const row = &result->rows[0];
    if (row->id.layers_resident != ZG_NO_INTEGER)
        snprintf(layers, sizeof layers, " (%lld layers resident, repeated)",
                 (long long)row->id.layers_resident);
    if (zg_option_cell_find(row->id.algorithm, "rank", &rank))
        snprintf(ranks, sizeof ranks, ", rank %s", rank.value);
    snprintf(text, sizeof text, "%.300s%s%s, %.300s, batch %lld%s, %lld thread%s%s", row->id.model,
             row->id.synthetic == 1 ? " (synthetic weights)" : "", layers, row->id.task,
             (long long)row->id.batch, ranks, (long long)row->id.threads,
             row->id.threads == 1 ? "" : "s",
             strcmp(row->kind, "ladder") == 0 ? ": from the loop to the runtime"
                                              : ": leaving one out");
    zg_quoted_put(out, text, '\''); /* gnuplot expands nothing in them, and '' is a quote */
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
        char number[32] = "";
        k++;
        if (n > 1)
            snprintf(number, sizeof number, "-%lld", (long long)i + 1);
        fprintf(out, "first[%lld] = %lld; last[%lld] = %lld; file[%lld] = 'ladder%s.svg'\n",
                (long long)k, (long long)row, (long long)k,
                (long long)(row + results[i].n_rows - 1), (long long)k, number);
        fprintf(out, "title[%lld] = ", (long long)k);
        put_title(out, &results[i]);
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
    return ZG_OK;
}
