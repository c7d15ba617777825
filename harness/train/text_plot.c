/* text_plot.c - a field of characters, filled from the last curve to the first. */
#include "harness/train/text_plot.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "harness/base/line.h"

static const char marks[ZG_TEXT_CURVES + 1] = "ox+*#@%&";

enum { MARGIN = 8, LABEL_EVERY = 4 }; /* columns left of the plot; rows between two labels */

struct range {
    double low, high;
};

static void include(struct range *range, double value)
{
    range->low = fmin(range->low, value);
    range->high = fmax(range->high, value);
}

/* A range of no extent is drawn in the middle. */
static double place(const struct range *range, double value)
{
    return range->high > range->low ? (value - range->low) / (range->high - range->low) : 0.5;
}

static bool is_drawn(const struct zg_text_curve *curve, int64_t i)
{
    return isfinite(curve->x[i]) && isfinite(curve->y[i]);
}

static void find_ranges(const struct zg_text_curve *curves, int64_t n, struct range *x,
                        struct range *y)
{
    *x = *y = (struct range){INFINITY, -INFINITY};
    for (int64_t c = 0; c < n; c++)
        for (int64_t i = 0; i < curves[c].n; i++)
            if (is_drawn(&curves[c], i)) {
                include(x, curves[c].x[i]);
                include(y, curves[c].y[i]);
            }
}

/* field [n_rows][n_columns], the top row first. */
static void fill(char *field, const struct zg_text_curve *curves, int64_t n,
                 const struct zg_text_axes *axes, const struct range *x, const struct range *y)
{
    memset(field, ' ', (size_t)(axes->n_rows * axes->n_columns));
    for (int64_t c = n - 1; c >= 0; c--)
        for (int64_t i = 0; i < curves[c].n; i++) {
            if (!is_drawn(&curves[c], i))
                continue;
            const int64_t column =
                llround(place(x, curves[c].x[i]) * (double)(axes->n_columns - 1));
            const int64_t row =
                llround((1 - place(y, curves[c].y[i])) * (double)(axes->n_rows - 1));
            field[row * axes->n_columns + column] = marks[c];
        }
}

static double value_of_row(const struct range *y, int64_t row, int64_t n_rows)
{
    return y->high - (y->high - y->low) * (double)row / (double)(n_rows - 1);
}

/* A range of no extent has its one value in the middle. */
static bool has_label(const struct range *y, int64_t row, int64_t n_rows)
{
    if (!(y->high > y->low))
        return row == llround(0.5 * (double)(n_rows - 1));
    return row % LABEL_EVERY == 0 || row == n_rows - 1;
}

static void print_field(const char *field, const struct zg_text_axes *axes, const struct range *y,
                        FILE *out)
{
    for (int64_t row = 0; row < axes->n_rows; row++) {
        char label[32] = "";
        const char *const line = field + row * axes->n_columns;
        int64_t n = axes->n_columns; /* without blanks at its end */
        while (n > 0 && line[n - 1] == ' ')
            n--;
        if (has_label(y, row, axes->n_rows))
            snprintf(label, sizeof label, "%.4g", value_of_row(y, row, axes->n_rows));
        fprintf(out, "%*s |%.*s\n", MARGIN, label, (int)n, line);
    }
}

static void print_below(const struct zg_text_curve *curves, int64_t n,
                        const struct zg_text_axes *axes, const struct range *x, FILE *out)
{
    char low[32], high[32];
    fprintf(out, "%*s +", MARGIN, "");
    for (int64_t i = 0; i < axes->n_columns; i++)
        fputc('-', out);
    snprintf(low, sizeof low, "%.5g", x->low);
    snprintf(high, sizeof high, "%.5g", x->high);
    const int width = (int)axes->n_columns - (int)strlen(low) - (int)strlen(high);
    const int name = (int)strlen(axes->x_name);
    const int before = (int)zg_max64(1, (width - name) / 2);
    const int after = (int)zg_max64(1, width - name - before);
    fprintf(out, "\n%*s  %s%*s%s%*s%s\n", MARGIN, "", low, before, "", axes->x_name, after, "",
            high);
    for (int64_t c = 0; c < n && n > 1; c++)
        zg_line_print(out, "%*s  %c %s", MARGIN, "", marks[c], curves[c].name);
}

void zg_text_plot(const struct zg_text_curve *curves, int64_t n, const struct zg_text_axes *axes,
                  FILE *out)
{
    struct range x, y;
    n = zg_min64(n, ZG_TEXT_CURVES);
    find_ranges(curves, n, &x, &y);
    char *const field = x.low <= x.high ? malloc((size_t)(axes->n_rows * axes->n_columns)) : NULL;
    if (!field)
        return;
    fill(field, curves, n, axes, &x, &y);
    fprintf(out, "%s\n", axes->title);
    print_field(field, axes, &y, out);
    print_below(curves, n, axes, &x, out);
    free(field);
}
