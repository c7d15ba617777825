/*
 * nearest.h - the name that a mistyped one was meant to be: every message about a name out of a
 * closed set ends in its hint.
 *
 *     zg_fail(err, ZG_USAGE, "--engines %s: unknown engine; this build knows %s%s", name, known,
 *             zg_nearest_word(name, known).hint);    // ...; did you mean 'fused'?
 *
 * Names with blanks or commas in them, like a file's columns, are tried one by one:
 *
 *     struct zg_nearest nearest = zg_nearest_begin(name);
 *     for (...) zg_nearest_try(&nearest, columns[i], strlen(columns[i]));
 *     ... zg_nearest_hint(&nearest)
 */
#ifndef ZG_BASE_NEAREST_H
#define ZG_BASE_NEAREST_H

#include <stddef.h>

enum { ZG_MAX_NEAREST = 3 };

struct zg_nearest {
    const char *typed;
    const char *before; /* put before each name of the hint, like "--"; NULL: nothing */
    size_t distance;    /* of the best so far; n_best names have it */
    struct {
        const char *name; /* borrowed */
        size_t n;
    } best[ZG_MAX_NEAREST];
    int n_best;
    char hint[256];
};

struct zg_nearest zg_nearest_begin(const char *typed);

/* Takes the name of n bytes into account.  It is near if it takes few changes, inserted, dropped,
 * replaced or swapped letters (Damerau 1964, as optimal string alignment), one at least and no more
 * than one in three, or if it begins with what was typed.  Capitals, and _ for -, cost nothing. */
void zg_nearest_try(struct zg_nearest *nearest, const char *name, size_t n);

/* The same of every name in a text, separated by any of blank , | */
void zg_nearest_try_words(struct zg_nearest *nearest, const char *names);

/* "; did you mean 'run'?", "" where nothing is near; lives as long as `nearest`. */
const char *zg_nearest_hint(struct zg_nearest *nearest);

/* All at once.  Its member hint is as above, and may be used within the expression of the call. */
struct zg_nearest zg_nearest_word(const char *typed, const char *names);

#endif
