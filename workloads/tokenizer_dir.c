/* tokenizer_dir.c - opens the tokenizer of a directory: finds out which of its files are there, and
 * says what is where none can be read. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "workloads/file.h"
#include "workloads/tokenizer_tables.h"

/* Allocates nothing: that there is no memory does not mean that there is no file. */
static bool has_file(const char *dir, const char *name)
{
    char path[PATH_MAX]; /* a longer one cannot be opened either */
    const int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    return n >= 0 && (size_t)n < sizeof path && access(path, F_OK) == 0;
}

static enum zg_status open_pair(struct zg_tokenizer **out, const char *dir, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    char *vocab = zg_path_join(dir, "vocab.json"), *merges = zg_path_join(dir, "merges.txt");
    if (vocab && merges)
        status = zg_tokenizer_open_files(out, vocab, merges, err);
    else
        status = zg_fail(err, ZG_ENV, "%s: no memory for its path", dir);
    free(vocab);
    free(merges);
    return status;
}

static enum zg_status open_json(struct zg_tokenizer **out, const char *dir, struct zg_error *err)
{
    char *path = zg_path_join(dir, "tokenizer.json"), *bytes = NULL;
    int64_t n_bytes = 0;
    enum zg_status status =
        path ? zg_file_read(&bytes, &n_bytes, path, ZG_TOKENIZER_MAX_FILE_BYTES, err)
             : zg_fail(err, ZG_ENV, "%s: no memory for its path", dir);
    if (!status)
        status = zg_tokenizer_open_json(out, path, bytes, n_bytes, err);
    free(bytes);
    free(path);
    return status;
}

static enum zg_status no_tokenizer(const char *dir, struct zg_error *err)
{
    static const struct {
        const char *file, *advice;
    } others[] = {
        {"encoder.json", "; encoder.json is vocab.json's old name, and vocab.bpe that of "
                         "merges.txt: rename both"},
        {"vocab.bpe", "; vocab.bpe is the old name of merges.txt: rename it"},
        {"vocab.txt", "; vocab.txt is of a WordPiece tokenizer, which is not read"},
        {"tokenizer.model", "; tokenizer.model is of SentencePiece, which is not read"},
        {"spiece.model", "; spiece.model is of SentencePiece, which is not read"},
    };
    const bool vocab = has_file(dir, "vocab.json"), merges = has_file(dir, "merges.txt");
    const char *advice = "";
    for (size_t i = sizeof others / sizeof *others; i-- > 0;)
        advice = has_file(dir, others[i].file) ? others[i].advice : advice;
    return zg_fail(err, ZG_INPUT,
                   "%s: %s, and there is no tokenizer.json; --tokenizer DIR names a directory that "
                   "has them%s",
                   dir,
                   vocab    ? "merges.txt is missing beside vocab.json"
                   : merges ? "vocab.json is missing beside merges.txt"
                            : "vocab.json and merges.txt are missing",
                   advice);
}

enum zg_status zg_tokenizer_open(struct zg_tokenizer **out, const char *dir, struct zg_error *err)
{
    *out = NULL;
    if (has_file(dir, "vocab.json") && has_file(dir, "merges.txt"))
        return open_pair(out, dir, err);
    return has_file(dir, "tokenizer.json") ? open_json(out, dir, err) : no_tokenizer(dir, err);
}
