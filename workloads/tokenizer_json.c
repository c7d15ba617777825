/*
 * tokenizer_json.c - reads tokenizer.json of Hugging Face's tokenizers, where it holds what
 * vocab.json and merges.txt would: a byte-level BPE as GPT-2 and OPT use it.
 *
 * The format describes many tokenizers.  Each part that would change the ids of a text is read, and
 * refused where it asks for something else; post_processor and decoder do not change them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "workloads/tokenizer_tables.h"

static enum zg_status fail_kind(const char *name, const char *part, const char *is,
                                const char *needed, struct zg_error *err)
{
    return zg_fail(err, ZG_INPUT, "%s: %s is %.80s; zogap reads a byte-level BPE, whose %s is %s",
                   name, part, is, part, needed);
}

/* Absent and null are alike to the format. */
static const json_t *get(const json_t *object, const char *key)
{
    const json_t *const value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

static const char *type_of(const json_t *part)
{
    const char *const type = json_string_value(get(part, "type"));
    return type ? type : "without a type";
}

static enum zg_status check_model(const char *name, const json_t *model, struct zg_error *err)
{
    static const struct {
        const char *key, *part;
    } off[] = {
        {"dropout", "model.dropout"},
        {"continuing_subword_prefix", "model.continuing_subword_prefix"},
        {"end_of_word_suffix", "model.end_of_word_suffix"},
        {"byte_fallback", "model.byte_fallback"},
        {"ignore_merges", "model.ignore_merges"},
    };
    if (!json_is_object(model))
        return zg_fail(err, ZG_INPUT, "%s: no \"model\" in it; is this a tokenizer.json?", name);
    if (get(model, "type") || !get(model, "merges")) /* the first writers left the type out */
        if (strcmp(type_of(model), "BPE") != 0)
            return fail_kind(name, "model.type", type_of(model), "BPE", err);
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        const json_t *const value = get(model, off[i].key);
        const bool is_off = !value || json_is_false(value) ||
                            (json_is_string(value) && json_string_length(value) == 0) ||
                            (json_is_number(value) && !(json_number_value(value) > 0));
        if (!is_off)
            return fail_kind(name, off[i].part, "set", "not", err);
    }
    return ZG_OK;
}

/* ByteLevel, or a sequence of it alone. */
static enum zg_status check_pre_tokenizer(const char *name, const json_t *part,
                                          struct zg_error *err)
{
    const json_t *const list = get(part, "pretokenizers");
    if (strcmp(type_of(part), "Sequence") == 0 && json_array_size(list) == 1)
        part = json_array_get(list, 0);
    if (strcmp(type_of(part), "ByteLevel") != 0)
        return fail_kind(name, "pre_tokenizer", part ? type_of(part) : "null", "ByteLevel", err);
    if (json_is_true(get(part, "add_prefix_space")))
        return fail_kind(name, "pre_tokenizer.add_prefix_space", "true", "false", err);
    if (json_is_false(get(part, "use_regex")))
        return fail_kind(name, "pre_tokenizer.use_regex", "false", "true", err);
    return ZG_OK;
}

static enum zg_status check_normalizer(const char *name, const json_t *part, struct zg_error *err)
{
    const json_t *const list = get(part, "normalizers");
    if (!part || (json_is_array(list) && json_array_size(list) == 0))
        return ZG_OK;
    return fail_kind(name, "normalizer", type_of(part), "null", err);
}

/* Special tokens are not looked for in text (tokenizer.h); others would be cut out of it. */
static enum zg_status check_added(const char *name, const json_t *list, struct zg_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *const token = json_array_get(list, i);
        const char *const content = json_string_value(get(token, "content"));
        if (!json_is_true(get(token, "special")))
            return zg_fail(err, ZG_INPUT,
                           "%s: added token '%.80s' is no special token: it would be cut out of "
                           "the text before the merges, which zogap does not do",
                           name, content ? content : "?");
    }
    return ZG_OK;
}

static enum zg_status check_kind(const char *name, const json_t *root, struct zg_error *err)
{
    enum zg_status status = check_model(name, get(root, "model"), err);
    if (!status)
        status = check_normalizer(name, get(root, "normalizer"), err);
    if (!status)
        status = check_pre_tokenizer(name, get(root, "pre_tokenizer"), err);
    if (!status)
        status = check_added(name, get(root, "added_tokens"), err);
    return status;
}

/* ["LEFT", "RIGHT"] or "LEFT RIGHT", as the line of merges.txt; the caller frees it. */
static enum zg_status make_line(char **line, const json_t *merge, struct zg_error *err)
{
    const char *const left = json_string_value(json_array_get(merge, 0)), *const right =
                                                                              json_string_value(
                                                                                  json_array_get(
                                                                                      merge, 1));
    const bool is_pair = left && right && json_array_size(merge) == 2;
    *line = NULL;
    if (!is_pair && !json_is_string(merge))
        return zg_fail(err, ZG_INPUT, "must be two tokens, in a list or with a blank between");
    const size_t n = is_pair ? strlen(left) + strlen(right) + 2 : json_string_length(merge) + 1;
    *line = malloc(n);
    if (!*line)
        return zg_fail(err, ZG_ENV, "no memory");
    if (is_pair)
        snprintf(*line, n, "%s %s", left, right);
    else
        snprintf(*line, n, "%s", json_string_value(merge));
    return ZG_OK;
}

static enum zg_status take_merges(struct zg_tokenizer *tokenizer, const json_t *vocab,
                                  const json_t *merges, struct zg_error *err)
{
    if (!json_is_array(merges))
        return zg_fail(err, ZG_INPUT, "%s: model.merges must be a list", tokenizer->name);
    const size_t n = json_array_size(merges);
    enum zg_status status = zg_bpe_open(&tokenizer->bpe, (int64_t)n, err);
    for (size_t i = 0; i < n && !status; i++) {
        char *line;
        status = make_line(&line, json_array_get(merges, i), err);
        if (status)
            zg_fail_within(err, status, "%s: model.merges:%zu", tokenizer->name, i);
        else if ((status = zg_vocab_merge(tokenizer, vocab, line, strlen(line), (int32_t)i,
                                          "model.merges", (int64_t)i, err)))
            zg_fail_within(err, status, "%s", tokenizer->name);
        free(line);
    }
    return status;
}

enum zg_status zg_tokenizer_open_json(struct zg_tokenizer **out, const char *name,
                                      const char *bytes, int64_t n_bytes, struct zg_error *err)
{
    *out = NULL;
    json_error_t error;
    json_t *const root = zg_json_read(bytes, (size_t)n_bytes, &error);
    if (!root)
        return zg_fail(err, ZG_INPUT, "%s:%d: %s", name, error.line, error.text);
    struct zg_tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
    if (tokenizer)
        tokenizer->name = strdup(name);
    enum zg_status status = tokenizer && tokenizer->name
                                ? check_kind(name, root, err)
                                : zg_fail(err, ZG_ENV, "%s: no memory for the tokenizer", name);
    const json_t *const model = get(root, "model");
    json_t *const vocab = json_object_get(model, "vocab");
    if (!status)
        status = zg_vocab_take(tokenizer, vocab, err);
    if (!status)
        status = take_merges(tokenizer, vocab, get(model, "merges"), err);
    if (!status)
        status = zg_tokenizer_compile(tokenizer, err);
    if (!status) {
        *out = tokenizer;
        tokenizer = NULL;
    }
    json_decref(root);
    zg_tokenizer_close(&tokenizer);
    return status;
}
