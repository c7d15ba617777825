/* text.c - a string that doubles its room, and stripping by a list of Unicode's white space.
 *
 * The string is no stream (open_memstream): it is emptied by n = 0 and filled again for each row of
 * a dataset, in the room that it has. */
#include "workloads/text.h"

#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"

enum zg_status zg_text_append(struct zg_text *text, const char *bytes, int64_t n,
                              struct zg_error *err)
{
    if (text->n + n > text->capacity) {
        const int64_t capacity = zg_max64(2 * text->capacity, zg_max64(text->n + n, 256));
        char *grown = realloc(text->bytes, (size_t)capacity);
        if (!grown)
            return zg_fail(err, ZG_ENV, "no memory for a text of %lld bytes", (long long)capacity);
        text->bytes = grown;
        text->capacity = capacity;
    }
    if (n > 0)
        memcpy(text->bytes + text->n, bytes, (size_t)n);
    text->n += n;
    return ZG_OK;
}

void zg_text_free(struct zg_text *text)
{
    free(text->bytes);
    *text = (struct zg_text){0};
}

struct zg_slice zg_slice_strip_blanks(struct zg_slice s)
{
    for (; s.n > 0 && s.bytes[0] == ' '; s.n--)
        s.bytes++;
    while (s.n > 0 && s.bytes[s.n - 1] == ' ')
        s.n--;
    return s;
}

/* Every white space beyond ASCII, in UTF-8: U+0085, U+00A0, U+1680, U+2000..U+200A, U+2028, U+2029,
 * U+202F, U+205F, U+3000. */
static const char *const wide_spaces[] = {
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
    "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
    "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
    "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
};

static int is_narrow_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

/* Length of the white space at the start (or the end) of s, 0 if there is none. */
static int64_t space_at(struct zg_slice s, int at_end)
{
    if (s.n > 0 && is_narrow_space(s.bytes[at_end ? s.n - 1 : 0]))
        return 1;
    for (size_t i = 0; i < sizeof wide_spaces / sizeof *wide_spaces; i++) {
        const int64_t n = (int64_t)strlen(wide_spaces[i]);
        if (s.n >= n && memcmp(s.bytes + (at_end ? s.n - n : 0), wide_spaces[i], (size_t)n) == 0)
            return n;
    }
    return 0;
}

int64_t zg_slice_space(struct zg_slice s)
{
    return space_at(s, 0);
}

struct zg_slice zg_slice_strip_left(struct zg_slice s)
{
    for (int64_t n; (n = space_at(s, 0)) > 0;) {
        s.bytes += n;
        s.n -= n;
    }
    return s;
}

struct zg_slice zg_slice_strip_right(struct zg_slice s)
{
    for (int64_t n; (n = space_at(s, 1)) > 0;)
        s.n -= n;
    return s;
}

struct zg_slice zg_slice_strip(struct zg_slice s)
{
    return zg_slice_strip_right(zg_slice_strip_left(s));
}
