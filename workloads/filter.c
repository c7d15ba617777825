/* filter.c - the filters of templates, each a function of one text; case by PCRE2, whose
 * substitution knows Unicode's. */
#define _GNU_SOURCE /* memmem */
#include "workloads/filter.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/nearest.h"

static const struct filter {
    const char *name;
    bool takes_column;
} filters[ZG_N_FILTERS] = {
    [ZG_FILTER_STRIP] = {"strip", false},
    [ZG_FILTER_STRIP_END] = {"strip_end", false},
    [ZG_FILTER_DROP_DOT] = {"drop_dot", false},
    [ZG_FILTER_ASK] = {"ask", false},
    [ZG_FILTER_CAPITAL] = {"capital", false},
    [ZG_FILTER_LOWER] = {"lower", false},
    [ZG_FILTER_LOWER_FIRST] = {"lower_first", false},
    [ZG_FILTER_BULLETS] = {"bullets", false},
    [ZG_FILTER_FILL] = {"fill", true},
    [ZG_FILTER_AS_IN] = {"as_in", true},
    [ZG_FILTER_WORD] = {"word", false},
};

const char *zg_filter_name(enum zg_filter filter)
{
    return filters[filter].name;
}

bool zg_filter_takes_column(enum zg_filter filter)
{
    return filters[filter].takes_column;
}

bool zg_filter_find(enum zg_filter *filter, struct zg_slice name)
{
    for (int f = 0; f < ZG_N_FILTERS; f++)
        if ((int64_t)strlen(filters[f].name) == name.n &&
            memcmp(filters[f].name, name.bytes, (size_t)name.n) == 0) {
            *filter = (enum zg_filter)f;
            return true;
        }
    return false;
}

const char *zg_filter_names(void)
{
    return "strip, strip_end, drop_dot, ask, capital, lower, lower_first, bullets, fill, as_in, "
           "word";
}

static struct zg_slice slice_of(const struct zg_text *text)
{
    return (struct zg_slice){text->bytes, text->n};
}

static bool ends_in(struct zg_slice s, char c)
{
    return s.n > 0 && s.bytes[s.n - 1] == c;
}

static bool same(struct zg_slice a, struct zg_slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.bytes, b.bytes, (size_t)a.n) == 0);
}

static bool contains(struct zg_slice text, struct zg_slice part)
{
    return part.n == 0 ||
           (text.n > 0 && memmem(text.bytes, (size_t)text.n, part.bytes, (size_t)part.n));
}

/* *text becomes a part of itself. */
static void keep(struct zg_text *text, struct zg_slice part)
{
    if (part.n > 0)
        memmove(text->bytes, part.bytes, (size_t)part.n);
    text->n = part.n;
}

/* *text becomes what `made` has, which is freed. */
static enum zg_status take(struct zg_text *text, struct zg_text *made, enum zg_status status)
{
    if (!status) {
        const struct zg_text old = *text;
        *text = *made;
        *made = old;
    }
    zg_text_free(made);
    return status;
}

static enum zg_status replace_all(struct zg_text *text, const char *what, struct zg_slice with,
                                  struct zg_error *err)
{
    const size_t n_what = strlen(what);
    struct zg_text made = {0};
    enum zg_status status = ZG_OK;
    struct zg_slice rest = slice_of(text);
    while (!status && rest.n > 0) {
        const char *const at = memmem(rest.bytes, (size_t)rest.n, what, n_what);
        const int64_t n = at ? at - rest.bytes : rest.n;
        status = zg_text_append(&made, rest.bytes, n, err);
        if (!status && at)
            status = zg_text_append(&made, with.bytes, with.n, err);
        const int64_t used = n + (at ? (int64_t)n_what : 0);
        rest.bytes += used;
        rest.n -= used;
    }
    return take(text, &made, status);
}

/* The first match of a pattern, in upper or lower case: `form` is "\\u$0" or the like. */
static enum zg_status change_case(struct zg_text *text, const char *pattern, const char *form,
                                  struct zg_error *err)
{
    if (text->n == 0)
        return ZG_OK;
    int code;
    PCRE2_SIZE offset;
    pcre2_code *const compiled = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                               PCRE2_UTF | PCRE2_DOTALL, &code, &offset, NULL);
    /* no letter of two bytes or more has one of twice its length in the other case */
    PCRE2_SIZE n = 2 * (size_t)text->n + 1;
    char *const made = malloc(n);
    if (compiled && made)
        code = pcre2_substitute(compiled, (PCRE2_SPTR)text->bytes, (size_t)text->n, 0,
                                PCRE2_SUBSTITUTE_EXTENDED, NULL, NULL, (PCRE2_SPTR)form,
                                PCRE2_ZERO_TERMINATED, (PCRE2_UCHAR *)made, &n);
    else
        code = PCRE2_ERROR_NOMEMORY;
    enum zg_status status = ZG_OK;
    if (code >= 0) {
        text->n = 0;
        status = zg_text_append(text, made, (int64_t)n, err);
    } else {
        PCRE2_UCHAR why[256] = "";
        pcre2_get_error_message(code, why, sizeof why);
        status =
            code == PCRE2_ERROR_NOMEMORY
                ? zg_fail(err, ZG_ENV, "no memory for a text of %lld bytes", (long long)text->n)
                : zg_fail(err, ZG_INPUT, "a text whose case shall change is no UTF-8: %s",
                          (const char *)why);
    }
    pcre2_code_free(compiled);
    free(made);
    return status;
}

#define LOWER_ALL   ".+", "\\L$0"
#define LOWER_FIRST "^.", "\\l$0"
#define UPPER_FIRST "^.", "\\u$0"

/* Words are what blanks part, as Python's split(" ") sees them. */
static enum zg_status lower_first(struct zg_text *text, struct zg_error *err)
{
    const char *const blank = text->n > 0 ? memchr(text->bytes, ' ', (size_t)text->n) : NULL;
    const int64_t n = blank ? blank - text->bytes : text->n;
    struct zg_text word = {0};
    if (n == 0 || (n == 1 && text->bytes[0] == 'I'))
        return ZG_OK;
    enum zg_status status = zg_text_append(&word, text->bytes, n, err);
    if (!status)
        status = change_case(&word, LOWER_ALL, err);
    if (!status)
        status = zg_text_append(&word, text->bytes + n, text->n - n, err);
    return take(text, &word, status);
}

/* What `wsc.fixed` of the SuperGLUE loaders does to a span that is not in its sentence. */
static enum zg_status as_in(struct zg_text *text, struct zg_slice where, struct zg_error *err)
{
    if (contains(where, slice_of(text)))
        return ZG_OK;
    struct zg_slice span = slice_of(text);
    while (ends_in(span, '.'))
        span.n--;
    static const struct {
        const char *pattern, *form;
    } cases[] = {{"^", "$0"}, {LOWER_FIRST}, {UPPER_FIRST}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct zg_text made = {0};
        enum zg_status status = zg_text_append(&made, span.bytes, span.n, err);
        if (!status)
            status = replace_all(&made, "\n", (struct zg_slice){" ", 1}, err);
        if (!status)
            status = change_case(&made, cases[c].pattern, cases[c].form, err);
        if (status || contains(where, slice_of(&made)))
            return take(text, &made, status);
        zg_text_free(&made);
    }
    return ZG_OK;
}

static enum zg_status find_word(struct zg_text *text, const struct zg_task_word *words, int64_t n,
                                struct zg_error *err)
{
    for (int64_t i = 0; i < n; i++)
        if (same(slice_of(text),
                 (struct zg_slice){words[i].text, (int64_t)strlen(words[i].text)})) {
            text->n = 0;
            return zg_text_append(text, words[i].word, (int64_t)strlen(words[i].word), err);
        }
    char typed[81] = "";
    memcpy(typed, text->n > 0 ? text->bytes : "", text->n < 80 ? (size_t)text->n : 80);
    struct zg_nearest nearest = zg_nearest_begin(typed);
    for (int64_t i = 0; i < n; i++)
        zg_nearest_try(&nearest, words[i].text, strlen(words[i].text));
    return zg_fail(err, ZG_INPUT, "'%s' is not among the keys of \"words\"%s", typed,
                   zg_nearest_hint(&nearest));
}

enum zg_status zg_filter_apply(enum zg_filter filter, struct zg_text *text,
                               struct zg_slice argument, const struct zg_task_word *words,
                               int64_t n_words, struct zg_error *err)
{
    switch (filter) {
    case ZG_FILTER_STRIP:
        keep(text, zg_slice_strip(slice_of(text)));
        return ZG_OK;
    case ZG_FILTER_STRIP_END:
        keep(text, zg_slice_strip_right(slice_of(text)));
        return ZG_OK;
    case ZG_FILTER_DROP_DOT:
        text->n -= ends_in(slice_of(text), '.');
        return ZG_OK;
    case ZG_FILTER_ASK:
        return ends_in(slice_of(text), '?') ? ZG_OK : zg_text_append(text, "?", 1, err);
    case ZG_FILTER_CAPITAL:
        return change_case(text, UPPER_FIRST, err);
    case ZG_FILTER_LOWER:
        return change_case(text, LOWER_ALL, err);
    case ZG_FILTER_LOWER_FIRST:
        return lower_first(text, err);
    case ZG_FILTER_BULLETS:
        return replace_all(text, "@highlight\n", (struct zg_slice){"- ", 2}, err);
    case ZG_FILTER_FILL:
        return replace_all(text, "@placeholder", argument, err);
    case ZG_FILTER_AS_IN:
        return as_in(text, argument, err);
    case ZG_FILTER_WORD:
        return find_word(text, words, n_words, err);
    case ZG_N_FILTERS:
        break;
    }
    return ZG_OK;
}
