/*
 * algorithm.h - an algorithm is two pure functions: what a step asks, and what follows from the
 * losses.
 *
 *     announce(choice, step)         -> a question: directions, and probes along them
 *     answer(choice, step, losses)   -> an answer: updates along the directions
 *
 * It knows no engine, no batch and no clock.  The one driver is step.h: it hands the question to an
 * engine's begin() and score(), and the answer to its apply().  Whoever wants the losses alone (a
 * check of precision, the scores of a data set) announces, and asks no answer.
 *
 * An algorithm with its options is one text, and that text is what a command line takes and a
 * result file shows:
 *
 *     lozo:rank=4+nu=10                                  what differs from the defaults
 *     lozo:rank=4+nu=10+eps=0.001+lr=1e-06               the same, as zg_algorithm_text() writes it
 *
 * Options that several algorithms have mean the same in each, so that others may ask for them
 * without asking which algorithm it is.  Every one has the first two:
 *
 *     eps        size of a probe: its coefficient along a direction
 *     lr         learning rate: a step goes -lr gradient along a direction
 *     rank       columns of U and V
 *     nu         steps between redraws of V
 *     sides      two: L(W + eps D) and L(W - eps D); one: L(W + eps D) and L(W), which all queries
 *                share
 *     queries    directions a step; their gradients' mean is the step's
 *     basis      shared: all of a step have one V (P-RGE, arXiv:2409.15520); own: each its own
 *     wd         weight decay: W <- W - lr wd W of the scope's matrices, as the official filter
 *     schedule, warmup, horizon: zg_algorithm_lr()
 *
 * They are written once, in options.h; what they mean for a question and an answer is queries.h.
 *
 * Add an algorithm: NAME.c ending in `const struct zg_algorithm zg_algorithm_NAME`, and one line in
 * algorithms.def.
 */
#ifndef ZG_ALGORITHM_ALGORITHM_H
#define ZG_ALGORITHM_ALGORITHM_H

#include "engines/api.h"
#include "engines/zo.h"

ZG_PUBLIC_BEGIN

/* Of one step; every struct here has room for them, so that a step allocates nothing. */
enum { ZG_MAX_DIRECTIONS = 64, ZG_MAX_PROBES = 128 };

enum { ZG_MAX_ALGORITHM_OPTIONS = 24 };
enum { ZG_ALGORITHM_TEXT = 512, ZG_ALGORITHM_VALUE = 64 }; /* bytes of the longest text, value */

/* ---- question and answer --------------------------------------------------------------------- */

/* Probed directions come first; behind them those that an update alone goes along.  The first two
 * probes differ along directions[0] alone: the difference of their losses is what a step takes from
 * the model, and fidelity is how well a precision keeps it. */
struct zg_question {
    int64_t n_directions, n_probes; /* at least 1 */
    struct zg_direction directions[ZG_MAX_DIRECTIONS];
    struct zg_probe probes[ZG_MAX_PROBES];
};

struct zg_answer {
    int64_t n_gradients; /* one for each probed direction */
    double gradient[ZG_MAX_DIRECTIONS];
    int64_t n_updates; /* may be 0 */
    struct zg_update updates[ZG_MAX_DIRECTIONS];
    float weight_decay; /* of this step, the learning rate in it: zo.h's apply() */
    bool has_momentum;  /* the engine's apply_momentum() takes it, else its apply() */
    struct zg_momentum momentum;
};

/* Those that its probes use: the others serve an update. */
int64_t zg_question_n_probed(const struct zg_question *question);

/* The same probes along directions that no step has, with no update to follow: seed_u is the first
 * direction's, the others' derive from it; so do seeds of V from seed_v, where they differ. */
void zg_question_redraw(struct zg_question *question, uint64_t seed_u, uint64_t seed_v);

/* ---- the interface --------------------------------------------------------------------------- */

enum zg_algorithm_kind {
    ZG_ALGORITHM_INTEGER,
    ZG_ALGORITHM_REAL, /* 0, or what fp32 holds too; nine digits of it count */
    ZG_ALGORITHM_WORD, /* one of `words` */
};

/* A key has the same kind, bounds and words in every algorithm that has it: a value of one is a
 * value of the other. */
struct zg_algorithm_option {
    const char *key; /* lower case; NULL ends a table */
    enum zg_algorithm_kind kind;
    bool is_main;    /* always in the text; the others where they differ from their default */
    double fallback; /* the default; of a word its index */
    double min, max; /* max 0: none */
    bool above_min;  /* min itself is refused */
    const char *const *words; /* end with NULL */
    const char *summary;
};

union zg_algorithm_value {
    int64_t integer; /* of a word its index */
    double real;
};

/* An algorithm with its options, and what a case gives every algorithm. */
struct zg_algorithm_choice {
    const struct zg_algorithm *algorithm;
    union zg_algorithm_value values[ZG_MAX_ALGORITHM_OPTIONS]; /* in the table's order */
    uint32_t given;                                            /* bits of those that a text named */
    enum zg_scope scope;
    uint64_t seed;
};

struct zg_algorithm {
    const char *name;
    const char *summary;
    const struct zg_algorithm_option *options;

    /* Steps between redraws of V where no option `nu` says; 0: it has no V, or keeps it. */
    int64_t period;

    /* Raises max_probes, max_directions and max_rank to what its steps ask for, and adds the
     * features.  Returns the kinds of directions, 1u << enum zg_direction_kind, that an engine must
     * have. */
    uint32_t (*needs)(const struct zg_algorithm_choice *choice, struct zg_engine_limits *limits);

    /* What it remembers from step to step, in doubles (at least 1), all 0 before the first; NULL:
     * nothing.  The caller keeps them, a set for each sequence of steps, and may save them. */
    int64_t (*n_memory)(const struct zg_algorithm_choice *choice);

    /* The question of a step: a function of its arguments alone.  Memory may be NULL at step 0. */
    void (*announce)(const struct zg_algorithm_choice *choice, uint64_t step, const double *memory,
                     struct zg_question *out);

    /* What follows from the losses of its probes, which are finite, into an answer that is zero;
     * may change the memory. */
    void (*answer)(const struct zg_algorithm_choice *choice, uint64_t step,
                   const struct zg_question *question, const double *loss, double *memory,
                   struct zg_answer *out);
};

/* ---- registry (algorithms.def) --------------------------------------------------------------- */

/* The index-th algorithm, NULL past the end; that of a name, NULL if there is none. */
const struct zg_algorithm *zg_algorithm_at(int64_t index);
const struct zg_algorithm *zg_algorithm_find(const char *name);

/* Of a table; NULL if it has no such key. */
const struct zg_algorithm_option *zg_algorithm_option(const struct zg_algorithm *algorithm,
                                                      const char *key);

/* ---- choosing: from text and to text --------------------------------------------------------- */

/* With its defaults. */
struct zg_algorithm_choice zg_algorithm_default(const struct zg_algorithm *algorithm);

/* NAME or NAME:KEY=VALUE+KEY=VALUE...  ZG_USAGE: an unknown name or key (the message has those that
 * there are), a value out of its range, a key given twice. */
enum zg_status zg_algorithm_parse(const char *text, struct zg_algorithm_choice *out,
                                  struct zg_error *err);

/* The canonical text: main options in the table's order, then those that differ from their default.
 * It parses back to the same values, and equal values have equal texts.  Returns `text`, of
 * ZG_ALGORITHM_TEXT bytes. */
const char *zg_algorithm_text(const struct zg_algorithm_choice *choice, char *text);

/* An option's value as that text has it, "" where there is no such option.  Returns `text`,
 * of ZG_ALGORITHM_VALUE bytes. */
const char *zg_algorithm_value(const struct zg_algorithm_choice *choice, const char *key,
                               char *text);

/* Sets one option from text; `what` is what messages call it, NULL: its key. */
enum zg_status zg_algorithm_set(struct zg_algorithm_choice *choice, const char *key,
                                const char *what, const char *value, struct zg_error *err);

/* Takes one option's value from a choice that has it.  ZG_USAGE: `to` has no such option, or its
 * text named another value. */
enum zg_status zg_algorithm_take(struct zg_algorithm_choice *to, const char *key, const char *what,
                                 const struct zg_algorithm_choice *from, struct zg_error *err);

/* ---- questions that others have -------------------------------------------------------------- */

/* An option's value.  `otherwise`, NaN or NULL where the algorithm has no such option. */
int64_t zg_algorithm_integer(const struct zg_algorithm_choice *choice, const char *key,
                             int64_t otherwise);
double zg_algorithm_real(const struct zg_algorithm_choice *choice, const char *key);
const char *zg_algorithm_word(const struct zg_algorithm_choice *choice, const char *key);

/* Did a text name it? */
bool zg_algorithm_gives(const struct zg_algorithm_choice *choice, const char *key);

/* Sets a value that a program computed, all digits of it; nothing without such an option. */
void zg_algorithm_set_real(struct zg_algorithm_choice *choice, const char *key, double value);

/* Raises the limits to what its steps ask for, in the choice's scope; the kinds of directions that
 * an engine must have, as bits. */
uint32_t zg_algorithm_needs(const struct zg_algorithm_choice *choice,
                            struct zg_engine_limits *limits);

/*
 * The learning rate of a step: `lr` times a factor, as the schedules of transformers have it, which
 * the official trainers use:
 *
 *     step < warmup      step / warmup                               from 0, under any schedule
 *     constant           1
 *     linear             (horizon - step) / (horizon - warmup)       0 from the horizon on
 *     cosine             (1 + cos(pi (step - warmup) / (horizon - warmup))) / 2,  likewise
 *
 * A horizon of 0 is the run's number of steps, which a driver that knows it sets; until then there
 * is no decay.
 */
double zg_algorithm_lr(const struct zg_algorithm_choice *choice, uint64_t step);
/* Sets a horizon that the text left open. */
void zg_algorithm_set_horizon(struct zg_algorithm_choice *choice, int64_t n_steps);
/* The rate is lr in every step: no schedule, no warm-up. */
void zg_algorithm_hold_lr(struct zg_algorithm_choice *choice);

/* Between the first two probes, in coefficients along their direction: 2 eps, or eps of one
 * side. */
double zg_algorithm_distance(const struct zg_algorithm_choice *choice);

/*
 * The effective learning rate of a step, which is comparable between algorithms: how far the
 * weights go along a direction of unit variance for a difference of losses of 1.
 *
 * A direction D of an algorithm has elements of standard deviation sigma: scale sqrt(rank) where D
 * is scale U V^T, scale where it is scale z or scale times signs.  D / sigma has unit variance.  A
 * step of q queries, each a difference of losses dL over the distance d, is
 *
 *     W <- W - lr sum_i (dL_i / d) D_i / q
 *
 * and so, for one dL_i of 1, goes by
 *
 *     lr_effective = lr sigma / (d q)          d: zg_algorithm_distance()
 *
 * along D_i / sigma.  MeZO at lr 1e-6, eps 1e-3: 5e-4; LoZO of rank 2: 7.07e-4; scaled by
 * 1/sqrt(rank): 5e-4 again.  Momentum spreads a difference over later steps; counted is all that it
 * comes to at this rate (of any step but the first).  Weight decay is no part of it.  Times the
 * probes' distance along D / sigma, d sigma, it is what a unit of slope moves: lr sigma^2 / q.
 */
double zg_algorithm_lr_effective(const struct zg_algorithm_choice *choice, uint64_t step);

/* Steps between redraws of V; INT64_MAX: it has no V, or keeps it. */
int64_t zg_algorithm_period(const struct zg_algorithm_choice *choice);
/* Has V redrawn every n steps, INT64_MAX: never, where the algorithm has a choice. */
void zg_algorithm_set_period(struct zg_algorithm_choice *choice, int64_t n);

ZG_PUBLIC_END

#endif
