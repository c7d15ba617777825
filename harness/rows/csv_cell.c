/* csv_cell.c - what a text, an integer, a real look like in a row: libcsv quotes the texts that
 * need it, and csv_in.c reads all of them back. */
#include "harness/rows/csv_cell.h"

#include <csv.h>
#include <math.h>
#include <string.h>

#include "harness/rows/schema.h"

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 127;
}

void zg_csv_cell_text(struct zg_text_buffer *text, const char *value)
{
    const size_t n = value ? strlen(value) : 0;
    if (!n)
        return;
    const bool quote = value[0] == ' ' || value[n - 1] == ' ' || strpbrk(value, ",\"") != NULL;
    const size_t begin = text->n;
    if (!quote) {
        zg_text_buffer_append(text, value, n);
    } else {
        const size_t need = csv_write(NULL, 0, value, n);
        char *const cell = zg_text_buffer_room(text, need);
        if (!cell)
            return;
        csv_write(cell, need, value, n);
        text->n += need;
    }
    for (size_t i = begin; i < text->n; i++)
        if (is_control(text->data[i]))
            text->data[i] = '?';
}

void zg_csv_cell_integer(struct zg_text_buffer *text, int64_t value)
{
    if (value != ZG_NO_INTEGER)
        zg_text_buffer_printf(text, "%lld", (long long)value);
}

void zg_csv_cell_real(struct zg_text_buffer *text, double value)
{
    if (isfinite(value))
        zg_text_buffer_printf(text, "%.9g", value);
}
