/* cell.c - what a text, an integer, a real look like: csv_in.c reads all of them back. */
#include "harness/rows/cell.h"

#include <string.h>

#include "engines/base/printable.h"
#include "harness/base/json.h"

void zg_text_put(FILE *out, const char *text, char special, char before)
{
    char piece[ZG_PRINTABLE_PIECE];
    for (size_t n; *text; fwrite(piece, 1, n, out)) {
        if (*text == special)
            fputc(before, out);
        n = zg_printable_next(&text, piece);
    }
}

void zg_markdown_put(FILE *out, const char *text)
{
    char piece[ZG_PRINTABLE_PIECE];
    for (size_t n; (n = zg_printable_next(&text, piece)) > 0; fwrite(piece, 1, n, out))
        if (strchr("|<&`*\\", piece[0]))
            fputc('\\', out);
}

void zg_xml_put(FILE *out, const char *text)
{
    static const char special[] = "&<>\"'";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    char piece[ZG_PRINTABLE_PIECE];
    for (size_t n; (n = zg_printable_next(&text, piece)) > 0;) {
        const char *const found = strchr(special, piece[0]);
        if (found)
            fputs(entities[found - special], out);
        else
            fwrite(piece, 1, n, out);
    }
}

void zg_quoted_put(FILE *out, const char *text, char quote)
{
    fputc(quote, out);
    zg_text_put(out, text, quote, quote);
    fputc(quote, out);
}

static void put_text(FILE *out, const char *text)
{
    const size_t n = strlen(text);
    if (n && (text[0] == ' ' || text[n - 1] == ' ' || strpbrk(text, ",\"")))
        zg_quoted_put(out, text, '"');
    else
        zg_text_put(out, text, '\0', '\0');
}

void zg_cell_put(FILE *out, const struct zg_cell *cell)
{
    if (zg_cell_is_empty(cell))
        return;
    if (cell->kind == ZG_COLUMN_TEXT)
        put_text(out, cell->text);
    else if (cell->kind == ZG_COLUMN_INTEGER)
        fprintf(out, "%lld", (long long)cell->integer);
    else
        fprintf(out, "%.9g", cell->real);
}

json_t *zg_cell_json(const struct zg_cell *cell)
{
    if (zg_cell_is_empty(cell))
        return json_null();
    if (cell->kind == ZG_COLUMN_TEXT)
        return zg_json_text(cell->text);
    return cell->kind == ZG_COLUMN_INTEGER ? json_integer(cell->integer) : json_real(cell->real);
}
