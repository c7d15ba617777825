/* text.c - an algorithm with its options from one text, and back: lozo:rank=4+nu=10. */
#include "engines/algorithm/algorithm.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/nearest.h"
#include "engines/base/parse.h"

/* ---- one option ------------------------------------------------------------------------------ */

static enum zg_status set_integer(const struct zg_algorithm_option *option, const char *what,
                                  const char *value, int64_t *out, struct zg_error *err)
{
    return zg_parse_int(what, value, (int64_t)option->min,
                        option->max > 0 ? (int64_t)option->max : INT64_MAX, out, err);
}

/* Engines compute with the float of it, which must still be a usable number. */
static enum zg_status set_real(const struct zg_algorithm_option *option, const char *what,
                               const char *value, double *out, struct zg_error *err)
{
    double number = 0;
    const enum zg_status status = zg_parse_real(what, value, &number, err);
    if (status)
        return status;
    if (number < option->min || (option->above_min && number == option->min))
        return zg_fail(err, ZG_USAGE, "%s %s: must be a number %s %g", what, value,
                       option->above_min ? "above" : "of at least", option->min);
    if (option->max > 0 && number > option->max)
        return zg_fail(err, ZG_USAGE, "%s %s: must be a number of at most %g", what, value,
                       option->max);
    if (number != 0 && (fabs(number) > (double)FLT_MAX || fabs(number) < (double)FLT_MIN))
        return zg_fail(err, ZG_USAGE, "%s %s: must be a number that fp32 holds", what, value);
    char digits[32]; /* the text must mean the value, and -0 be 0 */
    snprintf(digits, sizeof digits, "%.9g", number + 0.0);
    *out = strtod(digits, NULL);
    return ZG_OK;
}

static enum zg_status set_word(const struct zg_algorithm_option *option, const char *what,
                               const char *value, int64_t *out, struct zg_error *err)
{
    char known[128] = "";
    size_t n = 0;
    for (int64_t i = 0; option->words[i]; i++) {
        if (strcmp(option->words[i], value) == 0) {
            *out = i;
            return ZG_OK;
        }
        if (n < sizeof known)
            n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? "|" : "",
                                  option->words[i]);
    }
    return zg_fail(err, ZG_USAGE, "%s %s: must be one of %s%s", what, *value ? value : "\"\"",
                   known, zg_nearest_word(value, known).hint);
}

static enum zg_status fail_unknown_key(const struct zg_algorithm *algorithm, const char *key,
                                       const char *what, struct zg_error *err)
{
    char known[256] = "";
    size_t n = 0;
    for (int64_t i = 0; algorithm->options[i].key && n < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "",
                              algorithm->options[i].key);
    return zg_fail(err, ZG_USAGE, "%s: is no option of algorithm %s, which has %s%s",
                   what ? what : key, algorithm->name, known, zg_nearest_word(key, known).hint);
}

enum zg_status zg_algorithm_set(struct zg_algorithm_choice *choice, const char *key,
                                const char *what, const char *value, struct zg_error *err)
{
    const struct zg_algorithm_option *const option = zg_algorithm_option(choice->algorithm, key);
    if (!option)
        return fail_unknown_key(choice->algorithm, key, what, err);
    union zg_algorithm_value *const to = &choice->values[option - choice->algorithm->options];
    what = what ? what : key;
    switch (option->kind) {
    case ZG_ALGORITHM_INTEGER:
        return set_integer(option, what, value, &to->integer, err);
    case ZG_ALGORITHM_REAL:
        return set_real(option, what, value, &to->real, err);
    case ZG_ALGORITHM_WORD:
        return set_word(option, what, value, &to->integer, err);
    }
    return zg_fail(err, ZG_USAGE, "%s: has no kind", what);
}

enum zg_status zg_algorithm_take(struct zg_algorithm_choice *to, const char *key, const char *what,
                                 const struct zg_algorithm_choice *from, struct zg_error *err)
{
    const struct zg_algorithm_option *const option = zg_algorithm_option(to->algorithm, key);
    if (!option)
        return fail_unknown_key(to->algorithm, key, what, err);
    union zg_algorithm_value *const value = &to->values[option - to->algorithm->options];
    const union zg_algorithm_value taken =
        from->values[zg_algorithm_option(from->algorithm, key) - from->algorithm->options];
    char text[ZG_ALGORITHM_TEXT], other[ZG_ALGORITHM_VALUE];
    if (zg_algorithm_gives(to, key) && memcmp(value, &taken, sizeof taken) != 0)
        return zg_fail(err, ZG_USAGE, "%s %s: --algorithm says otherwise, %s", what,
                       zg_algorithm_value(from, key, other), zg_algorithm_text(to, text));
    *value = taken;
    return ZG_OK;
}

/* ---- the text -------------------------------------------------------------------------------- */

/* Cuts "a=1+b=2" after its first option; *rest is what follows, NULL: nothing.  A plus before a
 * digit belongs to a number, 1e+06. */
static void cut_option(char *text, char **rest)
{
    *rest = NULL;
    for (char *plus = text; (plus = strchr(plus, '+')); plus++)
        if (!isdigit((unsigned char)plus[1])) {
            *plus = '\0';
            *rest = plus + 1;
            return;
        }
}

static enum zg_status parse_option(struct zg_algorithm_choice *choice, char *text,
                                   struct zg_error *err)
{
    char *const equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1])
        return zg_fail(err, ZG_USAGE, "'%s' must be KEY=VALUE", text);
    *equals = '\0';
    if (zg_algorithm_gives(choice, text))
        return zg_fail(err, ZG_USAGE, "%s: is given twice", text);
    const enum zg_status status = zg_algorithm_set(choice, text, NULL, equals + 1, err);
    if (status)
        return status;
    choice->given |=
        1u << (zg_algorithm_option(choice->algorithm, text) - choice->algorithm->options);
    return ZG_OK;
}

/* What each option allows and the two together do not. */
static enum zg_status check_together(const struct zg_algorithm_choice *choice, struct zg_error *err)
{
    const int64_t warmup = zg_algorithm_integer(choice, "warmup", 0);
    const int64_t horizon = zg_algorithm_integer(choice, "horizon", 0);
    if (horizon > 0 && warmup >= horizon)
        return zg_fail(err, ZG_USAGE, "warmup %lld: must be below horizon %lld", (long long)warmup,
                       (long long)horizon);
    return ZG_OK;
}

static enum zg_status fail_unknown_name(const char *name, struct zg_error *err)
{
    char known[256] = "";
    size_t n = 0;
    const struct zg_algorithm *algorithm;
    for (int64_t i = 0; (algorithm = zg_algorithm_at(i)) && n < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", algorithm->name);
    return zg_fail(err, ZG_USAGE, "unknown algorithm '%s'; this build knows %s%s", name, known,
                   zg_nearest_word(name, known).hint);
}

enum zg_status zg_algorithm_parse(const char *text, struct zg_algorithm_choice *out,
                                  struct zg_error *err)
{
    char copy[ZG_ALGORITHM_TEXT];
    if ((size_t)snprintf(copy, sizeof copy, "%s", text) >= sizeof copy)
        return zg_fail(err, ZG_USAGE, "%.40s...: an algorithm's text must be shorter", text);
    char *options = strchr(copy, ':');
    if (options)
        *options++ = '\0';
    const struct zg_algorithm *const algorithm = zg_algorithm_find(copy);
    if (!algorithm)
        return fail_unknown_name(copy, err);
    struct zg_algorithm_choice choice = zg_algorithm_default(algorithm);
    enum zg_status status = ZG_OK;
    while (options && !status) {
        char *const option = options;
        cut_option(option, &options);
        status = parse_option(&choice, option, err);
    }
    if (!status)
        status = check_together(&choice, err);
    if (!status)
        *out = choice;
    return status;
}

const char *zg_algorithm_value(const struct zg_algorithm_choice *choice, const char *key,
                               char *text)
{
    const struct zg_algorithm_option *const option = zg_algorithm_option(choice->algorithm, key);
    text[0] = '\0';
    if (!option)
        return text;
    const union zg_algorithm_value value = choice->values[option - choice->algorithm->options];
    switch (option->kind) {
    case ZG_ALGORITHM_REAL:
        snprintf(text, ZG_ALGORITHM_VALUE, "%.9g", value.real);
        break;
    case ZG_ALGORITHM_INTEGER:
        snprintf(text, ZG_ALGORITHM_VALUE, "%lld", (long long)value.integer);
        break;
    case ZG_ALGORITHM_WORD:
        snprintf(text, ZG_ALGORITHM_VALUE, "%s", option->words[value.integer]);
        break;
    }
    return text;
}

static bool is_default(const struct zg_algorithm_option *option, union zg_algorithm_value value)
{
    return option->kind == ZG_ALGORITHM_REAL ? value.real == option->fallback
                                             : value.integer == (int64_t)option->fallback;
}

const char *zg_algorithm_text(const struct zg_algorithm_choice *choice, char *text)
{
    const struct zg_algorithm_option *const options = choice->algorithm->options;
    size_t n = (size_t)snprintf(text, ZG_ALGORITHM_TEXT, "%s", choice->algorithm->name);
    char join = ':';
    for (int others = 0; others < 2; others++)
        for (int64_t i = 0; options[i].key && n < ZG_ALGORITHM_TEXT; i++) {
            char value[ZG_ALGORITHM_VALUE];
            if (others ? options[i].is_main || is_default(&options[i], choice->values[i])
                       : !options[i].is_main)
                continue;
            n += (size_t)snprintf(text + n, ZG_ALGORITHM_TEXT - n, "%c%s=%s", join, options[i].key,
                                  zg_algorithm_value(choice, options[i].key, value));
            join = '+';
        }
    return text;
}
