/*
 * words.c - words of options.h: lists cut at a separator, and option files (@FILE).
 */
#include "harness/request/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/file_kind.h"

/* An option file is written by hand: anything larger is a mistaken path. */
enum { MAX_FILE_BYTES = 1 << 20 };

void zg_words_close(struct zg_words *words)
{
    free(words->text);
    free(words->words);
    *words = (struct zg_words){0};
}

enum zg_status zg_words_split(struct zg_words *out, const char *what, const char *text,
                              char separator, struct zg_error *err)
{
    *out = (struct zg_words){0};
    size_t n = 1;
    for (const char *c = text; *c; c++)
        n += *c == separator;
    struct zg_words words = {strdup(text), calloc(n, sizeof(char *)), (int64_t)n};
    enum zg_status status = ZG_OK;
    if (!words.text || !words.words)
        status = zg_fail(err, ZG_ENV, "%s: no memory", what);
    char *next = words.text;
    for (size_t i = 0; i < n && !status; i++) {
        words.words[i] = next;
        next = strchr(next, separator);
        if (next)
            *next++ = '\0';
        if (!*words.words[i])
            status =
                zg_fail(err, ZG_USAGE, "%s %s: has an empty item", what, *text ? text : "\"\"");
    }
    if (status)
        zg_words_close(&words);
    else
        *out = words;
    return status;
}

/* ---- @FILE ----------------------------------------------------------------------------------- */

/* Words one after another, each ended by a NUL: where they begin is known when all are there. */
struct builder {
    FILE *text; /* in memory */
    int64_t n_words;
};

static enum zg_status add_file_words(struct builder *b, const char *path, const char *data,
                                     size_t n, struct zg_error *err)
{
    char quote = 0;
    bool in_word = false;
    for (size_t i = 0; i < n; i++) {
        const char c = data[i];
        if (c == '\0')
            return zg_fail(err, ZG_INPUT, "@%s: has a NUL byte; an option file is text", path);
        if (!quote && isspace((unsigned char)c)) {
            if (in_word)
                fputc('\0', b->text);
            in_word = false;
            continue;
        }
        if (!in_word && c == '#') {
            while (i + 1 < n && data[i + 1] != '\n')
                i++;
            continue;
        }
        if (!in_word) {
            if (c == '@')
                return zg_fail(err, ZG_INPUT, "@%s: holds an @FILE itself; files do not nest",
                               path);
            b->n_words++;
            in_word = true;
        }
        if (c == quote)
            quote = 0;
        else if (!quote && (c == '"' || c == '\''))
            quote = c;
        else if (c == '\\' && quote != '\'' && i + 1 < n)
            fputc(data[++i], b->text);
        else
            fputc(c, b->text);
    }
    if (quote)
        return zg_fail(err, ZG_INPUT, "@%s: the quote %c is not closed", path, quote);
    if (in_word)
        fputc('\0', b->text);
    return ZG_OK;
}

static enum zg_status add_text(struct builder *b, const char *path, const char *data, size_t n,
                               struct zg_error *err)
{
    const size_t mark = zg_utf8_mark(data, n);
    const enum zg_status status = zg_file_expect_text(data, n, path, err);
    return status ? zg_fail_within(err, status, "@FILE")
                  : add_file_words(b, path, data + mark, n - mark, err);
}

static enum zg_status add_file(struct builder *b, const char *path, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    char *data = NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return zg_fail(err, ZG_INPUT, "@%s: %s; must be a readable file of options", path,
                       strerror(errno));
    data = malloc(MAX_FILE_BYTES + 1);
    if (!data) {
        status = zg_fail(err, ZG_ENV, "@%s: no memory", path);
        goto done;
    }
    const size_t n = fread(data, 1, MAX_FILE_BYTES + 1, file);
    if (ferror(file)) /* a directory, for one */
        status = zg_fail(err, ZG_INPUT, "@%s: %s; must be a readable file of options", path,
                         strerror(errno));
    else if (n > MAX_FILE_BYTES)
        status = zg_fail(err, ZG_INPUT, "@%s: must be at most %d bytes", path, MAX_FILE_BYTES);
    else
        status = add_text(b, path, data, n, err);
done:
    free(data);
    fclose(file);
    return status;
}

enum zg_status zg_words_expand(struct zg_words *out, int argc, char **argv, struct zg_error *err)
{
    *out = (struct zg_words){0};
    char *text = NULL;
    size_t n;
    struct builder b = {.text = open_memstream(&text, &n)};
    if (!b.text)
        return zg_fail(err, ZG_ENV, "no memory for the command line");
    enum zg_status status = ZG_OK;
    for (int i = 0; i < argc && !status; i++) {
        if (i > 0 && argv[i][0] == '@') {
            status = add_file(&b, argv[i] + 1, err);
            continue;
        }
        fwrite(argv[i], 1, strlen(argv[i]) + 1, b.text);
        b.n_words++;
    }
    /* argv ends with a NULL */
    char **words = calloc((size_t)b.n_words + 1, sizeof *words);
    const bool complete = !ferror(b.text);
    if ((fclose(b.text) || !complete || !words) && !status)
        status = zg_fail(err, ZG_ENV, "no memory for the command line");
    if (status) {
        free(text);
        free(words);
        return status;
    }
    char *next = text;
    for (int64_t i = 0; i < b.n_words; i++, next += strlen(next) + 1)
        words[i] = next;
    *out = (struct zg_words){text, words, b.n_words};
    return ZG_OK;
}
