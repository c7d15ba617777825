/* printable.c - decodes UTF-8 a character at a time and writes escapes for what may not stand in a
 * line of text. */
#include "engines/base/printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the UTF-8 character at c, and its code; 0: it is none. */
static size_t decode(const unsigned char *c, unsigned *code)
{
    static const struct {
        unsigned char mask, lead;
        unsigned least; /* what takes fewer bytes must not take more */
    } forms[] = {{0x80, 0, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    for (size_t n = 1; n <= 4; n++) {
        if ((c[0] & forms[n - 1].mask) != forms[n - 1].lead)
            continue;
        *code = c[0] & (unsigned char)~forms[n - 1].mask;
        for (size_t i = 1; i < n; i++) { /* the NUL at the end is no part of a character */
            if ((c[i] & 0xc0) != 0x80)
                return 0;
            *code = *code << 6 | (c[i] & 0x3fu);
        }
        const bool is_surrogate = *code >= 0xd800 && *code < 0xe000;
        return *code < forms[n - 1].least || *code > 0x10ffff || is_surrogate ? 0 : n;
    }
    return 0;
}

/* Bytes of the character at `text` that may stand as it is, 0: its first byte needs an escape. */
static size_t length_of(const char *text)
{
    unsigned code = 0;
    const size_t n = decode((const unsigned char *)text, &code);
    const bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const bool ends_line = code == 0x2028 || code == 0x2029;
    const bool not_in_xml = code == 0xfffe || code == 0xffff;
    return is_control || ends_line || not_in_xml ? 0 : n;
}

size_t zg_printable_next(const char **text, char piece[ZG_PRINTABLE_PIECE])
{
    static const char short_forms[] = "\n\t\r", letters[] = "ntr";
    if (!**text)
        return 0;
    const size_t n = length_of(*text);
    const char *const letter = strchr(short_forms, **text);
    if (n > 0)
        memcpy(piece, *text, n);
    else if (letter)
        snprintf(piece, ZG_PRINTABLE_PIECE, "\\%c", letters[letter - short_forms]);
    else
        snprintf(piece, ZG_PRINTABLE_PIECE, "\\x%02x", (unsigned char)**text);
    *text += n > 0 ? n : 1;
    return n > 0 ? n : strlen(piece);
}

size_t zg_printable(char *out, size_t size, const char *text)
{
    char piece[ZG_PRINTABLE_PIECE];
    size_t total = 0, used = 0;
    for (size_t n; (n = zg_printable_next(&text, piece)) > 0; total += n)
        if (used == total && used + n < size) { /* once a piece did not fit, no other follows */
            memcpy(out + used, piece, n);
            used += n;
        }
    if (size > 0)
        out[used] = '\0';
    return total;
}

char *zg_printable_copy(const char *text)
{
    const size_t size = text ? zg_printable(NULL, 0, text) + 1 : 0;
    char *const copy = text ? malloc(size) : NULL;
    if (copy)
        zg_printable(copy, size, text);
    return copy;
}

/* The bytes of a text as they are written, one after another. */
struct written {
    const char *text;
    char piece[ZG_PRINTABLE_PIECE];
    size_t at, n;
};

static int next_byte(struct written *w)
{
    if (w->at == w->n) {
        w->at = 0;
        w->n = zg_printable_next(&w->text, w->piece);
    }
    return w->n == 0 ? -1 : (unsigned char)w->piece[w->at++];
}

bool zg_printable_same(const char *a, const char *b)
{
    struct written x = {.text = a ? a : ""}, y = {.text = b ? b : ""};
    if (strcmp(x.text, y.text) == 0)
        return true;
    for (;;) {
        const int byte = next_byte(&x);
        if (byte != next_byte(&y))
            return false;
        if (byte < 0)
            return true;
    }
}
