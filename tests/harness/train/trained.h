/* trained.h - a short training of a model on the embedded task, with its steps.zo. */
#ifndef ZG_TESTS_HARNESS_TRAIN_TRAINED_H
#define ZG_TESTS_HARNESS_TRAIN_TRAINED_H

#include "harness/bench/bench.h"
#include "harness/train/steps.h"

struct trained_request {
    const char *model;     /* shape name or directory */
    const char *engine;    /* an item of --engines */
    const char *algorithm; /* as --algorithm has it */
    const char *name;      /* of the file, "steps.zo" */
    int scope;             /* enum zg_scope */
    int64_t max_rows;      /* 0: as memory allows */
    int64_t n_steps;
    int64_t weights_every; /* steps between two hashes of the weights; 0: none */
    bool made_up;          /* losses are, and nothing is scored: to time what follows from them */
};

/* What is left of it: the engine after the last step. */
struct trained {
    struct zg_models models;
    struct zg_engine_list engines;
    struct zg_entry entry;
    struct zg_bench bench;
    struct zg_algorithm_choice choice;
};

/* Trains, and writes dir/NAME. */
enum zg_status trained_open(struct trained *out, const char *dir,
                            const struct trained_request *request, struct zg_error *err);
void trained_close(struct trained *trained);

#endif
