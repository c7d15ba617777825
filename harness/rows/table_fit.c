/* table_fit.c - which columns of an aligned table are there on a page, and how wide: table.h. */
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "harness/base/page.h"
#include "harness/rows/table_cells.h"
#include "harness/stats/stats.h"

/* Texts of more columns break before a column is left out; of fewer they are not worth reading. */
enum { LONG_TEXT = 24, SHORT_TEXT = 10, BETWEEN = 2 };

const char *zg_table_shown(const struct zg_table *table, int64_t row, int64_t column, char *shown,
                           size_t size)
{
    if (row < 0)
        return table->headings[column].shown;
    const struct cell *const cell = &table->cells[row * table->n_columns + column];
    if (cell->text)
        return cell->text;
    if (cell->value.kind == ZG_COLUMN_TEXT)
        return "";
    if (cell->value.kind == ZG_COLUMN_REAL)
        return zg_figure_show(cell->value.real, shown, (int64_t)size);
    if (zg_cell_is_empty(&cell->value))
        snprintf(shown, size, "-");
    else
        snprintf(shown, size, "%lld", (long long)cell->value.integer);
    return shown;
}

bool zg_table_is_numeric(const struct zg_table *table, int64_t column)
{
    for (int64_t i = column; i < table->n_cells; i += table->n_columns)
        if (table->cells[i].value.kind == ZG_COLUMN_TEXT)
            return false;
    return table->n_cells > column;
}

/* What a column asks for: its heading on one line, its heading's longest word, its cells. */
struct need {
    int64_t heading, word, cells;
    bool breaks; /* its cells may */
};

struct work {
    const struct zg_table *table;
    struct need *needs; /* [n_columns] */
    int64_t *widths;
    int64_t room; /* of the page, less all widths and the blanks between them; may be negative */
};

static struct need need_of(const struct zg_table *table, int64_t column)
{
    char shown[64];
    struct need need = {0};
    const char *word = table->headings[column].shown;
    need.heading = zg_page_columns(word);
    for (size_t next; *word; word += next) {
        char text[64];
        snprintf(text, sizeof text, "%.*s", (int)zg_page_break(word, 1, false, &next), word);
        need.word = zg_max64(need.word, zg_page_columns(text));
    }
    for (int64_t row = 0; row < table->n_cells / table->n_columns; row++)
        need.cells = zg_max64(
            need.cells, zg_page_columns(zg_table_shown(table, row, column, shown, sizeof shown)));
    for (int64_t i = column; i < table->n_cells; i += table->n_columns)
        need.breaks |= table->cells[i].text != NULL; /* a number alone does not */
    return need;
}

static bool is_there(const struct work *w, int64_t column)
{
    return w->widths[column] > 0;
}

static void set_width(struct work *w, int64_t column, int64_t width)
{
    w->room += w->widths[column] - width;
    w->widths[column] = width;
}

/* An empty column that nobody named still has a place. */
static int64_t at_least_one(int64_t width)
{
    return zg_max64(width, 1);
}

/* Headings break, and long texts. */
static void break_texts(struct work *w)
{
    for (int64_t c = 0; c < w->table->n_columns; c++) {
        const struct need *const need = &w->needs[c];
        const int64_t cells = need->breaks ? zg_min64(need->cells, LONG_TEXT) : need->cells;
        const int64_t word = need->breaks ? zg_min64(need->word, LONG_TEXT) : need->word;
        if (is_there(w, c))
            set_width(w, c, at_least_one(zg_max64(cells, word)));
    }
}

/* false: every column that is there must be. */
static bool drop_one(struct work *w)
{
    int64_t found = -1;
    for (int64_t c = 0; c < w->table->n_columns; c++)
        if (is_there(w, c) && w->table->headings[c].secondary > 0 &&
            (found < 0 || w->table->headings[c].secondary > w->table->headings[found].secondary))
            found = c;
    if (found < 0)
        return false;
    set_width(w, found, 0);
    w->room += BETWEEN;
    return true;
}

/* The widest column whose texts break gives up one.  false: none is wide enough. */
static bool narrow_one(struct work *w)
{
    int64_t widest = -1;
    for (int64_t c = 0; c < w->table->n_columns; c++)
        if (w->needs[c].breaks && w->widths[c] > SHORT_TEXT &&
            (widest < 0 || w->widths[c] > w->widths[widest]))
            widest = c;
    if (widest >= 0)
        set_width(w, widest, w->widths[widest] - 1);
    return widest >= 0;
}

/* What room is left goes to texts, the narrowest first, then to headings. */
static void widen(struct work *w)
{
    const int64_t n = w->table->n_columns;
    while (w->room > 0) {
        int64_t narrowest = -1;
        for (int64_t c = 0; c < n; c++)
            if (is_there(w, c) && w->widths[c] < w->needs[c].cells &&
                (narrowest < 0 || w->widths[c] < w->widths[narrowest]))
                narrowest = c;
        if (narrowest < 0)
            break;
        set_width(w, narrowest, w->widths[narrowest] + 1);
    }
    for (int64_t c = 0; c < n; c++)
        if (is_there(w, c) && w->needs[c].heading > w->widths[c] &&
            w->needs[c].heading <= w->widths[c] + w->room)
            set_width(w, c, w->needs[c].heading);
}

static void fit(struct zg_table_fit *out, struct work *w)
{
    const struct zg_table *const table = w->table;
    for (int64_t c = 0; c < table->n_columns; c++) {
        if (!table->headings[c].shown)
            continue;
        w->needs[c] = need_of(table, c);
        set_width(w, c, at_least_one(zg_max64(w->needs[c].heading, w->needs[c].cells)));
        w->room -= BETWEEN;
    }
    if (w->room >= 0)
        return;
    break_texts(w);
    while (w->room < 0 && drop_one(w))
        out->dropped = true;
    while (w->room < 0 && narrow_one(w))
        ;
    out->stacked = w->room < 0;
    if (!out->stacked)
        widen(w);
}

bool zg_table_fit_make(struct zg_table_fit *out, const struct zg_table *table, int64_t page_width)
{
    *out =
        (struct zg_table_fit){.widths = calloc((size_t)table->n_columns + 1, sizeof *out->widths)};
    struct work work = {.table = table,
                        .needs = calloc((size_t)table->n_columns + 1, sizeof *work.needs),
                        .widths = out->widths,
                        .room = page_width + BETWEEN};
    const bool complete = out->widths && work.needs;
    if (complete)
        fit(out, &work);
    else
        zg_table_fit_close(out);
    free(work.needs);
    return complete;
}

void zg_table_fit_close(struct zg_table_fit *fit)
{
    free(fit->widths);
    fit->widths = NULL;
}
