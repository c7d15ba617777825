/* gate_child.c - the variable written and read: gate_child.h. */
#include "harness/request/gate_child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/parse.h"
#include "harness/request/options.h"

static enum zg_status read_steps(struct zg_gate_child *out, const char *text, struct zg_error *err)
{
    struct zg_words words;
    enum zg_status status = zg_words_split(&words, ZG_GATE_CHILD_VARIABLE, text, ',', err);
    if (status)
        return status;
    out->steps = calloc((size_t)words.n_words, sizeof *out->steps);
    if (!out->steps)
        status = zg_fail(err, ZG_ENV, "no memory for steps");
    for (; !status && out->n < words.n_words; out->n++)
        status = zg_parse_int(ZG_GATE_CHILD_VARIABLE, words.words[out->n], 1, INT64_MAX,
                              &out->steps[out->n], err);
    zg_words_close(&words);
    return status;
}

static enum zg_status read_samples(struct zg_gate_child *out, const char *text,
                                   struct zg_error *err)
{
    char number[32];
    const size_t n = strcspn(text, ":");
    out->work = ZG_GATE_CHILD_SAMPLES;
    if (text[n] == ':' && n < sizeof number) {
        snprintf(number, sizeof number, "%.*s", (int)n, text);
        if (!zg_parse_real(ZG_GATE_CHILD_VARIABLE, number, &out->warmup_s, NULL) &&
            out->warmup_s >= 0)
            return read_steps(out, text + n + 1, err);
    }
    return zg_fail(err, ZG_USAGE,
                   ZG_GATE_CHILD_VARIABLE "=%s is not what `zogap gate` asks of its processes; "
                                          "unset it",
                   text);
}

enum zg_status zg_gate_child_read(struct zg_gate_child *out, struct zg_error *err)
{
    const char *const text = getenv(ZG_GATE_CHILD_VARIABLE);
    *out = (struct zg_gate_child){.work = ZG_GATE_CHILD_NONE};
    if (!text || !*text)
        return ZG_OK;
    if (strcmp(text, "verify") == 0)
        out->work = ZG_GATE_CHILD_VERIFY;
    else if (strcmp(text, "pilot") == 0)
        out->work = ZG_GATE_CHILD_PILOT;
    else
        return read_samples(out, text, err);
    return ZG_OK;
}

void zg_gate_child_close(struct zg_gate_child *child)
{
    free(child->steps);
    *child = (struct zg_gate_child){0};
}

bool zg_gate_child_samples(const struct zg_gate_child *child)
{
    return child->work == ZG_GATE_CHILD_PILOT || child->work == ZG_GATE_CHILD_SAMPLES;
}

enum zg_status zg_gate_child_ask(const struct zg_gate_child *child, struct zg_error *err)
{
    static const char *const words[] = {"", "verify", "pilot"};
    char *text = NULL;
    size_t n = 0;
    if (child->work == ZG_GATE_CHILD_NONE) {
        unsetenv(ZG_GATE_CHILD_VARIABLE);
        return ZG_OK;
    }
    FILE *const out = open_memstream(&text, &n);
    if (out && child->work == ZG_GATE_CHILD_SAMPLES) {
        fprintf(out, "%.6f", child->warmup_s);
        for (int64_t i = 0; i < child->n; i++)
            fprintf(out, "%c%lld", i ? ',' : ':', (long long)child->steps[i]);
    } else if (out) {
        fputs(words[child->work], out);
    }
    const bool fine = out && fclose(out) == 0 && setenv(ZG_GATE_CHILD_VARIABLE, text, 1) == 0;
    free(text);
    return fine ? ZG_OK : zg_fail(err, ZG_ENV, "no memory for " ZG_GATE_CHILD_VARIABLE);
}
