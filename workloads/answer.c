/* answer.c - normalises texts (PCRE2 knows which characters are letters), compares their words. */
#include "workloads/answer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- normalisation -------------------------------------------------------------------------- */

/* Length of the UTF-8 character at the start of s, which is not empty.  Where there is none, *valid
 * is false, and the length that of the longest start of one, at least 1: what Python replaces by
 * one U+FFFD (Unicode 15, table 3-7). */
static int64_t character(struct zg_slice s, bool *valid)
{
    static const struct {
        unsigned char first, last, second_least, second_most, n;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    const unsigned char *const c = (const unsigned char *)s.bytes;
    *valid = false;
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        if (c[0] < forms[f].first || c[0] > forms[f].last)
            continue;
        int64_t i = 1;
        for (; i < forms[f].n; i++) {
            const unsigned char least = i == 1 ? forms[f].second_least : 0x80;
            const unsigned char most = i == 1 ? forms[f].second_most : 0xbf;
            if (i == s.n || c[i] < least || c[i] > most)
                return i;
        }
        *valid = true;
        return i;
    }
    return 1;
}

/* The text as Python reads it, and U+0130 in its two characters of lower case, which PCRE2's
 * mapping, one for one, does not know. */
static enum zg_status read_utf8(struct zg_text *out, struct zg_slice s, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    bool valid;
    for (int64_t n; s.n > 0 && !status; s.bytes += n, s.n -= n) {
        n = character(s, &valid);
        if (!valid)
            status = zg_text_append(out, "\xef\xbf\xbd", 3, err);
        else if (n == 2 && memcmp(s.bytes, "\xc4\xb0", 2) == 0)
            status = zg_text_append(out, "i\xcc\x87", 3, err);
        else
            status = zg_text_append(out, s.bytes, n, err);
    }
    return status;
}

/* Each match of the pattern becomes the replacement, which at most doubles a text. */
static enum zg_status substitute(struct zg_text *text, const char *pattern, const char *replacement,
                                 struct zg_error *err)
{
    int code = PCRE2_ERROR_NOMEMORY;
    PCRE2_SIZE offset, n = 2 * (PCRE2_SIZE)text->n + 1; /* a NUL comes last */
    unsigned char *const out = malloc(n);
    pcre2_code *const compiled = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                               PCRE2_UTF | PCRE2_UCP, &code, &offset, NULL);
    if (compiled && out)
        code = pcre2_substitute(compiled, (PCRE2_SPTR)text->bytes, (PCRE2_SIZE)text->n, 0,
                                PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_EXTENDED, NULL, NULL,
                                (PCRE2_SPTR)replacement, PCRE2_ZERO_TERMINATED, out, &n);
    enum zg_status status = ZG_OK;
    if (!compiled || !out || code < 0) {
        unsigned char what[128];
        pcre2_get_error_message(out ? code : PCRE2_ERROR_NOMEMORY, what, sizeof what);
        status = zg_fail(err, ZG_ENV, "no memory to normalise an answer: %s", (char *)what);
    } else {
        text->n = 0;
        status = zg_text_append(text, (const char *)out, (int64_t)n, err);
    }
    pcre2_code_free(compiled);
    free(out);
    return status;
}

static void remove_punctuation(struct zg_text *text)
{
    int64_t n = 0;
    for (int64_t i = 0; i < text->n; i++) {
        const char c = text->bytes[i];
        const bool punctuation = (c >= '!' && c <= '/') || (c >= ':' && c <= '@') ||
                                 (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
        if (!punctuation)
            text->bytes[n++] = c;
    }
    text->n = n;
}

/* The next word of a text, which it is taken from; empty after the last. */
static struct zg_slice next_word(struct zg_slice *text)
{
    *text = zg_slice_strip_left(*text);
    struct zg_slice word = {text->bytes, 0};
    while (text->n > 0 && zg_slice_space(*text) == 0) {
        text->bytes++;
        text->n--;
        word.n++;
    }
    return word;
}

/* What may stand inside a word without being cased (Unicode's Case_Ignorable, which has more). */
#define IGNORED "[\\p{Mn}\\p{Me}\\p{Cf}\\p{Lm}\\p{Sk}'.:\\x{b7}\\x{2019}]*"
#define CASED   "[\\p{Lu}\\p{Ll}\\p{Lt}]"
/* Python's \w, of which PCRE2's has grown to be more. */
#define IN_WORD "[\\p{L}\\p{N}_]"

enum zg_status zg_answer_normalise(struct zg_text *out, struct zg_slice text, struct zg_error *err)
{
    struct zg_text work = {0};
    const int64_t n_before = out->n;
    enum zg_status status = read_utf8(&work, text, err);
    if (!status && work.n > 0)
        status =
            substitute(&work, CASED IGNORED "\\K\\x{3a3}(?!" IGNORED CASED ")", "\xcf\x82", err);
    if (!status && work.n > 0)
        status = substitute(&work, "[\\p{Lu}\\p{Lt}]+", "\\L$0", err);
    remove_punctuation(&work);
    if (!status && work.n > 0)
        status = substitute(&work, "(?<!" IN_WORD ")(?:an?|the)(?!" IN_WORD ")", " ", err);
    struct zg_slice rest = {work.bytes, work.n}, word;
    while (!status && (word = next_word(&rest)).n > 0) {
        if (out->n > n_before)
            status = zg_text_append(out, " ", 1, err);
        if (!status)
            status = zg_text_append(out, word.bytes, word.n, err);
    }
    if (status)
        out->n = n_before;
    zg_text_free(&work);
    return status;
}

/* ---- comparison ----------------------------------------------------------------------------- */

struct words { /* of a normalised text */
    struct zg_text text;
    struct zg_slice *items; /* [n] sorted */
    int64_t n;
};

static int compare_slices(const void *a, const void *b)
{
    const struct zg_slice *const x = a, *const y = b;
    const int64_t n = x->n < y->n ? x->n : y->n;
    const int order = n > 0 ? memcmp(x->bytes, y->bytes, (size_t)n) : 0;
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

static enum zg_status words_open(struct words *words, struct zg_slice text, struct zg_error *err)
{
    *words = (struct words){0};
    const enum zg_status status = zg_answer_normalise(&words->text, text, err);
    if (status)
        return status;
    words->items = malloc((size_t)(words->text.n / 2 + 1) * sizeof *words->items);
    if (!words->items)
        return zg_fail(err, ZG_ENV, "no memory for the words of an answer");
    struct zg_slice rest = {words->text.bytes, words->text.n}, word;
    while ((word = next_word(&rest)).n > 0)
        words->items[words->n++] = word;
    qsort(words->items, (size_t)words->n, sizeof *words->items, compare_slices);
    return ZG_OK;
}

static void words_close(struct words *words)
{
    zg_text_free(&words->text);
    free(words->items);
}

static bool same_text(const struct words *a, const struct words *b)
{
    return compare_slices(&(struct zg_slice){a->text.bytes, a->text.n},
                          &(struct zg_slice){b->text.bytes, b->text.n}) == 0;
}

static double f1(const struct words *prediction, const struct words *answer)
{
    int64_t n_same = 0;
    for (int64_t i = 0, j = 0; i < prediction->n && j < answer->n;) {
        const int order = compare_slices(&prediction->items[i], &answer->items[j]);
        n_same += order == 0;
        i += order <= 0;
        j += order >= 0;
    }
    if (n_same == 0)
        return 0;
    const double precision = (double)n_same / (double)prediction->n;
    const double recall = (double)n_same / (double)answer->n;
    return 2 * precision * recall / (precision + recall);
}

static double match(const struct words *prediction, const struct words *answer)
{
    return same_text(prediction, answer) ? 1 : 0;
}

/* The best of the answers. */
static enum zg_status
compare(double *out, struct zg_slice prediction, const char *const *answers, int64_t n,
        double (*measure)(const struct words *prediction, const struct words *answer),
        struct zg_error *err)
{
    struct words predicted;
    enum zg_status status = words_open(&predicted, prediction, err);
    *out = 0;
    for (int64_t i = 0; i < n && !status; i++) {
        struct words answer;
        status =
            words_open(&answer, (struct zg_slice){answers[i], (int64_t)strlen(answers[i])}, err);
        if (!status) {
            const double value = measure(&predicted, &answer);
            *out = value > *out ? value : *out;
        }
        words_close(&answer);
    }
    words_close(&predicted);
    return status;
}

enum zg_status zg_answer_f1(double *out, struct zg_slice prediction, const char *const *answers,
                            int64_t n, struct zg_error *err)
{
    const bool none =
        strcmp(answers[0], "CANNOTANSWER") == 0 || strcmp(answers[0], "no answer") == 0;
    return compare(out, prediction, answers, none ? 1 : n, none ? match : f1, err);
}

enum zg_status zg_answer_match(double *out, struct zg_slice prediction, const char *const *answers,
                               int64_t n, struct zg_error *err)
{
    return compare(out, prediction, answers, n, match, err);
}
