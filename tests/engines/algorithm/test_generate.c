/* test_generate.c - greedy continuations: by a scripted engine, by all engines alike, and against
 * the best of all one-token options. */
#include "engines/algorithm/generate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cunit_run.h"

/* ---- a scripted engine ---------------------------------------------------------------------- */

/* After a stem comes the token (last token + length of the stem) mod 10; 7 after 5 tokens. */
static int64_t n_scores, largest_batch;
static double scripted_loss;
static enum zg_status scripted_status;

static enum zg_status scripted_score(struct zg_engine_state *state, const struct zg_batch *batch,
                                     const struct zg_probe *probes, int64_t n_probes,
                                     struct zg_scores *out, struct zg_error *err)
{
    (void)state;
    n_scores++;
    CU_ASSERT_EQUAL(n_probes, 1);
    CU_ASSERT_EQUAL(probes[0].coefficient, 0.0f);
    CU_ASSERT_EQUAL(batch->pad_id, 3);
    largest_batch = batch->n_examples > largest_batch ? batch->n_examples : largest_batch;
    out->loss[0] = scripted_loss;
    for (int64_t e = 0; e < batch->n_examples; e++) {
        const struct zg_example *example = &batch->examples[e];
        CU_ASSERT_EQUAL(example->n_options, 1);
        out->next_token[e] = (int32_t)((example->stem[example->n_stem - 1] + example->n_stem) % 10);
    }
    return scripted_status ? zg_fail(err, scripted_status, "as scripted") : ZG_OK;
}

static const struct zg_engine scripted = {.name = "scripted", .score = scripted_score};

static const int32_t five[] = {4}, short_one[] = {0, 1}, long_one[] = {9, 9, 9, 9, 9, 2};
static const struct zg_generation_prompt scripted_prompts[] = {
    {five, 1}, {short_one, 2}, {long_one, 6}};

static void check_tokens(const struct zg_generation *g, int64_t prompt, const int32_t *want,
                         int64_t n)
{
    CU_ASSERT_EQUAL_FATAL(g->n_tokens[prompt], n);
    CU_ASSERT_EQUAL(memcmp(g->tokens + prompt * g->stride, want, (size_t)n * sizeof *want), 0);
}

/* 4 -> 5 (4+1), 7 (5+2), 0 (7+3), 4 (0+4), ...; stop tokens end it and are left out. */
static void test_script(void)
{
    static const int32_t stop[] = {8, 0};
    const int64_t capacities[] = {0, 10, 17, 1000};
    const int64_t batches[] = {1, 1, 2, 3}; /* 5, 6 and 10 tokens at most */
    for (int i = 0; i < 4; i++) {
        const struct zg_generation_request request = {.max_new_tokens = 4,
                                                      .n_positions = 100,
                                                      .stop = stop,
                                                      .n_stop = 2,
                                                      .pad_id = 3,
                                                      .max_tokens = capacities[i]};
        struct zg_generation g;
        scripted_loss = 1;
        scripted_status = ZG_OK;
        largest_batch = 0;
        CU_ASSERT_EQUAL_FATAL(
            zg_generation_run(&g, &request, &scripted, NULL, scripted_prompts, 3, NULL), ZG_OK);
        check_tokens(&g, 0, (const int32_t[]){5, 7}, 2); /* then 0 */
        check_tokens(&g, 1, (const int32_t[]){3, 6}, 2); /* then 0 */
        check_tokens(&g, 2, (const int32_t[]){8}, 0);    /* 8 at once */
        CU_ASSERT_EQUAL(largest_batch, batches[i]);
        struct zg_engine_limits limits = {0};
        zg_generation_limits(&request, scripted_prompts, 3, &limits);
        CU_ASSERT_EQUAL(limits.max_examples, batches[i]);
        zg_generation_free(&g);
        CU_ASSERT_PTR_NULL(g.tokens);
    }
}

/* Without a stop token: as many as asked for, or up to the last position. */
static void test_ends(void)
{
    const struct zg_generation_request request = {
        .max_new_tokens = 4, .n_positions = 8, .pad_id = 3, .max_tokens = 1000};
    struct zg_generation g;
    n_scores = 0;
    CU_ASSERT_EQUAL_FATAL(
        zg_generation_run(&g, &request, &scripted, NULL, scripted_prompts, 3, NULL), ZG_OK);
    check_tokens(&g, 0, (const int32_t[]){5, 7, 0, 4}, 4);
    check_tokens(&g, 1, (const int32_t[]){3, 6, 0, 5}, 4);
    check_tokens(&g, 2, (const int32_t[]){8, 5}, 2);
    CU_ASSERT_EQUAL(n_scores, 4);
    zg_generation_free(&g);

    struct zg_engine_limits limits = {.max_examples = 2, .max_length = 50};
    zg_generation_limits(&request, scripted_prompts, 3, &limits);
    CU_ASSERT_EQUAL(limits.max_examples, 3);
    CU_ASSERT_EQUAL(limits.max_options, 3);
    CU_ASSERT_EQUAL(limits.max_option_tokens, 3);
    CU_ASSERT_EQUAL(limits.max_tokens, 5 + 6 + 8);
    CU_ASSERT_EQUAL(limits.max_padded_tokens, 3 * 8);
    CU_ASSERT_EQUAL(limits.max_length, 50);
    CU_ASSERT_EQUAL(limits.max_probes, 1);
    CU_ASSERT_EQUAL(limits.max_directions, 1);

    CU_ASSERT_EQUAL(zg_generation_run(&g, &request, &scripted, NULL, scripted_prompts, 0, NULL),
                    ZG_OK);
    zg_generation_free(&g);
}

static void check_refused(const struct zg_generation_request *request,
                          const struct zg_generation_prompt *prompt, enum zg_status want,
                          const char *part)
{
    struct zg_generation g;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_generation_run(&g, request, &scripted, NULL, prompt, 1, &err), want);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, part));
    CU_ASSERT_PTR_NULL(g.tokens);
    zg_generation_free(&g);
}

static void test_refused(void)
{
    struct zg_generation_request request = {
        .max_new_tokens = 4, .n_positions = 8, .pad_id = 3, .max_tokens = 1000};
    static const int32_t tokens[8] = {0};
    check_refused(&request, &(struct zg_generation_prompt){tokens, 0}, ZG_USAGE, "0 tokens");
    check_refused(&request, &(struct zg_generation_prompt){tokens, 8}, ZG_USAGE,
                  "8 tokens, 1 .. 7 can go on");
    scripted_loss = NAN;
    check_refused(&request, scripted_prompts, ZG_CHECK, "nan");
    scripted_loss = 1;
    scripted_status = ZG_ENV;
    check_refused(&request, scripted_prompts, ZG_ENV, "as scripted");
    scripted_status = ZG_OK;
    request.max_new_tokens = 0;
    check_refused(&request, scripted_prompts, ZG_USAGE, "0 new tokens");
    request.max_new_tokens = INT64_C(1) << 40;
    check_refused(&request, scripted_prompts, ZG_USAGE, "new tokens");
}

/* ---- engines -------------------------------------------------------------------------------- */

enum { N_PROMPTS = 5, NEW = 9, VOCAB = 53, POSITIONS = 24 };

static const struct zg_model_shape shape = {.n_layers = 2,
                                            .d_model = 24,
                                            .n_heads = 3,
                                            .d_ffn = 40,
                                            .n_vocab = VOCAB,
                                            .n_positions = POSITIONS,
                                            .tied_head = true};
static const int32_t prompt_tokens[] = {0, 7, 9,  30, 12, 11, 52, 4, 4,
                                        7, 9, 30, 2,  40, 41, 6,  8, 3};
static const struct zg_generation_prompt prompts[N_PROMPTS] = {
    {prompt_tokens, 1},     {prompt_tokens, 4}, {prompt_tokens, 18},
    {prompt_tokens + 3, 6}, {prompt_tokens, 4}, /* the second one again: they share all rows */
};

struct rig {
    struct zg_model *model;
    struct zg_engine_state *state;
};

/* Fresh weights of a small model give nearly flat logits: a step of one direction sharpens them. */
static void rig_open(struct rig *rig, const struct zg_engine *engine,
                     const struct zg_engine_limits *limits)
{
    const struct zg_direction direction = {
        .kind = ZG_DIRECTION_LOWRANK, .rank = 2, .scale = 1, .seed_u = 5, .seed_v = 6};
    const struct zg_update update = {0, -0.1f};
    struct zg_engine_options options = zg_engine_options_default(engine);
    struct zg_error err = {0};
    options.limits = *limits;
    options.limits.max_rank = 2;
    *rig = (struct rig){0};
    enum zg_status status = zg_model_open_shape(&rig->model, "generate", &shape, 3, &err);
    if (!status)
        status = engine->open(&rig->state, rig->model, &options, &err);
    if (!status)
        status = engine->begin(rig->state, &direction, 1, &err);
    if (!status)
        status = engine->apply(rig->state, &update, 1, 0, &err);
    if (!status)
        status = engine->begin(rig->state, &direction, 1, &err);
    if (status)
        printf("\n    engine %s: %s\n", engine->name, err.text);
    CU_ASSERT_EQUAL_FATAL(status, ZG_OK);
}

static void rig_close(struct rig *rig, const struct zg_engine *engine)
{
    engine->close(&rig->state);
    zg_model_close(&rig->model);
}

static void generate(struct zg_generation *g, const struct zg_engine *engine, int64_t max_tokens)
{
    const struct zg_generation_request request = {
        .max_new_tokens = NEW, .n_positions = POSITIONS, .pad_id = 1, .max_tokens = max_tokens};
    struct zg_engine_limits limits = {0};
    struct zg_error err = {0};
    struct rig rig;
    zg_generation_limits(&request, prompts, N_PROMPTS, &limits);
    rig_open(&rig, engine, &limits);
    const enum zg_status status =
        zg_generation_run(g, &request, engine, rig.state, prompts, N_PROMPTS, &err);
    if (status)
        printf("\n    engine %s: %s\n", engine->name, err.text);
    CU_ASSERT_EQUAL_FATAL(status, ZG_OK);
    rig_close(&rig, engine);
}

static void check_same(const struct zg_generation *a, const struct zg_generation *b)
{
    for (int64_t p = 0; p < N_PROMPTS; p++) {
        CU_ASSERT_EQUAL_FATAL(a->n_tokens[p], b->n_tokens[p]);
        CU_ASSERT_EQUAL(memcmp(a->tokens + p * NEW, b->tokens + p * NEW,
                               (size_t)a->n_tokens[p] * sizeof *a->tokens),
                        0);
    }
}

static void test_engines_agree(void)
{
    struct zg_generation first;
    generate(&first, zg_engine_of_role(ZG_ROLE_LOOP), 1000);
    CU_ASSERT_EQUAL(first.n_tokens[0], NEW);
    CU_ASSERT_EQUAL(first.n_tokens[2], POSITIONS - 18);
    CU_ASSERT_EQUAL(memcmp(first.tokens + NEW, first.tokens + 4 * NEW, NEW * sizeof(int32_t)), 0);
    const struct zg_engine *engine;
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++) {
        if (engine->missing)
            continue;
        for (int64_t max_tokens = 0; max_tokens <= 1000; max_tokens += 500) {
            struct zg_generation g;
            generate(&g, engine, max_tokens);
            check_same(&first, &g);
            zg_generation_free(&g);
        }
    }
    zg_generation_free(&first);
}

/* The best of all tokens as options of one example, each scored by itself. */
static int32_t best_option(const struct zg_engine *engine, struct zg_engine_state *state,
                           const int32_t *stem, int64_t n)
{
    int32_t tokens[VOCAB];
    struct zg_option options[VOCAB];
    double loss, score[VOCAB];
    for (int32_t i = 0; i < VOCAB; i++) {
        tokens[i] = i;
        options[i] = (struct zg_option){&tokens[i], 1};
    }
    const struct zg_example example = {stem, n, options, VOCAB, 0};
    const struct zg_batch batch = {&example, 1, ZG_LOSS_CLASSIFICATION, 1};
    const struct zg_probe clean = {0, 0};
    struct zg_scores scores = {.loss = &loss, .option_score = score};
    CU_ASSERT_EQUAL_FATAL(engine->score(state, &batch, &clean, 1, &scores, NULL), ZG_OK);
    int32_t best = 0;
    for (int32_t i = 1; i < VOCAB; i++)
        best = score[i] > score[best] ? i : best;
    return best;
}

static void test_brute_force(void)
{
    const struct zg_engine *const engine = zg_engine_of_role(ZG_ROLE_LOOP);
    const struct zg_engine_limits limits = {.max_examples = 1,
                                            .max_options = VOCAB,
                                            .max_option_tokens = VOCAB,
                                            .max_tokens = VOCAB * POSITIONS,
                                            .max_padded_tokens = VOCAB * POSITIONS,
                                            .max_length = POSITIONS,
                                            .max_probes = 1,
                                            .max_directions = 1};
    struct zg_generation g;
    struct rig rig;
    generate(&g, engine, 1000);
    rig_open(&rig, engine, &limits);
    int n_distinct = 0;
    for (int64_t p = 0; p < N_PROMPTS; p++) {
        int32_t sequence[POSITIONS];
        int64_t n = prompts[p].n;
        memcpy(sequence, prompts[p].tokens, (size_t)n * sizeof *sequence);
        for (int64_t i = 0; i < g.n_tokens[p]; i++) {
            const int32_t token = g.tokens[p * NEW + i];
            CU_ASSERT_EQUAL(token, best_option(engine, rig.state, sequence, n));
            n_distinct += i > 0 && token != g.tokens[p * NEW + i - 1];
            sequence[n++] = token;
        }
    }
    CU_ASSERT_TRUE(n_distinct > 0); /* else a constant would pass */
    zg_generation_free(&g);
    rig_close(&rig, engine);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"stop tokens and groups", test_script},
        {"where a continuation ends", test_ends},
        {"what is refused", test_refused},
        {"all engines generate the same", test_engines_agree},
        {"the best of all options", test_brute_force},
        {NULL, NULL},
    };
    return zg_test_run("generate", tests);
}
