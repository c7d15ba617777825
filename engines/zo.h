/*
 * zo.h - the ZO interface: what every engine implements, and all that the rest of zogap knows of an
 * engine.
 *
 * Zeroth-order optimisation asks one question again and again: what is the loss of this batch under
 * a weight state near the current one?  An engine answers it.  How - by writing every weight, or by
 * carrying the nearby states as low-rank adapters through one pass - is what zogap measures.
 *
 * One step:
 *
 *     begin   announce the step's directions D_0, D_1, ...           nothing need be materialised
 *     score   one batch, a list of probes (j, a) -> the losses L(W + a D_j)
 *     apply   W <- W - sum_i c_i D_{j_i}
 *
 * A complete program (extracted, compiled and run by the tests):
 *
 * @example
 *     #include <stdio.h>
 *     #include "engines/zo.h"
 *
 *     int main(void)
 *     {
 *         struct zg_error err = {0};
 *         struct zg_model *model = NULL;
 *         struct zg_engine_state *state = NULL;
 *         const struct zg_model_shape shape = {
 *             .n_layers = 2, .d_model = 32, .n_heads = 4, .d_ffn = 64,
 *             .n_vocab = 100, .n_positions = 16, .tied_head = true};
 *         const struct zg_engine *engine = zg_engine_find("naive");
 *
 *         // two examples, two one-token options each
 *         const int32_t stem0[] = {0, 7, 8, 9}, stem1[] = {0, 7, 5}, bad[] = {20}, good[] = {21};
 *         const struct zg_option options[] = {{bad, 1}, {good, 1}};
 *         const struct zg_example examples[] = {{stem0, 4, options, 2, 1},
 *                                               {stem1, 3, options, 2, 0}};
 *         const struct zg_batch batch = {examples, 2, ZG_LOSS_CLASSIFICATION, 1};
 *
 *         struct zg_engine_options o = zg_engine_options_default(engine);
 *         zg_engine_limits_include(&o.limits, &batch);
 *
 *         enum zg_status status = zg_model_open_shape(&model, "example", &shape, 1, &err);
 *         if (!status)
 *             status = engine->open(&state, model, &o, &err);
 *         for (uint64_t step = 0; !status && step < 3; step++) {
 *             const float eps = 1e-3f, lr = 1e-3f;
 *             const struct zg_direction direction = {
 *                 .kind = ZG_DIRECTION_LOWRANK, .scope = ZG_SCOPE_LINEAR,
 *                 .rank = 2, .scale = 1.0f, .seed_u = step, .seed_v = 42};
 *             const struct zg_probe probes[] = {{0, +eps}, {0, -eps}};
 *             double loss[2];
 *             struct zg_scores scores = {.loss = loss};
 *             status = engine->begin(state, &direction, 1, &err);
 *             if (!status)
 *                 status = engine->score(state, &batch, probes, 2, &scores, &err);
 *             if (!status) {
 *                 const double c = (loss[0] - loss[1]) / (2.0 * (double)eps);
 *                 const struct zg_update update = {.direction = 0, .coefficient = (float)(lr * c)};
 *                 printf("step %d: L+ %.6f, L- %.6f\n", (int)step, loss[0], loss[1]);
 *                 status = engine->apply(state, &update, 1, 0.0f, &err);
 *             }
 *         }
 *         if (status)
 *             fprintf(stderr, "%s\n", err.text);
 *         engine->close(&state);
 *         zg_model_close(&model);
 *         return (int)status;
 *     }
 * @end
 *
 * Directions, exactly
 * -------------------
 * Every random number is a pure function of (seed, tensor id, stream, element), so that any engine,
 * thread count or order of evaluation sees the same bits, and any tile can be made alone.  The
 * generator is Philox 4x32-10 (Salmon et al., SC'11):
 *
 *     key     = { low 32 bits of seed, high 32 bits of seed }
 *     counter = { low 32 bits of b, high 32 bits of b, tensor id, stream }     b = element / 4
 *
 * Streams: 0 dense z, 1 U, 2 V, 3 synthetic weights, 4 data order.  Ids: tensors.h.  Elements
 * count a tensor in row-major order: U is [out][rank], V is [in][rank], z and weights have the
 * tensor's own shape.  The four output words x0..x3 of block b serve the elements 4b .. 4b+3.  How
 * two words become two normal deviates (Box-Muller in correctly rounded fp32 operations in a fixed
 * order, no libm) is written in engines/base/philox.h.
 *
 *     low-rank     D = scale * U V^T        U from seed_u, V from seed_v   (LoZO, arXiv:2410.07698)
 *     factorised   the same form; both seeds fresh every step              (arXiv:2605.28760)
 *     dense        D = scale * z            z from seed_u                  (MeZO, arXiv:2305.17333)
 *     Rademacher   D = scale * sign(bits)   +1 where the lowest bit of the element's word is 0,
 *                                           else -1
 *
 * Scope "linear" perturbs the weights of q, k, v, out, fc1 and fc2 of every layer (of those that
 * the direction names, if it names any), and nothing else.  Scope "full" perturbs every tensor (a
 * tied head through the embedding); 1-D tensors have no factors, so low-rank kinds give them scale
 * * z, z from seed_u.
 *
 * Threads: one state is used by one thread at a time; inside, an engine runs on OpenMP.  Two states
 * are independent.
 */
#ifndef ZG_ENGINES_ZO_H
#define ZG_ENGINES_ZO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/api.h"
#include "engines/error.h"
#include "engines/example.h"
#include "engines/model.h"

ZG_PUBLIC_BEGIN

#define ZG_INTERFACE_VERSION 1u

/* ---- directions, probes, updates ------------------------------------------------------------ */

enum zg_direction_kind {
    ZG_DIRECTION_LOWRANK,
    ZG_DIRECTION_DENSE,
    ZG_DIRECTION_FACTORISED,
    ZG_DIRECTION_RADEMACHER,
};
enum zg_scope { ZG_SCOPE_LINEAR, ZG_SCOPE_FULL };
#define ZG_SCOPE_BIT(s) (1u << (s))

/* Layers begin .. end - 1 of the depth; end 0: all from `begin` on. */
struct zg_layer_range {
    int64_t begin, end;
};

struct zg_direction {
    enum zg_direction_kind kind;
    enum zg_scope scope;
    int64_t rank;    /* columns of U and V; ignored by dense and Rademacher */
    float scale;     /* 1, or 1/sqrt(rank) */
    uint64_t seed_u; /* of U, or of z */
    /* Of V.  All low-rank directions of one begin() share rank and, unless the engine was opened
     * for own_v, seed_v (P-RGE's form). */
    uint64_t seed_v;
    /* Scope linear: the layers whose weights it perturbs, those of others being untouched; {0} are
     * all.  The same in all directions of one begin().  What repeats (model.h, n_resident) cannot
     * be told apart, and is refused. */
    struct zg_layer_range layers;
};

struct zg_probe {
    int32_t direction; /* index into the directions of the last begin() */
    float coefficient; /* the loss is taken at W + coefficient * D; 0 is the clean loss */
};

struct zg_update {
    int32_t direction;
    float coefficient; /* W <- W - coefficient * D */
};

/* Of apply_momentum(): M <- keep M + sum_i c_i D_{j_i}, then W <- W - rate M. */
struct zg_momentum {
    float keep; /* 0: M starts anew */
    float rate;
};

/* ---- what score gives back ------------------------------------------------------------------ */

/* The caller owns the arrays.  Options are numbered through the batch: example 0's options, then
 * example 1's, ... */
struct zg_scores {
    double *loss; /* [n_probes], never NULL */
    /* [n_probes][n_examples] or NULL.  Classification: cross entropy of the example; LM: mean NLL
     * over the gold option's tokens. */
    double *example_loss;
    /* [n_probes][options of the batch] or NULL: mean log p over the option's tokens, normalised
     * over the vocabulary. */
    double *option_score;
    /* [n_probes][n_examples] or NULL: the token whose logit after the example's stem is the largest
     * of the whole vocabulary, whatever the options are: the first step of a greedy continuation.
     * The lowest id wins ties; a NaN is never the largest. */
    int32_t *next_token;
};

/* ---- mechanisms (architecture of the inference-style runtime) ------------------------------- */

/* X(NAME, name, summary).  An engine declares those that it can switch; the loop has none. */
/* clang-format off */
#define ZG_MECHANISMS(X)                                                                           \
    X(ADAPTER, adapter, "no weight is written for a probe: nearby states are low-rank adapters")   \
    X(PAIRED, paired, "all probes go through one pass over the weights")                           \
    X(RAGGED, ragged, "no padding: the tokens of all sequences are rows of one matrix")            \
    X(TRIE, trie,                                                                                  \
      "equal prefixes are computed once: options share their stem, examples their start")          \
    X(SCORED, scored, "logits at scored positions only, log-sum-exp streamed over the vocabulary") \
    X(CANCEL, cancel,                                                                              \
      "one-token options of one stem: the normaliser cancels, only option logits are made")        \
    X(LAST, last, "in the last layer q, attention output and MLP run for scored positions only")   \
    X(COMMON, common, "what all probes share before the first perturbed sum is computed once")     \
    X(PACKED, packed, "weights are reordered once into the kernel's own layout")                   \
    X(LAZY, lazy, "updates accumulate in a low-rank A and fold into W only when V is redrawn")     \
    X(BANK, bank, "old A V^T stay beside W instead of folding: W is read-only in any precision")   \
    X(CENTRED, centred,                                                                            \
      "a pair goes through as mean and half difference, so rounding cancels in L+ - L-")

enum zg_mechanism {
#define X(NAME, name, summary) ZG_M_##NAME,
    ZG_MECHANISMS(X)
#undef X
    ZG_N_MECHANISMS,
};
/* clang-format on */
#define ZG_MECHANISM_BIT(m) (1u << (m))

/* ---- features: what a step may ask beyond probes and updates -------------------------------- */

/* X(NAME, name, words for people).  An engine declares those that it has; open() makes room for
 * those that limits.features names, and refuses what it lacks. */
/* clang-format off */
#define ZG_FEATURES(X)                                                                             \
    X(OWN_V, own_v, "low-rank directions of their own V in one step")                              \
    X(MOMENTUM, momentum, "momentum")                                                              \
    X(DECAY, decay, "weight decay")

enum zg_feature {
#define X(NAME, name, words) ZG_F_##NAME,
    ZG_FEATURES(X)
#undef X
    ZG_N_FEATURES,
};
/* clang-format on */
#define ZG_FEATURE_BIT(f) (1u << (f))

const char *zg_feature_name(enum zg_feature feature);
const char *zg_feature_words(enum zg_feature feature);

/* ---- phases and cost ------------------------------------------------------------------------ */

/* clang-format off */
#define ZG_PHASES(X)                                                                               \
    X(PLAN, plan) X(DIRECTION, direction) X(PERTURB, perturb) X(EMBED, embed) X(NORM, norm)        \
    X(QKV, qkv) X(ATTENTION, attention) X(OUT, out) X(FC1, fc1) X(FC2, fc2) X(ADAPTER, adapter)    \
    X(HEAD, head) X(LOSS, loss) X(UPDATE, update) X(FOLD, fold) X(OTHER, other)

enum zg_phase {
#define X(NAME, name) ZG_PHASE_##NAME,
    ZG_PHASES(X)
#undef X
    ZG_N_PHASES,
};
/* clang-format on */

const char *zg_phase_name(enum zg_phase phase);
const char *zg_mechanism_name(enum zg_mechanism mechanism);
const char *zg_mechanism_summary(enum zg_mechanism mechanism);
/* Bits of the mechanisms that this one cannot be without: paired and lazy need adapter, common and
 * centred need paired, bank needs lazy, trie needs ragged, cancel and last need scored. */
uint32_t zg_mechanism_needs(enum zg_mechanism mechanism);

/* Work of the step since the last begin().  `useful` is the minimum that the step's mathematics
 * needs, whatever the engine does (one token per trie node and probe, the common part once, the
 * last layer pruned, head rows of the options only): every engine reports the same number for the
 * same batch and probes.  `executed` is what this engine really multiplied (padding, repeated
 * prefixes, full logits included).  Multiply and add count as two.  Both count products alone: with
 * weights, of attention, of low rank, of a direction that is written into weights.  Norms, softmax,
 * ReLU, biases and sums are small beside them and in neither. */
struct zg_cost {
    double useful_flops;
    double executed_flops;
    double phase_flops[ZG_N_PHASES]; /* executed, per phase */
    /* Least traffic of the executed work: each operand read or written once. */
    double phase_bytes[ZG_N_PHASES];
    int64_t n_rows; /* token rows of one pass through the body */
};

/* ---- options of open ------------------------------------------------------------------------ */

/* The largest things an engine will be asked for; open() sizes every buffer from them. */
struct zg_engine_limits {
    int64_t max_examples;      /* per batch */
    int64_t max_options;       /* per batch, all examples together */
    int64_t max_option_tokens; /* per batch, all options together */
    int64_t max_tokens;        /* per batch, the unshared expansion: stem + option of all options */
    int64_t max_padded_tokens; /* per batch, options x longest sequence rounded up to 8 */
    int64_t max_length;        /* longest stem + option, in tokens */
    int64_t max_probes;        /* per score() */
    int64_t max_directions;    /* per begin() */
    int64_t max_rank;
    int64_t max_bank;  /* mechanism `bank`: redraws of V whose A V^T are kept beside W */
    uint32_t features; /* bits of those that steps will ask for */
    /* ZG_SCOPE_BIT()s of directions to come.  Linear ones may always come; an engine that makes
     * room for others refuses them in begin() where this lacks them. */
    uint32_t scopes;
};

struct zg_engine_setting { /* an engine's own option: `naive:gemm=onednn` */
    const char *key;
    const char *value;
};

struct zg_engine_options {
    /* Of the weights of linear layers and of their inputs; all else is fp32. */
    enum zg_dtype dtype;
    /* Mechanism `centred`: that of the half differences and the weights that meet them.  Equal to
     * dtype elsewhere. */
    enum zg_dtype dtype_d;
    int64_t n_threads;   /* OpenMP team of every parallel region; the caller has pinned it */
    uint32_t mechanisms; /* bits; must be a subset of the declaration, and a valid combination */
    struct zg_engine_limits limits;
    const struct zg_engine_setting *settings; /* [n_settings], borrowed during open */
    int64_t n_settings;
    /* Called from the calling thread as a phase starts (the former one ends); NULL: no calls. */
    void (*on_phase)(void *context, enum zg_phase phase);
    void *on_phase_context;
};

/* ---- the engine ----------------------------------------------------------------------------- */

struct zg_engine_state; /* opaque; each engine has its own */

struct zg_engine_setting_doc { /* the array ends with a NULL key */
    const char *key;
    const char *choices; /* "openblas|onednn|reference" */
    const char *summary;
    const char *default_value; /* one of the choices: holds where none is set */
    /* NULL, or the default for a dtype on this machine; in fp32 it is default_value. */
    const char *(*default_of)(enum zg_dtype dtype);
};

/* What an engine stands for where nobody names one. */
enum zg_engine_role {
    ZG_ROLE_NONE,
    ZG_ROLE_LOOP,    /* the training loop, which the gap is measured from */
    ZG_ROLE_RUNTIME, /* the runtime that scores; its fp32 stands in where an engine has none */
};

struct zg_engine {
    /* Declaration: the harness reads this and never asks which engine it is. */
    const char *name;
    const char *summary;
    uint32_t interface_version; /* ZG_INTERFACE_VERSION */
    const char *missing;        /* NULL, or what this build lacks and the package that brings it */
    uint32_t dtypes;            /* 1u << enum zg_dtype */
    uint32_t mechanisms;        /* ZG_MECHANISM_BIT()s that it has */
    uint32_t direction_kinds;   /* 1u << enum zg_direction_kind */
    uint32_t scopes;            /* 1u << enum zg_scope */
    uint32_t features;          /* ZG_FEATURE_BIT()s that it has */
    enum zg_engine_role role;
    bool low_tables; /* holds embedding and head in the dtype, as linear layers; else in fp32 */
    const struct zg_engine_setting_doc *settings; /* NULL: none */

    /* Opens the engine on a model, which it borrows until close().  Allocates everything: no later
     * call does.  On failure *out is NULL.  ZG_USAGE: an unknown setting, a dtype or combination it
     * does not have.  ZG_ENV: no memory, library refused. */
    enum zg_status (*open)(struct zg_engine_state **out, const struct zg_model *model,
                           const struct zg_engine_options *options, struct zg_error *err);

    /* Announces this step's directions [n].  May fold pending updates where V changes.  The losses
     * do not depend on when folding happens, but for rounding. */
    enum zg_status (*begin)(struct zg_engine_state *state, const struct zg_direction *directions,
                            int64_t n, struct zg_error *err);

    /* Losses of a batch under each probe.  May be called several times between begin() and apply().
     * Does not change the weights (a loop that writes them restores them).
     * Mechanism `centred` takes pairs: probes of one direction and opposite coefficients, in any
     * order; a list in which one has no partner (a clean probe, a one-sided set) runs uncentred, in
     * the same precision.
     * ZG_USAGE: the batch or the probes exceed the limits.  A NaN loss is returned as such. */
    enum zg_status (*score)(struct zg_engine_state *state, const struct zg_batch *batch,
                            const struct zg_probe *probes, int64_t n_probes, struct zg_scores *out,
                            struct zg_error *err);

    /* W <- W - sum_i c_i D_{j_i} - weight_decay * W on the scope's weights (decay: the 2-D ones,
     * where n is 0 too).
     * ZG_USAGE: a weight_decay other than 0 in an engine without feature `decay`, which keeps W
     * read-only between folds. */
    enum zg_status (*apply)(struct zg_engine_state *state, const struct zg_update *updates,
                            int64_t n, float weight_decay, struct zg_error *err);

    /* Momentum (LOZO-M), feature `momentum`; NULL without it.  The engine keeps M, low-rank as the
     * directions are: M = U_M V^T of a matrix, dense of a 1-D tensor; 0 at first.
     *
     *     V has changed since the last call:  U_M <- U_M (V_old^T V) / n_in
     *     U_M <- keep U_M + sum_i c_i scale U_{j_i}        (1-D: the same of c_i scale z)
     *     W   <- W - rate U_M V^T - weight_decay W
     *
     * The same calls give the same M, bit for bit: a replay needs no M from a file.
     * ZG_USAGE: opened without the feature; directions without factors, of more than one V, or of
     * another rank than M has. */
    enum zg_status (*apply_momentum)(struct zg_engine_state *state, const struct zg_update *updates,
                                     int64_t n, struct zg_momentum momentum, float weight_decay,
                                     struct zg_error *err);

    /* What score() of these probes leaves in the weights, without the scoring.  A loop that writes
     * its probes into the weights restores them but for rounding, so a replay of steps (step.h)
     * that is to come to the same bits must go the same way.  NULL, or does nothing: score() writes
     * no weight. */
    enum zg_status (*retrace)(struct zg_engine_state *state, const struct zg_probe *probes,
                              int64_t n_probes, struct zg_error *err);

    /* Rows of an effective weight, pending updates included, as model.h's zg_model_read. */
    enum zg_status (*read)(struct zg_engine_state *state, int32_t tensor, int64_t row_begin,
                           int64_t n_rows, float *dst, int64_t ld, struct zg_error *err);

    /* Cost of the step since the last begin(). */
    void (*cost)(const struct zg_engine_state *state, struct zg_cost *out);

    /* Frees all and sets *state to NULL.  NULL and a pointer to NULL are fine. */
    void (*close)(struct zg_engine_state **state);
};

/* ---- registry (engines.def) ----------------------------------------------------------------- */

/* The engine of that name, also where this build lacks it (see .missing); NULL if unknown. */
const struct zg_engine *zg_engine_find(const char *name);
/* The index-th engine of the registry, NULL past the end. */
const struct zg_engine *zg_engine_at(int64_t index);

/* The first engine of that role that this build has; NULL: none. */
const struct zg_engine *zg_engine_of_role(enum zg_engine_role role);

/* Those in use where nobody says otherwise: all declared, but `bank` and `centred` only where a
 * dtype is below fp32. */
uint32_t zg_engine_default_mechanisms(const struct zg_engine *engine, enum zg_dtype dtype,
                                      enum zg_dtype dtype_d);
/* fp32, one thread, its default mechanisms, 2 probes, 2 directions, rank 2, a bank of 8, empty
 * batch limits. */
struct zg_engine_options zg_engine_options_default(const struct zg_engine *engine);
/* Raises the limits so that they cover the batch. */
void zg_engine_limits_include(struct zg_engine_limits *limits, const struct zg_batch *batch);
/* Checks dtype, settings and declared mechanisms: what every open() does first. */
enum zg_status zg_engine_options_check(const struct zg_engine *engine,
                                       const struct zg_engine_options *options,
                                       struct zg_error *err);
/* Checks a batch and probes against limits, the model's sequence limit and its vocabulary. */
enum zg_status zg_batch_check(const struct zg_batch *batch, const struct zg_probe *probes,
                              int64_t n_probes, int64_t n_directions,
                              const struct zg_engine_limits *limits,
                              const struct zg_model_shape *shape, struct zg_error *err);
/* The setting's value, or its default for the options' dtype. */
const char *zg_engine_setting_value(const struct zg_engine *engine,
                                    const struct zg_engine_options *options, const char *key);

/* The useful FLOPs of a step (struct zg_cost) on this batch, from its trie, under these probes
 * along those directions.  A clean probe needs no low-rank products; probes of one V share V^T x
 * in the first layer.  The same for all engines; implemented beside the trie (layout/).  NaN: no
 * memory to count. */
double zg_useful_flops(const struct zg_model_shape *shape, const struct zg_batch *batch,
                       const struct zg_probe *probes, int64_t n_probes,
                       const struct zg_direction *directions);

ZG_PUBLIC_END

#endif
