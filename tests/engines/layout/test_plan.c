/* test_plan.c - the layout of batches: by hand on a small one, by properties on random ones. */
#include "engines/layout/plan.h"
#include "tests/support/cunit_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct zg_batch_plan_rules ALL = {
    .trie = true, .ragged = true, .scored = true, .cancel = true};

/* Three examples: two share "0 7"; the third has options of 2 and 3 tokens with a common first
 * token. */
static const int32_t stem_a[] = {0, 7, 8, 9}, stem_b[] = {0, 7, 5}, stem_c[] = {0, 7, 8};
static const int32_t bad[] = {20}, good[] = {21}, two[] = {30, 31}, three[] = {30, 32, 33};
static const struct zg_option one_token[] = {{bad, 1}, {good, 1}},
                              longer[] = {{two, 2}, {three, 3}};
static const struct zg_example examples[] = {
    {stem_a, 4, one_token, 2, 1}, {stem_b, 3, one_token, 2, 0}, {stem_c, 3, longer, 2, 1}};
static const struct zg_batch batch = {examples, 3, ZG_LOSS_CLASSIFICATION, 1};

static void build(struct zg_batch_plan *plan, const struct zg_batch *b,
                  const struct zg_batch_plan_rules *rules, bool options)
{
    struct zg_engine_limits limits = {0};
    struct zg_error err = {0};
    zg_engine_limits_include(&limits, b);
    CU_ASSERT_EQUAL_FATAL(zg_batch_plan_open(plan, &limits, rules, &err), ZG_OK);
    zg_batch_plan_build(plan, b, options);
}

static void test_by_hand(void)
{
    struct zg_batch_plan p;
    build(&p, &batch, &ALL, false);
    /* 0 7 8 9 | 5 | 30 32: stem_c is a prefix of stem_a; last tokens of options have no row. */
    CU_ASSERT_EQUAL_FATAL(p.trie.n_rows, 7);
    const int32_t tokens[] = {0, 7, 8, 9, 5, 30, 32};
    CU_ASSERT_EQUAL(memcmp(p.trie.row_token, tokens, sizeof tokens), 0);
    CU_ASSERT_EQUAL_FATAL(p.trie.n_segments, 3);
    const struct zg_segment expected[] = {{-1, 0, 4, 0}, {0, 4, 1, 2}, {0, 5, 2, 3}};
    for (int s = 0; s < 3; s++) {
        CU_ASSERT_EQUAL(p.trie.segments[s].parent, expected[s].parent);
        CU_ASSERT_EQUAL(p.trie.segments[s].row_begin, expected[s].row_begin);
        CU_ASSERT_EQUAL(p.trie.segments[s].n_rows, expected[s].n_rows);
        CU_ASSERT_EQUAL(p.trie.segments[s].depth, expected[s].depth);
    }
    /* Scored: 8 (for 30), 9, 5, 30 (for 31, 32), 32 (for 33). */
    const int32_t scored[] = {2, 3, 4, 5, 6};
    CU_ASSERT_EQUAL_FATAL(p.n_scored, 5);
    CU_ASSERT_EQUAL(memcmp(p.scored_row, scored, sizeof scored), 0);
    /* (8,30) is asked once for both options: 4 + 4 = 8 queries of 9 option tokens. */
    CU_ASSERT_EQUAL(p.n_queries, 8);
    CU_ASSERT_EQUAL(p.option_begin[6], 9);
    CU_ASSERT_EQUAL(p.option_query[p.option_begin[4]], p.option_query[p.option_begin[5]]);
    /* One-token examples cancel; rows 8, 30, 32 are normalised. */
    CU_ASSERT(p.example_cancels[0] && p.example_cancels[1] && !p.example_cancels[2]);
    const int32_t normalised[] = {0, 3, 4};
    CU_ASSERT_EQUAL_FATAL(p.n_normalised, 3);
    CU_ASSERT_EQUAL(memcmp(p.normalised, normalised, sizeof normalised), 0);
    CU_ASSERT_EQUAL(p.normalised_index[1], -1);

    zg_batch_plan_build(&p, &batch, true); /* option scores are asked for: nothing cancels */
    CU_ASSERT_EQUAL(p.n_normalised, 5);
    CU_ASSERT(!p.example_cancels[0]);
    zg_batch_plan_close(&p);
}

static struct zg_model_shape shape_of(int64_t n_layers)
{
    return (struct zg_model_shape){.n_layers = n_layers,
                                   .d_model = 10,
                                   .n_heads = 2,
                                   .d_ffn = 30,
                                   .n_vocab = 50,
                                   .n_positions = 16,
                                   .tied_head = true};
}

static void test_useful_by_hand(void)
{
    const struct zg_model_shape shape = shape_of(3);
    /* 7 rows, of them 5 scored, 3 normalised; 4 queries cancel.  2 probes, rank 2.
     * Keys: rows at depths 0 1 2 3 | 2 | 3 4 see 1+2+3+4+3+4+5 = 22; scored ones 3+4+3+4+5 = 19. */
    const double d = 10, f = 30, r = 2, probes = 2;
    double flops = 0;
    for (int layer = 0; layer < 3; layer++) {
        const double rows = 7, q_rows = layer == 2 ? 5 : 7, keys = layer == 2 ? 19 : 22;
        const double kv_base = 2 * rows * 2 * d * d, kv_t = 2 * rows * 2 * r * d,
                     kv_u = 2 * rows * 2 * r * d;
        const double q_base = q_rows * 2 * d * d, q_t = q_rows * 2 * r * d,
                     q_u = q_rows * 2 * r * d;
        const double common = layer == 0 ? 1 : probes; /* base and V^T x are equal for all probes */
        flops += common * (kv_base + kv_t + q_base + q_t) + probes * (kv_u + q_u);
        flops += probes * keys * 2 * 2 * d;
        flops += probes * q_rows * (2 * d * d + 2 * r * (d + d));     /* out */
        flops += probes * q_rows * 2 * (2 * d * f + 2 * r * (d + f)); /* fc1, fc2 */
    }
    flops += probes * 2 * d * (3 * 50 + 4);
    const struct zg_direction direction = {.kind = ZG_DIRECTION_LOWRANK, .rank = 2, .scale = 1};
    const struct zg_probe pair[] = {{0, 1}, {0, -1}};
    CU_ASSERT_EQUAL(zg_useful_flops(&shape, &batch, pair, 2, &direction),
                    flops); /* integers below 2^53: exact */
}

/* Scope full: no product is common to two probes; embedding and positions have U V^T of each row
 * once a direction, the head V^T h of each scored row and U times it of each logit, once a
 * probe. */
static void test_useful_full(void)
{
    const struct zg_model_shape shape = shape_of(3);
    const double d = 10, f = 30, r = 2, logits = 3 * 50 + 4;
    const struct zg_direction full = {
        .kind = ZG_DIRECTION_LOWRANK, .scope = ZG_SCOPE_FULL, .rank = 2, .scale = 1};
    struct zg_direction dense = full, mixed[2] = {full, full};
    dense.kind = ZG_DIRECTION_DENSE;
    mixed[0].scope = ZG_SCOPE_LINEAR;
    const struct zg_probe pair[] = {{0, 1}, {0, -1}}, both[] = {{0, 1}, {1, 1}, {0, -1}, {1, -1}};
    double base = 0, low = 0; /* of one probe */
    for (int layer = 0; layer < 3; layer++) {
        const double rows = 7, q_rows = layer == 2 ? 5 : 7, keys = layer == 2 ? 19 : 22;
        base += (2 * rows + 2 * q_rows) * 2 * d * d + 2 * q_rows * 2 * d * f + keys * 2 * 2 * d;
        low += (2 * rows + 2 * q_rows) * 2 * r * 2 * d + 2 * q_rows * 2 * r * (d + f);
    }
    base += 2 * d * logits;
    const double tables = 2 * 7 * 2 * r * d, head = 2 * r * (5 * d + logits);
    CU_ASSERT_EQUAL(zg_useful_flops(&shape, &batch, pair, 2, &full),
                    2 * (base + low + head) + tables);
    CU_ASSERT_EQUAL(zg_useful_flops(&shape, &batch, pair, 2, &dense), 2 * base);
    /* a linear pair beside it still shares its first q, k, v with itself */
    const double shared = 3 * 7 * (2 * d * d + 2 * r * d);
    CU_ASSERT_EQUAL(zg_useful_flops(&shape, &batch, both, 4, mixed),
                    4 * (base + low) - shared + 2 * head + tables);
}

/* Layers of three: below those that move one probe stands for all; above them is no low rank. */
static void test_useful_layers(void)
{
    const struct zg_model_shape shape = shape_of(3);
    const double d = 10, f = 30, r = 2, head = 2 * d * (3 * 50 + 4);
    const struct zg_probe pair[] = {{0, 1}, {0, -1}};
    double base[3], low[3], shared[3]; /* of one probe; of the first q, k, v */
    for (int layer = 0; layer < 3; layer++) {
        const double rows = 7, q_rows = layer == 2 ? 5 : 7, keys = layer == 2 ? 19 : 22;
        base[layer] = (2 * rows + 2 * q_rows) * 2 * d * d + 2 * q_rows * 2 * d * f + keys * 4 * d;
        low[layer] = (2 * rows + 2 * q_rows) * 2 * r * 2 * d + 2 * q_rows * 2 * r * (d + f);
        shared[layer] = (2 * rows + q_rows) * (2 * d * d + 2 * r * d);
    }
    struct zg_direction direction = {.kind = ZG_DIRECTION_LOWRANK, .rank = 2, .scale = 1};
    direction.layers = (struct zg_layer_range){1, 2};
    CU_ASSERT_EQUAL(zg_useful_flops(&shape, &batch, pair, 2, &direction),
                    base[0] + 2 * (base[1] + low[1]) - shared[1] + 2 * (base[2] + head));
    direction.layers = (struct zg_layer_range){2, 0};
    CU_ASSERT_EQUAL(zg_useful_flops(&shape, &batch, pair, 2, &direction),
                    base[0] + base[1] + 2 * (base[2] + low[2]) - shared[2] + 2 * head);
    direction.layers = (struct zg_layer_range){0, 1};
    CU_ASSERT_EQUAL(zg_useful_flops(&shape, &batch, pair, 2, &direction),
                    2 * (base[0] + low[0]) - shared[0] + 2 * (base[1] + base[2] + head));
}

/* Low rank: t = V^T x once a V in the first layer and once a probe that moves later; U t once a
 * probe that moves; a clean probe is W x alone. */
static void test_useful_queries(void)
{
    const struct zg_model_shape shape = shape_of(2);
    const double d = 10, f = 30, square = 2 * d * d, r = 2, head = 2 * d * (3 * 50 + 4);
    struct zg_direction directions[3];
    for (int j = 0; j < 3; j++)
        directions[j] = (struct zg_direction){.kind = ZG_DIRECTION_LOWRANK,
                                              .rank = 2,
                                              .scale = 1,
                                              .seed_u = (uint64_t)j,
                                              .seed_v = j == 2 ? 8 : 7};
    const struct {
        int64_t n_probes;
        struct zg_probe probes[4];
        double moved, n_v;
    } known[] = {
        {1, {{0, 0}}, 0, 0},                           /* clean */
        {2, {{0, 1}, {0, 0}}, 1, 1},                   /* one-sided */
        {3, {{0, 1}, {0, 0}, {1, 1}}, 2, 1},           /* one-sided, two queries of one V */
        {4, {{0, 1}, {0, -1}, {1, 1}, {1, -1}}, 4, 1}, /* two-sided */
        {4, {{0, 1}, {0, -1}, {2, 1}, {2, -1}}, 4, 2}, /* of their own V */
        {3, {{2, 0}, {0, 1}, {1, -1}}, 2, 1},          /* which V a clean probe names is nothing */
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const double n = (double)known[i].n_probes, moved = known[i].moved, n_v = known[i].n_v;
        const double low = 2 * r * d, low_mlp = 2 * 2 * r * (d + f); /* V^T x or U t; fc1, fc2 */
        const double tail = n * (square + 4 * d * f) + moved * (2 * low + low_mlp);
        const double layer0 = 7 * 3 * (square + n_v * low + moved * low) + 7 * tail;
        const double kv = 7 * 2 * (n * square + moved * 2 * low);
        const double layer1 = kv + 5 * (n * square + moved * 2 * low + tail);
        const double attention = n * 4 * d * (22 + 19);
        CU_ASSERT_EQUAL(
            zg_useful_flops(&shape, &batch, known[i].probes, known[i].n_probes, directions),
            layer0 + layer1 + attention + n * head);
    }
}

/* Dense directions: the first layer's q, k, v are W x and z x of each direction, which its probes
 * share, or (W + c z) x of each probe where those are fewer; later the latter.  No low rank. */
static void test_useful_dense(void)
{
    const struct zg_model_shape shape = shape_of(2);
    const double d = 10, f = 30, square = 2 * d * d, head = 2 * d * (3 * 50 + 4);
    struct zg_direction directions[3];
    for (int j = 0; j < 3; j++)
        directions[j] = (struct zg_direction){
            .kind = ZG_DIRECTION_DENSE, .rank = 2, .scale = 1, .seed_u = (uint64_t)j};
    const struct {
        int64_t n_probes;
        struct zg_probe probes[6];
        double first; /* products of a matrix and a row in the first layer */
    } known[] = {
        {1, {{0, 0}}, 1},                           /* clean: W x */
        {1, {{0, 1}}, 1},                           /* (W + c z) x */
        {2, {{0, 1}, {0, -1}}, 2},                  /* a pair: W x, z x */
        {3, {{0, 1}, {0, -1}, {0, 0}}, 2},          /* the clean one beside it is W x */
        {3, {{0, 1}, {1, 1}, {2, 1}}, 3},           /* one-sided: each its own */
        {4, {{0, 1}, {0, -1}, {1, 1}, {1, -1}}, 3}, /* two pairs: W x, z0 x, z1 x */
        {6, {{0, 1}, {1, 1}, {2, 1}, {0, -1}, {1, -1}, {2, -1}}, 4},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const double probes = (double)known[i].n_probes, first = known[i].first;
        const double layer0 = first * 7 * 3 * square + probes * 7 * (square + 4 * d * f);
        const double layer1 = probes * (7 * 2 * square + 5 * (2 * square + 4 * d * f));
        const double attention = probes * 4 * d * (22 + 19);
        CU_ASSERT_EQUAL(
            zg_useful_flops(&shape, &batch, known[i].probes, known[i].n_probes, directions),
            layer0 + layer1 + attention + probes * head);
    }
}

static void test_loss_by_hand(void)
{
    struct zg_batch_plan p;
    build(&p, &batch, &ALL, false);
    float logit[8];
    double lse[3], example_loss[3];
    for (int q = 0; q < 8; q++)
        logit[q] = 0.25f * (float)(q * q % 7);
    for (int i = 0; i < 3; i++)
        lse[i] = 3.0 + i;
    const double loss = zg_batch_plan_loss(&p, &batch, logit, lse, example_loss, NULL);
    /* Example 0: queries 0 and 1, gold 1.  Example 2: queries 4 5 | 4 6 7 at normalised rows 0 1 |
     * 0 1 2. */
    const double l0 = log(exp(logit[0]) + exp(logit[1])) - logit[1];
    const double s0 = (logit[4] - lse[0] + logit[5] - lse[1]) / 2.0;
    const double s1 = (logit[4] - lse[0] + logit[6] - lse[1] + logit[7] - lse[2]) / 3.0;
    /* A handful of double operations on numbers below 10: 1e-13 is some 100 roundings. */
    CU_ASSERT_DOUBLE_EQUAL(example_loss[0], l0, 1e-13);
    CU_ASSERT_DOUBLE_EQUAL(example_loss[2], log(exp(s0) + exp(s1)) - s1, 1e-13);
    CU_ASSERT_DOUBLE_EQUAL(loss, (example_loss[0] + example_loss[1] + example_loss[2]) / 3.0,
                           1e-13);
    zg_batch_plan_close(&p);

    const struct zg_batch lm = {examples, 3, ZG_LOSS_LM, 1};
    double option_score[6];
    build(&p, &lm, &ALL, false);
    CU_ASSERT_EQUAL(p.n_queries, 5); /* gold options only: 1 + 1 + 3 tokens */
    CU_ASSERT_EQUAL(p.n_normalised, p.n_scored);
    zg_batch_plan_build(&p, &lm, true);
    CU_ASSERT_EQUAL_FATAL(p.n_queries, 8);
    double lse_all[5] = {3.0, 4.0, 5.0, 6.0, 7.0};
    const double nll = zg_batch_plan_loss(&p, &lm, logit, lse_all, example_loss, option_score);
    CU_ASSERT_DOUBLE_EQUAL(option_score[1], logit[1] - 4.0, 1e-13);
    CU_ASSERT_DOUBLE_EQUAL(example_loss[2], -option_score[5], 1e-13);
    CU_ASSERT_DOUBLE_EQUAL(nll, (example_loss[0] + example_loss[1] + 3.0 * example_loss[2]) / 5.0,
                           1e-13);
    zg_batch_plan_close(&p);
}

static void test_without_trie(void)
{
    struct zg_batch_plan p;
    const struct zg_batch_plan_rules alone = {.ragged = true, .scored = true, .cancel = true};
    build(&p, &batch, &alone, false);
    CU_ASSERT_EQUAL(p.trie.n_rows, 5 + 5 + 4 + 4 + 5 + 6);
    CU_ASSERT_EQUAL(p.trie.n_segments, 6);
    zg_batch_plan_close(&p);
    const struct zg_batch_plan_rules padded = {0};
    build(&p, &batch, &padded, false);
    CU_ASSERT_EQUAL(p.trie.n_rows, 6 * 8);
    CU_ASSERT_EQUAL(p.n_scored, 6 * 8);
    CU_ASSERT_EQUAL(p.n_normalised, 6 * 8);
    CU_ASSERT_EQUAL(p.trie.row_token[5], batch.pad_id);
    zg_batch_plan_close(&p);
}

/* ---- random batches ------------------------------------------------------------------------- */

enum { MAX_EXAMPLES = 12, MAX_OPTIONS = 4, MAX_LENGTH = 9 };

struct random_batch {
    struct zg_example examples[MAX_EXAMPLES];
    struct zg_option options[MAX_EXAMPLES][MAX_OPTIONS];
    int32_t tokens[MAX_EXAMPLES][1 + MAX_OPTIONS][MAX_LENGTH];
    struct zg_batch batch;
};

/* An alphabet of two or three tokens makes prefixes meet often. */
static void randomise(struct random_batch *r, unsigned *seed)
{
    const int alphabet = 2 + rand_r(seed) % 2;
    r->batch = (struct zg_batch){r->examples, 1 + rand_r(seed) % MAX_EXAMPLES,
                                 rand_r(seed) % 2 ? ZG_LOSS_LM : ZG_LOSS_CLASSIFICATION, 1};
    for (int e = 0; e < MAX_EXAMPLES; e++) {
        const int n_options = 1 + rand_r(seed) % MAX_OPTIONS;
        for (int o = 0; o <= MAX_OPTIONS; o++)
            for (int t = 0; t < MAX_LENGTH; t++)
                r->tokens[e][o][t] = rand_r(seed) % alphabet;
        for (int o = 0; o < n_options; o++)
            r->options[e][o] =
                (struct zg_option){r->tokens[e][1 + o], 1 + rand_r(seed) % MAX_LENGTH};
        r->examples[e] = (struct zg_example){r->tokens[e][0], 1 + rand_r(seed) % MAX_LENGTH,
                                             r->options[e], n_options, rand_r(seed) % n_options};
    }
}

/* The tokens of a row's prefix, by walking its segments up; returns the length. */
static int64_t prefix(const struct zg_batch_plan *p, int64_t row, int32_t *tokens)
{
    const int64_t n = zg_trie_depth(&p->trie, row) + 1;
    int64_t last = row;
    for (int64_t s = p->trie.row_segment[row]; s >= 0;) {
        const struct zg_segment *segment = &p->trie.segments[s];
        for (int64_t i = segment->row_begin; i <= last; i++)
            tokens[segment->depth + i - segment->row_begin] = p->trie.row_token[i];
        if (segment->parent < 0)
            break;
        const struct zg_segment *parent = &p->trie.segments[segment->parent];
        last = parent->row_begin + segment->depth - 1 - parent->depth;
        CU_ASSERT(segment->parent < s && last < parent->row_begin + parent->n_rows &&
                  last >= parent->row_begin);
        s = segment->parent;
    }
    return n;
}

/* Every option token is asked for at a row whose prefix is exactly the tokens before it. */
static void check_queries(const struct zg_batch_plan *p, const struct zg_batch *b)
{
    int64_t option = 0;
    for (int64_t e = 0; e < b->n_examples; e++) {
        const struct zg_example *x = &b->examples[e];
        for (int64_t o = 0; o < x->n_options; o++, option++) {
            const int64_t n = p->option_begin[option + 1] - p->option_begin[option];
            const bool asked =
                b->loss == ZG_LOSS_CLASSIFICATION || p->rules.options || o == x->gold;
            CU_ASSERT_EQUAL_FATAL(n, asked ? x->options[o].n_tokens : 0);
            for (int64_t t = 0; t < n; t++) {
                const struct zg_query q = p->queries[p->option_query[p->option_begin[option] + t]];
                int32_t tokens[3 * MAX_LENGTH];
                CU_ASSERT_EQUAL(q.token, x->options[o].tokens[t]);
                CU_ASSERT_EQUAL_FATAL(prefix(p, p->scored_row[q.scored], tokens), x->n_stem + t);
                CU_ASSERT_EQUAL(memcmp(tokens, x->stem, (size_t)x->n_stem * sizeof *tokens), 0);
                CU_ASSERT_EQUAL(
                    memcmp(tokens + x->n_stem, x->options[o].tokens, (size_t)t * sizeof *tokens),
                    0);
            }
        }
    }
}

static void check_blocks(const struct zg_batch_plan *p, const struct zg_attention_block *blocks,
                         int64_t n, int64_t n_rows, bool scored)
{
    int64_t next = 0;
    for (int64_t i = 0; i < n; i++) {
        CU_ASSERT_EQUAL(blocks[i].begin, next);
        CU_ASSERT(blocks[i].end > next && blocks[i].end - next <= ZG_ATTENTION_BLOCK);
        for (; next < blocks[i].end; next++)
            CU_ASSERT_EQUAL(p->trie.row_segment[scored ? p->scored_row[next] : next],
                            blocks[i].segment);
    }
    CU_ASSERT_EQUAL(next, n_rows);
}

/* No two rows of a trie have the same prefix, and each row serves a query below it: so it is
 * minimal. */
static void check_minimal(const struct zg_batch_plan *p)
{
    for (int64_t i = 0; i < p->trie.n_rows; i++) {
        int32_t a[3 * MAX_LENGTH], b[3 * MAX_LENGTH];
        const int64_t n = prefix(p, i, a);
        for (int64_t j = i + 1; j < p->trie.n_rows; j++)
            CU_ASSERT(prefix(p, j, b) != n || memcmp(a, b, (size_t)n * sizeof *a) != 0);
        bool needed = false;
        for (int64_t s = 0; s < p->n_scored && !needed; s++)
            needed =
                prefix(p, p->scored_row[s], b) >= n && memcmp(a, b, (size_t)n * sizeof *a) == 0;
        CU_ASSERT(needed);
    }
}

static void test_random(void)
{
    static const struct zg_batch_plan_rules rules[] = {
        {.trie = true, .ragged = true, .scored = true, .cancel = true},
        {.trie = true, .ragged = true},
        {.ragged = true, .scored = true},
        {.scored = true, .cancel = true},
    };
    unsigned seed = 1;
    for (int round = 0; round < 200; round++) {
        struct random_batch r;
        randomise(&r, &seed);
        for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
            struct zg_batch_plan p;
            build(&p, &r.batch, &rules[i], round % 3 == 0);
            check_queries(&p, &r.batch);
            check_blocks(&p, p.blocks, p.n_blocks, p.trie.n_rows, false);
            check_blocks(&p, p.scored_blocks, p.n_scored_blocks, p.n_scored, true);
            if (rules[i].trie && rules[i].scored)
                check_minimal(&p);
            zg_batch_plan_close(&p);
        }
    }
}

/* A plan that has seen other batches gives the same layout as a fresh one. */
static void test_rebuild(void)
{
    struct zg_engine_limits limits = {0};
    struct random_batch a, b;
    struct zg_batch_plan used, fresh;
    unsigned seed = 7;
    randomise(&a, &seed);
    randomise(&b, &seed);
    zg_engine_limits_include(&limits, &a.batch);
    zg_engine_limits_include(&limits, &b.batch);
    CU_ASSERT_EQUAL_FATAL(zg_batch_plan_open(&used, &limits, &ALL, NULL), ZG_OK);
    zg_batch_plan_build(&used, &a.batch, true);
    zg_batch_plan_build(&used, &b.batch, false);
    build(&fresh, &b.batch, &ALL, false);
    CU_ASSERT_EQUAL_FATAL(used.trie.n_rows, fresh.trie.n_rows);
    CU_ASSERT_EQUAL(
        memcmp(used.trie.row_token, fresh.trie.row_token, (size_t)fresh.trie.n_rows * 4), 0);
    CU_ASSERT_EQUAL_FATAL(used.n_scored, fresh.n_scored);
    CU_ASSERT_EQUAL(memcmp(used.scored_row, fresh.scored_row, (size_t)fresh.n_scored * 4), 0);
    CU_ASSERT_EQUAL(used.n_queries, fresh.n_queries);
    zg_batch_plan_close(&used);
    zg_batch_plan_close(&fresh);
}

static void test_limits(void)
{
    const struct zg_engine_limits huge = {.max_tokens = INT64_MAX, .max_options = 1};
    struct zg_error err = {0};
    struct zg_batch_plan p;
    CU_ASSERT_EQUAL(zg_batch_plan_open(&p, &huge, &ALL, &err), ZG_USAGE);
    const struct zg_engine_limits empty = {0};
    CU_ASSERT_EQUAL(zg_batch_plan_open(&p, &empty, &ALL, NULL), ZG_OK);
    zg_batch_plan_close(&p);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"a batch laid out by hand", test_by_hand},
        {"useful FLOPs against a hand count", test_useful_by_hand},
        {"the same of dense directions", test_useful_dense},
        {"the same of scope full", test_useful_full},
        {"the same of some layers", test_useful_layers},
        {"the same of several queries, one-sided and clean ones", test_useful_queries},
        {"losses from made-up logits", test_loss_by_hand},
        {"no trie, no ragged rows", test_without_trie},
        {"random batches: prefixes, blocks, minimality", test_random},
        {"a used plan equals a fresh one", test_rebuild},
        {"limits", test_limits},
        {NULL, NULL},
    };
    return zg_test_run("engines/layout/plan", tests);
}
