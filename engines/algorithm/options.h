/*
 * options.h - the options that several algorithms have, a row each: an algorithm's table is made of
 * them, in its own order, so that a key means the same everywhere.
 */
#ifndef ZG_ALGORITHM_OPTIONS_H
#define ZG_ALGORITHM_OPTIONS_H

#include "engines/algorithm/algorithm.h"

enum zg_sides { ZG_SIDES_TWO, ZG_SIDES_ONE };
enum zg_basis { ZG_BASIS_SHARED, ZG_BASIS_OWN };
enum zg_schedule { ZG_SCHEDULE_CONSTANT, ZG_SCHEDULE_LINEAR, ZG_SCHEDULE_COSINE };
enum zg_direction_scale { ZG_SCALE_NONE, ZG_SCALE_RMS };

/* Layers that the steps perturb, of first-layer and layers. */
struct zg_layer_range zg_algorithm_layers(const struct zg_algorithm_choice *choice);

/* Of them in the order of the enumerations; each ends with NULL. */
extern const char *const zg_sides_words[],
    *const zg_basis_words[], *const zg_schedule_words[], *const zg_direction_scale_words[];

/* Products of sizes stay inside int64_t. */
enum { ZG_MOST_RANK = 1 << 14 };
enum { ZG_MOST_LAYERS = 4096 };
/* Two-sided probes of so many fill a question; an update of its own needs a second direction. */
enum { ZG_MOST_QUERIES = ZG_MAX_DIRECTIONS / 2 };

/* clang-format off */
#define ZG_OPTION_RANK(usual)                                                                      \
    {.key = "rank", .kind = ZG_ALGORITHM_INTEGER, .is_main = true, .fallback = usual, .min = 1,    \
     .max = ZG_MOST_RANK, .summary = "columns of U and V"}
#define ZG_OPTION_NU                                                                               \
    {.key = "nu", .kind = ZG_ALGORITHM_INTEGER, .is_main = true, .fallback = 50, .min = 1,         \
     .summary = "steps between redraws of V"}
#define ZG_OPTION_EPS                                                                              \
    {.key = "eps", .kind = ZG_ALGORITHM_REAL, .is_main = true, .fallback = 1e-3,                   \
     .above_min = true, .summary = "probe size"}
/* 0 measures without moving */
#define ZG_OPTION_LR                                                                               \
    {.key = "lr", .kind = ZG_ALGORITHM_REAL, .is_main = true, .fallback = 1e-6,                    \
     .summary = "learning rate"}
#define ZG_OPTION_DIRECTION_SCALE                                                                  \
    {.key = "direction-scale", .kind = ZG_ALGORITHM_WORD, .fallback = ZG_SCALE_NONE,               \
     .words = zg_direction_scale_words, .summary = "scale of U V^T: 1, or 1/sqrt(rank)"}
#define ZG_OPTION_SIDES                                                                            \
    {.key = "sides", .kind = ZG_ALGORITHM_WORD, .fallback = ZG_SIDES_TWO,                          \
     .words = zg_sides_words,                                                                      \
     .summary = "probes of a direction: +eps and -eps, or +eps beside the clean loss"}
#define ZG_OPTION_QUERIES                                                                          \
    {.key = "queries", .kind = ZG_ALGORITHM_INTEGER, .fallback = 1, .min = 1,                      \
     .max = ZG_MOST_QUERIES, .summary = "directions a step, whose gradients are averaged"}
#define ZG_OPTION_BASIS                                                                            \
    {.key = "basis", .kind = ZG_ALGORITHM_WORD, .fallback = ZG_BASIS_SHARED,                       \
     .words = zg_basis_words, .summary = "queries of a step share V, or each has its own"}
#define ZG_OPTION_WD                                                                               \
    {.key = "wd", .kind = ZG_ALGORITHM_REAL, .fallback = 0,                                        \
     .summary = "weight decay of matrices, times the learning rate"}
#define ZG_OPTION_SCHEDULE                                                                         \
    {.key = "schedule", .kind = ZG_ALGORITHM_WORD, .fallback = ZG_SCHEDULE_CONSTANT,               \
     .words = zg_schedule_words, .summary = "learning rate after the warm-up"}
#define ZG_OPTION_WARMUP                                                                           \
    {.key = "warmup", .kind = ZG_ALGORITHM_INTEGER, .fallback = 0, .min = 0,                       \
     .summary = "steps in which the learning rate rises from 0"}
#define ZG_OPTION_HORIZON                                                                          \
    {.key = "horizon", .kind = ZG_ALGORITHM_INTEGER, .fallback = 0, .min = 0,                      \
     .summary = "step at which linear and cosine reach 0; 0: the run's number of steps"}

#define ZG_OPTION_FIRST_LAYER                                                                      \
    {.key = "first-layer", .kind = ZG_ALGORITHM_INTEGER, .fallback = 0, .min = 0,                  \
     .max = ZG_MOST_LAYERS, .summary = "first layer that is perturbed, in scope linear"}
#define ZG_OPTION_LAYERS                                                                           \
    {.key = "layers", .kind = ZG_ALGORITHM_INTEGER, .fallback = 0, .min = 0,                       \
     .max = ZG_MOST_LAYERS, .summary = "how many layers from there on; 0: all"}

/* What every algorithm of differences along random directions has, behind its own. */
#define ZG_OPTIONS_OF_STEPS                                                                        \
    ZG_OPTION_SIDES, ZG_OPTION_QUERIES, ZG_OPTION_WD, ZG_OPTION_SCHEDULE, ZG_OPTION_WARMUP,        \
    ZG_OPTION_HORIZON, {.key = NULL}
/* clang-format on */

#endif
