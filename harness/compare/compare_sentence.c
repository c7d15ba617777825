/* compare_sentence.c - what must be known before a ratio is read, in a sentence: compare.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/compare/compare.h"
#include "harness/store/alike.h"

/* In the order in which they matter. */
static const struct part {
    unsigned kind;
    bool is_unfair; /* a ratio would be of unlike things */
    const char *name;
} parts[] = {
    {ZG_ALIKE_KERNELS, true, "kernels"},    {ZG_ALIKE_SETTINGS, true, "settings"},
    {ZG_ALIKE_MACHINE, false, "machine"},   {ZG_ALIKE_CPUS, false, "cpus"},
    {ZG_ALIKE_CONDITIONS, false, "system"}, {ZG_ALIKE_VERSIONS, false, "libraries"},
    {ZG_ALIKE_BUILD, false, "build"},       {ZG_ALIKE_POLICY, false, "policy"},
};
enum { N_PARTS = sizeof parts / sizeof parts[0] };

/* The first of the differences that a text lists, for a machine has a dozen. */
static int first_of(const char *text, int64_t n)
{
    const char *const comma = strstr(text, ", ");
    return n > 2 && comma ? (int)(comma - text) : (int)strlen(text);
}

static bool has_engine(const struct zg_result_reader *set, const char *engine, int64_t n_cases)
{
    for (int64_t i = 0; i < n_cases; i++)
        if (strcmp(set->cases[i].id.engine, engine) == 0)
            return true;
    return false;
}

/* "fused in A alone" of each engine of a set that the other has not; returns how many. */
static int64_t tell_engines(char *text, size_t size, const struct zg_result_reader *set,
                            const struct zg_result_reader *other, const char *letter)
{
    int64_t n = 0;
    for (int64_t i = 0; i < set->n_cases; i++) {
        const char *const engine = set->cases[i].id.engine;
        const size_t at = strlen(text);
        if (has_engine(set, engine, i) || has_engine(other, engine, other->n_cases))
            continue;
        snprintf(text + at, size - at, "%s%s in %s alone", at ? ", " : "", engine, letter);
        n++;
    }
    return n;
}

struct telling {
    FILE *out;
    const char *letter;
    bool any;
};

/* "B differs from A in X, Y" */
static void tell_one(struct telling *t, const char *before, const char *text, int n,
                     const char *after)
{
    if (t->any)
        fputs(", ", t->out);
    else
        fprintf(t->out, "%s differs from A in ", t->letter);
    fprintf(t->out, "%s%.*s%s", before, n, text, after);
    t->any = true;
}

/* "B differs from A in ..." of one set. */
static void tell(FILE *out, const struct zg_compare *compare,
                 const struct zg_result_reader *const *sets, int64_t set, bool *unfair)
{
    const char *const unlike = compare ? compare->unlike[set] : "";
    struct telling t = {out, zg_compare_letter(set), false};
    char text[ZG_COMPARE_TEXT] = "", before[32];
    if (zg_alike_same_run(sets[0], sets[set])) {
        fprintf(out, "A and %s are the same run", t.letter);
        return;
    }
    if (*unlike)
        tell_one(&t, "", unlike, (int)strlen(unlike), "");
    *unfair |= t.any;
    for (int i = 0; i < N_PARTS; i++) {
        const int64_t n = zg_alike_differences(sets[0]->meta.json, sets[set]->meta.json,
                                               parts[i].kind, text, sizeof text);
        snprintf(before, sizeof before, "the %s (", parts[i].name);
        if (n > 0)
            tell_one(&t, before, text, first_of(text, n), n > 2 ? ", ...)" : ")");
        *unfair |= n > 0 && parts[i].is_unfair;
    }
    text[0] = '\0';
    if (tell_engines(text, sizeof text, sets[0], sets[set], "A") +
            tell_engines(text, sizeof text, sets[set], sets[0], t.letter) >
        0)
        tell_one(&t, "the engines (", text, (int)strlen(text), ")");
    if (!t.any)
        fprintf(out, "%s is of the same machine, build, settings, policy and files as A", t.letter);
}

char *zg_compare_sentence(const struct zg_compare *compare,
                          const struct zg_result_reader *const *sets, int64_t n_sets, bool *unfair)
{
    char *text = NULL;
    size_t n;
    FILE *const out = open_memstream(&text, &n);
    *unfair = false;
    if (!out)
        return NULL;
    for (int64_t set = 1; set < n_sets; set++) {
        fputs(set > 1 ? "; " : "", out);
        tell(out, compare, sets, set, unfair);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    for (char *c = text; *c; c++) /* a file may hold anything */
        *c = (unsigned char)*c < ' ' || *c == 127 ? '?' : *c;
    return text;
}
