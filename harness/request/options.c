/*
 * options.c - makes getopt_long's table from ours, reads each value by its kind, and says what a
 * value may be.  Reading @FILE is words.c, printing help is cmd/help.c.
 */
#include "harness/request/options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/nearest.h"

enum { CODE_BASE = 256, CODE_HELP = CODE_BASE + ZG_MAX_FLAGS };

int64_t zg_choice_find(const char *choices, const char *text)
{
    const size_t n = strlen(text);
    for (int64_t index = 0; choices; index++) {
        const char *bar = strchr(choices, '|');
        const size_t length = bar ? (size_t)(bar - choices) : strlen(choices);
        if (length == n && memcmp(choices, text, n) == 0)
            return index;
        choices = bar ? bar + 1 : NULL;
    }
    return -1;
}

static enum zg_status set_real(double *field, const struct zg_flag *flag, const char *what,
                               const char *value, struct zg_error *err)
{
    double number = 0;
    const enum zg_status status = zg_parse_real(what, value, &number, err);
    if (status)
        return status;
    if (number < flag->min || (!flag->min_allowed && number == flag->min) ||
        (flag->max > 0 && number > flag->max))
        return flag->max > 0
                   ? zg_fail(err, ZG_USAGE, "%s %s: must be a number %s %g and at most %g", what,
                             value, flag->min_allowed ? "of at least" : "above", flag->min,
                             flag->max)
                   : zg_fail(err, ZG_USAGE, "%s %s: must be a number %s %g", what, value,
                             flag->min_allowed ? "of at least" : "above", flag->min);
    *field = number;
    return ZG_OK;
}

enum zg_status zg_flag_set(void *target, const struct zg_flag *flag, const char *value,
                           struct zg_error *err)
{
    char what[64];
    void *const field = (char *)target + flag->offset;
    snprintf(what, sizeof what, "--%s", flag->name);
    switch (flag->kind) {
    case ZG_FLAG_SWITCH:
        *(bool *)field = true;
        return ZG_OK;
    case ZG_FLAG_TEXT:
        if (!*value)
            return zg_fail(err, ZG_USAGE, "%s \"\": must not be empty, but a %s", what,
                           flag->value);
        *(const char **)field = value;
        return ZG_OK;
    case ZG_FLAG_INT:
        return zg_parse_int(what, value, (int64_t)flag->min,
                            flag->max > 0 ? (int64_t)flag->max : INT64_MAX, field, err);
    case ZG_FLAG_SEED: {
        int64_t seed = 0; /* half of the range: a CSV cell is a signed integer */
        const enum zg_status status = zg_parse_int(what, value, 0, INT64_MAX, &seed, err);
        if (!status)
            *(uint64_t *)field = (uint64_t)seed;
        return status;
    }
    case ZG_FLAG_REAL:
        return set_real(field, flag, what, value, err);
    case ZG_FLAG_CHOICE: {
        const int64_t choice = zg_choice_find(flag->choices, value);
        if (choice < 0)
            return zg_fail(err, ZG_USAGE, "%s %s: must be one of %s%s", what,
                           *value ? value : "\"\"", flag->choices,
                           zg_nearest_word(value, flag->choices).hint);
        *(int *)field = (int)choice;
        return ZG_OK;
    }
    case ZG_FLAG_CUSTOM:
        return flag->set(target, flag, value, err);
    }
    return zg_fail(err, ZG_USAGE, "%s: has no kind", what);
}

void zg_flag_copy(void *target, const struct zg_flag *flag, const void *from)
{
    static const size_t sizes[] = {
        [ZG_FLAG_SWITCH] = sizeof(bool), [ZG_FLAG_TEXT] = sizeof(const char *),
        [ZG_FLAG_INT] = sizeof(int64_t), [ZG_FLAG_SEED] = sizeof(uint64_t),
        [ZG_FLAG_REAL] = sizeof(double), [ZG_FLAG_CHOICE] = sizeof(int),
    };
    memcpy((char *)target + flag->offset, (const char *)from + flag->offset,
           flag->kind == ZG_FLAG_CUSTOM ? flag->size : sizes[flag->kind]);
}

enum zg_status zg_flags_default(const struct zg_flag_group *groups, void *request,
                                struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (; groups->title; groups++)
        for (const struct zg_flag *flag = groups->flags; flag->name && !status; flag++)
            if (flag->fallback && flag->kind != ZG_FLAG_SWITCH)
                status = zg_flag_set((char *)request + groups->offset, flag, flag->fallback, err);
    return status;
}

/* ---- what is no option ----------------------------------------------------------------------- */

/* "; did you mean '--batch'?" for bacth, -batch or a dash of a text processor before it. */
static struct zg_nearest nearest_option(const struct option *options, const char *typed)
{
    char name[64];
    while (*typed && !isalnum((unsigned char)*typed))
        typed++;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(typed, "="), typed);
    struct zg_nearest nearest = zg_nearest_begin(name);
    nearest.before = "--";
    for (const struct option *o = options; o->name; o++)
        if (strcmp(o->name, name) == 0)
            snprintf(nearest.hint, sizeof nearest.hint, "; did you mean '--%s'?", name);
        else
            zg_nearest_try(&nearest, o->name, strlen(o->name));
    if (!nearest.hint[0])
        zg_nearest_hint(&nearest);
    nearest.typed = NULL; /* `name` ends here */
    return nearest;
}

static enum zg_status fail_unknown(const struct option *options, const char *word, size_t n,
                                   struct zg_error *err)
{
    return zg_fail(err, ZG_USAGE, "%.*s: unknown option%s (--help --all lists the options)", (int)n,
                   word, nearest_option(options, word).hint);
}

/* getopt_long cannot tell unknown from ambiguous; the message should. */
static enum zg_status fail_long(const struct option *options, const char *argument,
                                struct zg_error *err)
{
    if (strncmp(argument, "--", 2) != 0)
        return fail_unknown(options, argument, strlen(argument), err);
    char matches[256] = "";
    const char *name = argument + 2;
    const size_t n = strcspn(name, "=");
    size_t used = 0;
    for (const struct option *o = options; o->name; o++) {
        if (strncmp(o->name, name, n) != 0)
            continue;
        if (strlen(o->name) == n && o->has_arg == no_argument && name[n] == '=')
            return zg_fail(err, ZG_USAGE, "--%s: takes no value, but has %s", o->name, name + n);
        if (used < sizeof matches)
            used += (size_t)snprintf(matches + used, sizeof matches - used, "%s--%s",
                                     used ? ", " : "", o->name);
    }
    if (used)
        return zg_fail(err, ZG_USAGE, "--%.*s: ambiguous, it may be %s", (int)n, name, matches);
    return fail_unknown(options, argument, n + 2, err);
}

/* Of the word that holds the letter that getopt met: -batch 4 is taken for -b -a -t ... */
static enum zg_status fail_short(const struct option *options, char *const *argv, int letter,
                                 struct zg_error *err)
{
    const char *word = argv[optind];
    if (!word || word[0] != '-' || word[1] != letter)
        word = argv[optind - 1];
    return fail_unknown(options, word, strcspn(word, "="), err);
}

static enum zg_status take_operand(const struct option *options, const struct zg_flag *operand,
                                   const char *value, zg_on_flag *on_flag, void *request,
                                   struct zg_error *err)
{
    if (!operand)
        return zg_fail(err, ZG_USAGE, "%s: is not an option; this command takes no arguments%s",
                       *value ? value : "\"\"", nearest_option(options, value).hint);
    return on_flag(request, NULL, operand, value, err);
}

/* ---- parsing --------------------------------------------------------------------------------- */

enum zg_status zg_flags_parse(const struct zg_flag_group *groups, const struct zg_flag *operand,
                              int argc, char **argv, zg_on_flag *on_flag, void *request, bool *help,
                              struct zg_error *err)
{
    struct option options[ZG_MAX_FLAGS + 2] = {0};
    const struct zg_flag *flags[ZG_MAX_FLAGS];
    const struct zg_flag_group *flag_groups[ZG_MAX_FLAGS];
    int n = 0;
    for (const struct zg_flag_group *group = groups; group->title; group++)
        for (const struct zg_flag *flag = group->flags; flag->name; flag++) {
            if (n == ZG_MAX_FLAGS)
                return zg_fail(err, ZG_USAGE, "more than %d options in one command", ZG_MAX_FLAGS);
            const int has_arg = flag->kind == ZG_FLAG_SWITCH ? no_argument : required_argument;
            flags[n] = flag;
            flag_groups[n] = group;
            options[n] = (struct option){flag->name, has_arg, NULL, CODE_BASE + n};
            n++;
        }
    options[n] = (struct option){"help", no_argument, NULL, CODE_HELP};

    *help = false;
    optind = 0; /* GNU: start afresh */
    for (;;) {
        opterr = 0;
        const int code = getopt_long(argc, argv, "-:h", options, NULL);
        if (code == -1)
            break;
        if (code == CODE_HELP || code == 'h') {
            *help = true;
            return ZG_OK;
        }
        if (code == 1) { /* the '-' above: an operand, in its place */
            const enum zg_status status =
                take_operand(options, operand, optarg, on_flag, request, err);
            if (status)
                return status;
            continue;
        }
        if (code == ':')
            return zg_fail(err, ZG_USAGE, "%s: needs a value; --help shows which",
                           argv[optind - 1]);
        if (code < CODE_BASE && optopt > 0 && optopt < CODE_BASE)
            return fail_short(options, argv, optopt, err);
        if (code < CODE_BASE)
            return fail_long(options, argv[optind - 1], err);
        const int index = code - CODE_BASE;
        const enum zg_status status =
            on_flag(request, flag_groups[index], flags[index], optarg, err);
        if (status)
            return status;
    }
    enum zg_status status = ZG_OK;
    for (; optind < argc && !status; optind++) /* after -- */
        status = take_operand(options, operand, argv[optind], on_flag, request, err);
    return status;
}

/* ---- what a value may be --------------------------------------------------------------------- */

bool zg_flag_takes_list(const struct zg_flag *flag)
{
    return flag->value &&
           (flag->is_axis || strcmp(flag->value, "LIST") == 0 || strstr(flag->value, ",..."));
}

bool zg_flag_takes_dir(const struct zg_flag *flag)
{
    return flag->value && strstr(flag->value, "DIR");
}

bool zg_flag_takes_file(const struct zg_flag *flag)
{
    return flag->value && (strstr(flag->value, "FILE") || strcmp(flag->value, "ZOGAP") == 0);
}

const char *zg_flag_words(const struct zg_flag *flag, char *text, size_t size)
{
    const char *word = NULL;
    const char *const choices = flag->kind == ZG_FLAG_CHOICE ? flag->value : flag->choices;
    size_t n = (size_t)snprintf(text, size, "%s", choices ? choices : "");
    for (char *bar = text; (bar = strchr(bar, '|'));)
        *bar = ' ';
    for (int64_t i = 0; flag->word_at && (word = flag->word_at(i)) && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, "%s%s", n ? " " : "", word);
    return text;
}
