/* range.c - copies a list item by item; a range is digits, a dash, digits, and a step or factor. */
#include "harness/request/range.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"

enum { MOST_VALUES = 1000 };

struct range {
    int64_t from, to, by;
    char sign; /* '+': by is added; '*': multiplied */
};

/* Digits alone; what is too large is no number. */
static bool take_number(const char **at, int64_t *out)
{
    char *end;
    if (**at < '0' || **at > '9')
        return false;
    errno = 0;
    *out = strtoll(*at, &end, 10);
    *at = end;
    return errno == 0;
}

static bool parse(struct range *out, const char *item)
{
    *out = (struct range){.by = 1, .sign = '+'};
    if (!take_number(&item, &out->from) || *item++ != '-' || !take_number(&item, &out->to))
        return false;
    if (*item == '+' || *item == '*') {
        out->sign = *item++;
        if (!take_number(&item, &out->by))
            return false;
    }
    return *item == '\0';
}

static bool next(const struct range *range, int64_t *value)
{
    return range->sign == '+' ? zg_size_add(*value, range->by, value)
                              : zg_size_mul(*value, range->by, value);
}

static enum zg_status put(FILE *out, const struct range *range, const char *what, const char *item,
                          struct zg_error *err)
{
    if (range->to < range->from)
        return zg_fail(err, ZG_USAGE, "%s %s: a range goes up, as %lld-%lld does", what, item,
                       (long long)range->to, (long long)range->from);
    if (range->sign == '*' ? range->by < 2 || range->from < 1 : range->by < 1)
        return zg_fail(err, ZG_USAGE,
                       "%s %s: a range goes up by a step of at least 1, as 4-16+4, or by a factor "
                       "of at least 2 from at least 1, as 1-64*2",
                       what, item);
    int64_t value = range->from;
    for (int n = 0; n < MOST_VALUES; n++) {
        fprintf(out, "%s%lld", n ? "," : "", (long long)value);
        if (!next(range, &value) || value > range->to)
            return ZG_OK;
    }
    return zg_fail(err, ZG_USAGE,
                   "%s %s: more than %d values; a step, as 4-16+4, or a factor, as 1-64*2, takes "
                   "fewer",
                   what, item, MOST_VALUES);
}

enum zg_status zg_ranges_expand(char **out, const char *what, const char *list,
                                struct zg_error *err)
{
    size_t n;
    *out = NULL;
    char *const items = strdup(list);
    FILE *const text = items ? open_memstream(out, &n) : NULL;
    enum zg_status status = text ? ZG_OK : zg_fail(err, ZG_ENV, "%s: no memory", what);
    for (char *item = items, *comma; item && !status; item = comma ? comma + 1 : NULL) {
        struct range range;
        comma = strchr(item, ',');
        if (comma)
            *comma = '\0';
        if (parse(&range, item))
            status = put(text, &range, what, item, err);
        else
            fputs(item, text);
        if (comma)
            fputc(',', text);
    }
    if (text && fclose(text) != 0 && !status)
        status = zg_fail(err, ZG_ENV, "%s: no memory", what);
    free(items);
    if (status) {
        free(*out);
        *out = NULL;
    }
    return status;
}
