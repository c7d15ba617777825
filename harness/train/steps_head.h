/*
 * steps_head.h - the head of steps.zo from an engine that is open, and from the head what opens
 * such an engine again.
 */
#ifndef ZG_TRAIN_STEPS_HEAD_H
#define ZG_TRAIN_STEPS_HEAD_H

#include "harness/bench/bench.h"
#include "harness/train/steps_format.h"

/* What a contender does not know of its training. */
struct zg_steps_origin {
    uint64_t weights;                    /* fingerprint of the model that it begins with */
    const struct zg_fingerprints *files; /* of task, data and tokenizer; NULL: there are none */
    uint64_t rows;                       /* XXH3 of the row ids that train */
    uint64_t data_seed;
};

/* A head, and its texts. */
struct zg_steps_head_room {
    struct zg_steps_head head;
    char weights[17], task[17], data[17], tokenizer[17], rows[17];
    char algorithm[ZG_ALGORITHM_TEXT], settings[256], mechanisms[256];
};

/* The head of what the contender does under this choice; `choice` has its horizon set.  The head
 * borrows from the room and the contender.  ZG_USAGE: ZOGAP_ISA. */
enum zg_status zg_steps_head_make(struct zg_steps_head_room *out,
                                  const struct zg_contender *contender,
                                  const struct zg_algorithm_choice *choice,
                                  const struct zg_steps_origin *origin, struct zg_error *err);

/* Engine, its options and the algorithm as they were, but for limits of batches and threads. */
struct zg_steps_opening {
    const struct zg_engine *engine;
    struct zg_engine_options options; /* settings are borrowed from the struct */
    struct zg_algorithm_choice choice;
    struct zg_engine_setting settings[8];
    char settings_text[256];
};

/* `n_steps` says how often V is redrawn, which a bank must hold.  ZG_INPUT: a text that this zogap
 * does not know; `what` names the file.  ZG_ENV: this build lacks the engine. */
enum zg_status zg_steps_head_open(struct zg_steps_opening *out, const struct zg_steps_head *head,
                                  int64_t n_steps, const char *what, struct zg_error *err);

#endif
