/* plot.c - rows of curve.csv to points, and a script that reads the file by the numbers of its
 * columns. */
#include "harness/train/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "harness/base/child.h"
#include "harness/base/file_out.h"
#include "harness/base/page.h"
#include "harness/rows/case_row.h"
#include "harness/rows/cell.h"
#include "harness/train/text_plot.h"

/* ---- in plain characters --------------------------------------------------------------------- */

enum { COLUMNS = 64, ROWS = 13 };

static bool is_point(const struct zg_curve_row *row, const char *engine)
{
    return zg_cell_same_text(row->id.engine, engine) && zg_cell_same_text(row->eval_split, "dev");
}

/* Points of every engine, each with the room for all rows. */
static void find_points(const struct zg_train_picture *picture, struct zg_text_curve *curves,
                        double *points)
{
    const struct zg_curve_row *const rows = picture->curve->rows;
    const int64_t n = picture->curve->n;
    for (int64_t e = 0; e < picture->n_engines; e++) {
        double *const x = points + 2 * e * n, *const y = x + n;
        curves[e] = (struct zg_text_curve){.name = picture->engines[e], .x = x, .y = y};
        for (int64_t i = 0; i < n; i++) {
            if (!is_point(&rows[i], picture->engines[e]))
                continue;
            x[curves[e].n] = (double)rows[i].step;
            y[curves[e].n++] = picture->metric ? rows[i].eval_metric : rows[i].eval_loss;
        }
    }
}

enum zg_status zg_train_plot_text(const struct zg_train_picture *picture, FILE *out,
                                  struct zg_error *err)
{
    struct zg_text_curve curves[ZG_MAX_ENGINES];
    char title[128];
    snprintf(title, sizeof title, "%s of the dev rows", picture->metric ? picture->metric : "loss");
    const struct zg_text_axes axes = {
        .title = title, .x_name = "steps", .n_columns = COLUMNS, .n_rows = ROWS};
    const size_t n = (size_t)(2 * picture->n_engines * picture->curve->n);
    double *const points = calloc(n + 1, sizeof *points);
    if (!points)
        return zg_fail(err, ZG_ENV, "no memory for a plot");
    find_points(picture, curves, points);
    zg_text_plot(curves, picture->n_engines, &axes, out);
    free(points);
    return ZG_OK;
}

/* ---- gnuplot --------------------------------------------------------------------------------- */

/* What follows the columns' numbers and the engines.  `smooth unique` leaves out what is undefined,
 * so that the rows of an engine are one line though others' lie between them. */
static const char body[] =
    "set encoding utf8\n"
    "set datafile separator ','\n"
    "set terminal svg size 1000, (has_metric ? 760 : 420) dynamic noenhanced name 'curve' font "
    "'sans-serif,13' background 'white'\n"
    "set output 'curve.svg'\n"
    "colours = '#9a9a9a #3b75af #e8871e #519e3e #c53a32 #8d69b8 #84584e #222222'\n"
    "is_row(e) = strcol(c_engine) eq engine[e]\n"
    "is_dev(e) = is_row(e) && strcol(c_split) eq 'dev'\n"
    "dev(e, c) = is_dev(e) ? column(c) : NaN\n"
    "of(e, c) = is_row(e) ? column(c) : NaN\n"
    "colour(e) = word(colours, 1 + (e - 1) % 8)\n"
    "set border 3\n"
    "set tics nomirror\n"
    "set grid back lc rgb '#dddddd'\n"
    "set key bottom right noenhanced\n"
    "set multiplot layout (has_metric ? 2 : 1), 2 title title noenhanced\n"
    "if (has_metric) {\n"
    "    set ylabel metric.' (dev)' noenhanced\n"
    "    set xlabel 'steps'\n"
    "    plot for [e = 1:n_engines] data skip 1 using (dev(e, c_step)):(dev(e, c_metric)) smooth "
    "unique with linespoints pt 7 ps 0.4 lc rgb colour(e) title engine[e]\n"
    "    set xlabel \"seconds of the engine's own steps\"\n"
    "    plot for [e = 1:n_engines] data skip 1 using (dev(e, c_time)):(dev(e, c_metric)) smooth "
    "unique with linespoints pt 7 ps 0.4 lc rgb colour(e) title engine[e]\n"
    "}\n"
    "set key top right\n"
    "set ylabel 'loss (dev: points, training batches: thin)'\n"
    "set xlabel 'steps'\n"
    "plot for [e = 1:n_engines] data skip 1 using (of(e, c_step)):(of(e, c_loss)) smooth unique "
    "with lines lw 0.3 lc rgb colour(e) notitle, \\\n"
    "     for [e = 1:n_engines] data skip 1 using (dev(e, c_step)):(dev(e, c_dev)) smooth unique "
    "with linespoints pt 7 ps 0.4 lc rgb colour(e) title engine[e]\n"
    "set xlabel \"seconds of the engine's own steps\"\n"
    "plot for [e = 1:n_engines] data skip 1 using (of(e, c_time)):(of(e, c_loss)) smooth unique "
    "with lines lw 0.3 lc rgb colour(e) notitle, \\\n"
    "     for [e = 1:n_engines] data skip 1 using (dev(e, c_time)):(dev(e, c_dev)) smooth unique "
    "with linespoints pt 7 ps 0.4 lc rgb colour(e) title engine[e]\n"
    "unset multiplot\n"
    "set output\n";

/* The number that gnuplot gives a column of curve.csv. */
static int column_of(const char *name)
{
    int i = 0;
    while (strcmp(zg_schema_curve.columns[i].name, name) != 0)
        i++;
    return i + 1;
}

/* gnuplot expands nothing in '...', and '' is a quote. */
static void put_text(FILE *out, const char *name, const char *text)
{
    fprintf(out, "%s = ", name);
    zg_quoted_put(out, text, '\'');
    fputc('\n', out);
}

static void put_script(const struct zg_train_picture *picture, FILE *out)
{
    static const struct {
        const char *variable, *column;
    } columns[] = {{"c_engine", "engine"},     {"c_step", "step"},        {"c_time", "wall_s"},
                   {"c_loss", "loss_plus"},    {"c_split", "eval_split"}, {"c_dev", "eval_loss"},
                   {"c_metric", "eval_metric"}};
    fputs("# Draws curve.csv: `gnuplot curve.gp` in this directory.\ndata = 'curve.csv'\n", out);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        fprintf(out, "%s = %d\n", columns[i].variable, column_of(columns[i].column));
    fprintf(out, "has_metric = %d\n", picture->metric != NULL);
    put_text(out, "metric", picture->metric ? picture->metric : "");
    put_text(out, "title", picture->title);
    fprintf(out, "n_engines = %lld\narray engine[%lld]\n", (long long)picture->n_engines,
            (long long)picture->n_engines);
    for (int64_t e = 0; e < picture->n_engines; e++) {
        char name[32];
        snprintf(name, sizeof name, "engine[%lld]", (long long)e + 1);
        put_text(out, name, picture->engines[e]);
    }
    fputs(body, out);
}

/* Without the user's start-up file, all output dropped. */
static void run_gnuplot(const char *dir, char *note, size_t size)
{
    const char *const argv[] = {"gnuplot", "-d", "curve.gp", NULL};
    int code;
    if (zg_child_run(dir, argv, "/dev/null", 0, &code, NULL))
        snprintf(note, size,
                 "gnuplot is not installed: no picture; `gnuplot curve.gp` in %s draws it", dir);
    else if (code)
        snprintf(note, size,
                 "gnuplot failed (see its message): no picture; `gnuplot curve.gp` in %s tells",
                 dir);
}

enum zg_status zg_train_plot_svg(const struct zg_train_picture *picture, const char *dir,
                                 char *note, size_t size, struct zg_error *err)
{
    char *text = NULL;
    size_t n = 0;
    note[0] = '\0';
    FILE *const out = open_memstream(&text, &n);
    if (!out)
        return zg_fail(err, ZG_ENV, "%s/curve.gp: no memory", dir);
    put_script(picture, out);
    const bool complete = fclose(out) == 0;
    const enum zg_status status = complete ? zg_file_replace(dir, "curve.gp", text, n, err)
                                           : zg_fail(err, ZG_ENV, "%s/curve.gp: no memory", dir);
    free(text);
    if (!status)
        run_gnuplot(dir, note, size);
    return status;
}
