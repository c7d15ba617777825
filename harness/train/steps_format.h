/*
 * steps_format.h - the bytes of steps.zo; knows no files (steps.h).
 *
 *     head     8 bytes   89 'Z' 'O' 'S' 0d 0a 1a 0a
 *              4 bytes   version
 *              4 bytes   n, at most 65536
 *              n bytes   JSON: what is the same in every step (struct zg_steps_head)
 *              8 bytes   XXH3 of all bytes before
 *     record   4 bytes   kind << 24 | number of passes
 *              4 bytes   check
 *              8 bytes   a step: XXH3 of its row ids;       weights: their XXH3
 *              8 bytes   a step: its seconds, a double;     weights: the steps before them
 *              8 n       a step: losses of its probes;      weights: 0
 *
 * Numbers are little-endian.  All records have one size, 40 bytes for two probes, so that no length
 * can be wrong, and 20,000 steps take 0.8 MB.  A record's check is the low half of the XXH3 of its
 * bytes, check 0, with that of the record before as its seed (the head's before the first): a
 * record that is lost, doubled or of another file shows as one that is damaged does.
 *
 * Appending tears a file in one way, at its end: bytes of a last record are missing, or what was
 * not synced reads as zeros.  That, and a last record that is damaged, is a torn tail, which a
 * reader drops.  Anything else that is wrong makes the file bad.
 */
#ifndef ZG_TRAIN_STEPS_FORMAT_H
#define ZG_TRAIN_STEPS_FORMAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "engines/algorithm/algorithm.h"

enum { ZG_STEPS_VERSION = 1, ZG_STEPS_MAX_PASSES = (1 << 24) - 1 };

/* X(member, what messages call it, does it decide the weights). */
/* clang-format off */
#define ZG_STEPS_TEXTS(X)                                                                          \
    X(model, "--model", false)             /* as typed */                                          \
    X(weights, "the model's weights", true) /* their fingerprint */                                \
    X(algorithm, "--algorithm", true)                                                              \
    X(scope, "--scope", true)                                                                      \
    X(label, "the item of --engines", false)                                                       \
    X(engine, "the engine", true)          /* its name */                                          \
    X(settings, "the engine's settings", true) /* KEY=VALUE:KEY=VALUE, defaults too */             \
    X(mechanisms, "--mechanisms", true)    /* joined by + */                                       \
    X(dtype, "--dtype", true)                                                                      \
    X(isa, "ZOGAP_ISA", true)                                                                      \
    X(task, "the task", true)              /* fingerprints, "" where there is none */              \
    X(data, "the data", true)                                                                      \
    X(tokenizer, "the tokenizer", true)                                                            \
    X(rows, "the rows that train", true)
#define ZG_STEPS_NUMBERS(X)                                                                        \
    X(seed, "--seed", true)                                                                        \
    X(data_seed, "--data-seed", true)                                                              \
    X(batch, "--batch", true)                                                                      \
    X(max_rows, "--max-rows", true)                                                                \
    X(layers_resident, "--layers-resident", true) /* 0: all are distinct */                        \
    X(threads, "--threads", true)                                                                  \
    X(n_losses, "probes of a step", true)  /* 1 .. ZG_MAX_PROBES */
/* clang-format on */

struct zg_steps_head {
#define X(member, what, decides) const char *member;
    ZG_STEPS_TEXTS(X)
#undef X
#define X(member, what, decides) int64_t member;
    ZG_STEPS_NUMBERS(X)
#undef X
};

struct zg_steps_record {
    bool is_weights;
    /* a step */
    int64_t n_passes;
    uint64_t rows; /* XXH3 of its row ids */
    double wall_s;
    double loss[ZG_MAX_PROBES]; /* [n_losses] */
    /* weights */
    int64_t n_steps; /* done when they were read */
    uint64_t weights;
};

/* What bytes hold. */
struct zg_steps_image {
    struct zg_steps_head head; /* texts are the json's */
    json_t *json;
    int64_t n_head_bytes, n_record_bytes;
    int64_t n_records; /* whole ones */
    int64_t n_steps;   /* of them */
    int64_t n_torn;    /* bytes behind them: of a torn tail */
    uint64_t chain;    /* the seed of the next record's check */
};

/* The bytes of a head, from malloc; *chain is the seed of the first record.  ZG_INPUT: it is longer
 * than a head may be.  ZG_ENV: no memory. */
enum zg_status zg_steps_head_write(const struct zg_steps_head *head, unsigned char **bytes,
                                   int64_t *n_bytes, uint64_t *chain, struct zg_error *err);

/* Looks at every byte; `what` names the file in messages.  ZG_INPUT: it is none, of another
 * version, cut inside its head, damaged before its end. */
enum zg_status zg_steps_image_read(struct zg_steps_image *out, const unsigned char *bytes,
                                   int64_t n_bytes, const char *what, struct zg_error *err);
/* Fine on one that failed to read or is all zero. */
void zg_steps_image_free(struct zg_steps_image *image);

int64_t zg_steps_record_bytes(int64_t n_losses);
/* Into bytes[zg_steps_record_bytes()]; *chain goes on. */
void zg_steps_record_write(const struct zg_steps_record *record, int64_t n_losses, uint64_t *chain,
                           unsigned char *bytes);
/* Of bytes that were checked. */
void zg_steps_record_read(const unsigned char *bytes, int64_t n_losses,
                          struct zg_steps_record *out);

/* ZG_INPUT: something that decides the weights differs; the message names it and both values. */
enum zg_status zg_steps_head_check(const struct zg_steps_head *file,
                                   const struct zg_steps_head *now, const char *what,
                                   struct zg_error *err);

#endif
