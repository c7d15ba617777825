/* nearest.c - how far apart two names are, and the hint made of the nearest ones. */
#include "engines/base/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MAX_NAME = 64 }; /* what is longer was no slip of the finger */

static int folded(char c)
{
    return c == '_' ? '-' : tolower((unsigned char)c);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* rows[i % 3][j]: changes from the first i characters of a to the first j of b. */
static size_t distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t rows[3][MAX_NAME + 1];
    for (size_t j = 0; j <= n_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t *const now = rows[i % 3];
        const size_t *const before = rows[(i - 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            const bool same = folded(a[i - 1]) == folded(b[j - 1]);
            now[j] = least(before[j - 1] + !same, least(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                folded(a[i - 2]) == folded(b[j - 1]))
                now[j] = least(now[j], rows[(i - 2) % 3][j - 2] + 1);
        }
    }
    return rows[n_a % 3][n_b];
}

static bool begins_with(const char *name, const char *start, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (folded(name[i]) != folded(start[i]))
            return false;
    return true;
}

struct zg_nearest zg_nearest_begin(const char *typed)
{
    return (struct zg_nearest){.typed = typed, .distance = MAX_NAME};
}

void zg_nearest_try(struct zg_nearest *nearest, const char *name, size_t n)
{
    const size_t n_typed = strlen(nearest->typed);
    if (n == 0 || n > MAX_NAME || n_typed == 0 || n_typed > MAX_NAME ||
        (n == n_typed && memcmp(name, nearest->typed, n) == 0))
        return;
    size_t d = distance(nearest->typed, n_typed, name, n);
    if (n_typed >= 3 && n > n_typed && begins_with(name, nearest->typed, n_typed))
        d = 1;
    if (d > (least(n, n_typed) + 1) / 3 || d > nearest->distance)
        return;
    if (d < nearest->distance)
        nearest->n_best = 0;
    nearest->distance = d;
    for (int i = 0; i < nearest->n_best; i++)
        if (nearest->best[i].n == n && memcmp(nearest->best[i].name, name, n) == 0)
            return;
    if (nearest->n_best == ZG_MAX_NEAREST)
        return;
    nearest->best[nearest->n_best].name = name;
    nearest->best[nearest->n_best++].n = n;
}

void zg_nearest_try_words(struct zg_nearest *nearest, const char *names)
{
    static const char between[] = " ,|";
    for (const char *at = names; *at;) {
        at += strspn(at, between);
        const size_t n = strcspn(at, between);
        zg_nearest_try(nearest, at, n);
        at += n;
    }
}

const char *zg_nearest_hint(struct zg_nearest *nearest)
{
    size_t n = 0;
    nearest->hint[0] = '\0';
    for (int i = 0; i < nearest->n_best; i++)
        n += (size_t)snprintf(nearest->hint + n, sizeof nearest->hint - n, "%s'%s%.*s'%s",
                              i == 0 ? "; did you mean " : " or ",
                              nearest->before ? nearest->before : "", (int)nearest->best[i].n,
                              nearest->best[i].name, i == nearest->n_best - 1 ? "?" : "");
    return nearest->hint;
}

struct zg_nearest zg_nearest_word(const char *typed, const char *names)
{
    struct zg_nearest nearest = zg_nearest_begin(typed);
    zg_nearest_try_words(&nearest, names);
    zg_nearest_hint(&nearest);
    return nearest;
}
