/* generate.c - prompts side by side, each round a pass over those that still go on. */
#include "engines/algorithm/generate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"

/* The one option of every example: a token of any kind, whose score nobody reads. */
static const int32_t any_token = 0;
static const struct zg_option any_option = {&any_token, 1};

/* A prompt that goes on: where its tokens lie, and how many it has. */
struct running {
    int64_t prompt;
    int32_t *tokens; /* prompt and continuation */
    int64_t n, n_most;
};

struct group {                   /* prompts that are continued in one pass */
    struct running *running;     /* [n] */
    struct zg_example *examples; /* [n] */
    int32_t *next;               /* [n] */
    int64_t n;
};

/* What a prompt's sequence can grow to; the stem of the last round leaves room for an option. */
static int64_t most_tokens(const struct zg_generation_request *request, int64_t n_prompt)
{
    return zg_min64(n_prompt + request->max_new_tokens, request->n_positions);
}

/* How many prompts from `first` on go together. */
static int64_t group_size(const struct zg_generation_request *request,
                          const struct zg_generation_prompt *prompts, int64_t n_prompts,
                          int64_t first)
{
    int64_t n = 0, n_tokens = 0;
    for (; first + n < n_prompts; n++) {
        const int64_t more = most_tokens(request, prompts[first + n].n);
        if (n > 0 && n_tokens + more > request->max_tokens)
            break;
        n_tokens += more;
    }
    return n;
}

static enum zg_status check(const struct zg_generation_request *request,
                            const struct zg_generation_prompt *prompts, int64_t n_prompts,
                            struct zg_error *err)
{
    if (request->max_new_tokens < 1 || request->max_new_tokens > INT32_MAX)
        return zg_fail(err, ZG_USAGE, "%lld new tokens, give 1 .. %d",
                       (long long)request->max_new_tokens, INT32_MAX);
    for (int64_t i = 0; i < n_prompts; i++)
        if (prompts[i].n < 1 || prompts[i].n >= request->n_positions)
            return zg_fail(err, ZG_USAGE, "prompt %lld has %lld tokens, 1 .. %lld can go on",
                           (long long)i, (long long)prompts[i].n,
                           (long long)request->n_positions - 1);
    return ZG_OK;
}

void zg_generation_limits(const struct zg_generation_request *request,
                          const struct zg_generation_prompt *prompts, int64_t n_prompts,
                          struct zg_engine_limits *limits)
{
    limits->max_probes = zg_max64(limits->max_probes, 1);
    limits->max_directions = zg_max64(limits->max_directions, 1);
    for (int64_t first = 0, n; first < n_prompts; first += n) {
        n = group_size(request, prompts, n_prompts, first);
        int64_t n_tokens = 0, longest = 0;
        for (int64_t i = first; i < first + n; i++) {
            n_tokens += most_tokens(request, prompts[i].n);
            longest = zg_max64(longest, most_tokens(request, prompts[i].n));
        }
        limits->max_examples = zg_max64(limits->max_examples, n);
        limits->max_options = zg_max64(limits->max_options, n);
        limits->max_option_tokens = zg_max64(limits->max_option_tokens, n);
        limits->max_tokens = zg_max64(limits->max_tokens, n_tokens);
        limits->max_padded_tokens =
            zg_max64(limits->max_padded_tokens, n * zg_round_up(longest, 8));
        limits->max_length = zg_max64(limits->max_length, longest);
    }
}

static bool is_stop(const struct zg_generation_request *request, int32_t token)
{
    for (int64_t i = 0; i < request->n_stop; i++)
        if (request->stop[i] == token)
            return true;
    return false;
}

/* Appends the next tokens, and drops the prompts that end with them. */
static void take_next(struct zg_generation *out, const struct zg_generation_request *request,
                      struct group *group)
{
    int64_t n_left = 0;
    for (int64_t i = 0; i < group->n; i++) {
        struct running *r = &group->running[i];
        const int32_t token = group->next[i];
        if (is_stop(request, token))
            continue;
        out->tokens[r->prompt * out->stride + out->n_tokens[r->prompt]++] = token;
        r->tokens[r->n++] = token;
        if (r->n < r->n_most)
            group->running[n_left++] = *r;
    }
    group->n = n_left;
}

static enum zg_status run_group(struct zg_generation *out,
                                const struct zg_generation_request *request,
                                const struct zg_engine *engine, struct zg_engine_state *state,
                                struct group *group, struct zg_error *err)
{
    const struct zg_probe clean = {0, 0};
    double loss;
    enum zg_status status = ZG_OK;
    while (group->n > 0 && !status) {
        for (int64_t i = 0; i < group->n; i++)
            group->examples[i] = (struct zg_example){group->running[i].tokens, group->running[i].n,
                                                     &any_option, 1, 0};
        const struct zg_batch batch = {group->examples, group->n, ZG_LOSS_LM, request->pad_id};
        struct zg_scores scores = {.loss = &loss, .next_token = group->next};
        status = engine->score(state, &batch, &clean, 1, &scores, err);
        if (!status && !isfinite(loss))
            status = zg_fail(err, ZG_CHECK, "prompts cannot be continued: their loss is %g", loss);
        if (!status)
            take_next(out, request, group);
    }
    return status;
}

/* The group of prompts from `first` on, their tokens copied to sequences. */
static void start_group(struct group *group, const struct zg_generation_request *request,
                        const struct zg_generation_prompt *prompts, int64_t first, int64_t n,
                        int32_t *sequences)
{
    group->n = n;
    for (int64_t i = 0; i < n; i++) {
        const struct zg_generation_prompt *prompt = &prompts[first + i];
        const int64_t n_most = most_tokens(request, prompt->n);
        memcpy(sequences, prompt->tokens, (size_t)prompt->n * sizeof *sequences);
        group->running[i] = (struct running){first + i, sequences, prompt->n, n_most};
        sequences += n_most;
    }
}

enum zg_status zg_generation_run(struct zg_generation *out,
                                 const struct zg_generation_request *request,
                                 const struct zg_engine *engine, struct zg_engine_state *state,
                                 const struct zg_generation_prompt *prompts, int64_t n_prompts,
                                 struct zg_error *err)
{
    *out = (struct zg_generation){.stride = request->max_new_tokens};
    enum zg_status status = check(request, prompts, n_prompts, err);
    if (status)
        return status;
    struct zg_engine_limits most = {0}; /* of a group */
    zg_generation_limits(request, prompts, n_prompts, &most);
    int64_t n_out = 0;
    const bool fits = zg_size_mul(n_prompts, out->stride, &n_out);
    const size_t n_group = (size_t)zg_max64(most.max_examples, 1);
    struct group group = {.running = calloc(n_group, sizeof *group.running),
                          .examples = calloc(n_group, sizeof *group.examples),
                          .next = calloc(n_group, sizeof *group.next)};
    int32_t *const sequences = calloc((size_t)zg_max64(most.max_tokens, 1), sizeof *sequences);
    out->tokens = fits ? calloc((size_t)zg_max64(n_out, 1), sizeof *out->tokens) : NULL;
    out->n_tokens = calloc((size_t)zg_max64(n_prompts, 1), sizeof *out->n_tokens);
    if (!group.running || !group.examples || !group.next || !sequences || !out->tokens ||
        !out->n_tokens)
        status = zg_fail(err, ZG_ENV, "no memory to continue %lld prompts", (long long)n_prompts);
    for (int64_t first = 0, n; first < n_prompts && !status; first += n) {
        n = group_size(request, prompts, n_prompts, first);
        start_group(&group, request, prompts, first, n, sequences);
        status = run_group(out, request, engine, state, &group, err);
    }
    free(group.running);
    free(group.examples);
    free(group.next);
    free(sequences);
    if (status)
        zg_generation_free(out);
    return status;
}

void zg_generation_free(struct zg_generation *generation)
{
    free(generation->tokens);
    free(generation->n_tokens);
    *generation = (struct zg_generation){0};
}
