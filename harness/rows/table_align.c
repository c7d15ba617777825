/* table_align.c - a table as aligned text that fits the page: table.h. */
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "harness/base/page.h"
#include "harness/rows/table_cells.h"

/* ---- columns beside each other --------------------------------------------------------------- */

struct piece { /* a line of a text, in n bytes */
    const char *text;
    size_t n;
    int64_t columns;
};

/* The k-th line of a text that breaks at `width`; empty before the first and behind the last. */
static struct piece piece_of(const char *text, int64_t width, int64_t k)
{
    struct piece piece = {.text = ""};
    for (size_t next; *text && k >= 0; text += next, k--)
        piece = (struct piece){.text = text, .n = zg_page_break(text, width, true, &next)};
    if (k >= 0)
        return (struct piece){.text = ""};
    for (size_t i = 0; i < piece.n; i++)
        piece.columns += ((unsigned char)piece.text[i] & 0xc0) != 0x80;
    return piece;
}

static int64_t n_pieces(const char *text, int64_t width)
{
    int64_t n = 0;
    for (size_t next; *text; text += next, n++)
        zg_page_break(text, width, true, &next);
    return n;
}

static void put_piece(FILE *out, const struct piece *piece)
{
    for (size_t i = 0; i < piece->n; i++) {
        const unsigned char c = (unsigned char)piece->text[i];
        fputc(c < ' ' || c == 127 ? '?' : c, out);
    }
}

/* The k-th line of a row; headings (row -1) stand at the bottom of their n_lines. */
static void put_line(const struct zg_table *table, const struct zg_table_fit *fit, int64_t row,
                     int64_t k, int64_t n_lines, FILE *out)
{
    int64_t owed = 0; /* blanks: none at the end of a line */
    for (int64_t c = 0; c < table->n_columns; c++) {
        char shown[64];
        const int64_t width = fit->widths[c];
        if (width == 0)
            continue;
        const char *const text = zg_table_shown(table, row, c, shown, sizeof shown);
        const int64_t above = row < 0 ? n_lines - n_pieces(text, width) : 0;
        const struct piece piece = piece_of(text, width, k - above);
        const int64_t fill = width - piece.columns;
        const int64_t before = zg_table_is_numeric(table, c) ? fill : 0;
        if (piece.n > 0) {
            fprintf(out, "%*s", (int)(owed + before), "");
            put_piece(out, &piece);
            owed = 0;
        }
        owed += (piece.n > 0 ? fill - before : width) + 2;
    }
    fputc('\n', out);
}

static void put_row(const struct zg_table *table, const struct zg_table_fit *fit, int64_t row,
                    FILE *out)
{
    char shown[64];
    int64_t n_lines = 1;
    for (int64_t c = 0; c < table->n_columns; c++)
        if (fit->widths[c] > 0)
            n_lines = zg_max64(n_lines, n_pieces(zg_table_shown(table, row, c, shown, sizeof shown),
                                                 fit->widths[c]));
    for (int64_t k = 0; k < n_lines; k++)
        put_line(table, fit, row, k, n_lines, out);
}

/* ---- a line a cell --------------------------------------------------------------------------- */

/* Lines after the first are indented; a word too long for one is cut. */
static void put_folded(const char *text, FILE *out)
{
    int64_t indent = 0;
    for (size_t n, next; *text; text += next, indent = 4) {
        n = zg_page_break(text, zg_page_width() - indent, true, &next);
        fprintf(out, "%*s", (int)indent, "");
        put_piece(out, &(struct piece){.text = text, .n = n});
        fputc('\n', out);
    }
}

/* The first column that is shown begins each row's lines; all others are indented below it. */
static void put_stacked(const struct zg_table *table, int64_t n_rows, FILE *out)
{
    for (int64_t row = 0; row < n_rows; row++) {
        bool first = true;
        for (int64_t c = 0; c < table->n_columns; c++) {
            char shown[64], *line = NULL;
            size_t size;
            if (!table->headings[c].shown)
                continue;
            FILE *const text = open_memstream(&line, &size);
            if (!text)
                return;
            fprintf(text, "%s%s: %s", first ? "" : "  ", table->headings[c].shown,
                    zg_table_shown(table, row, c, shown, sizeof shown));
            if (fclose(text) == 0)
                put_folded(line, out);
            free(line);
            first = false;
        }
    }
}

/* ---- the table ------------------------------------------------------------------------------- */

/* Said once of a program's tables, which are all of one kind. */
static void tell_dropped(const struct zg_table *table, const struct zg_table_fit *fit, FILE *out)
{
    static bool told;
    char *text = NULL;
    size_t size;
    FILE *const line = told ? NULL : open_memstream(&text, &size);
    if (!line)
        return;
    fputs("--wide also has:", line);
    const char *between = " ";
    for (int64_t c = 0; c < table->n_columns; c++)
        if (table->headings[c].shown && fit->widths[c] == 0) {
            fprintf(line, "%s%s", between, table->headings[c].shown);
            between = ", ";
        }
    if (fclose(line) == 0)
        zg_page_put(out, 2, text);
    free(text);
    told = true;
}

bool zg_table_print_aligned(const struct zg_table *table, int64_t n_rows, FILE *out)
{
    struct zg_table_fit fit;
    if (!zg_table_fit_make(&fit, table, zg_page_width()))
        return false;
    if (fit.stacked)
        put_stacked(table, n_rows, out);
    for (int64_t row = -1; row < n_rows && !fit.stacked; row++)
        put_row(table, &fit, row, out);
    if (fit.dropped && !fit.stacked)
        tell_dropped(table, &fit, out);
    zg_table_fit_close(&fit);
    return true;
}
