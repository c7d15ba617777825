/*
 * planted.h - the switch of zogap_planted (plants.cmake), which every file of it includes first.
 */
#ifndef ZG_TESTS_HARNESS_PLANTED_H
#define ZG_TESTS_HARNESS_PLANTED_H

#include <math.h>
#include <stdint.h>

enum zg_plant {
    ZG_PLANT_NONE,
#define X(id, name) ZG_PLANT_##id,
#include "tests/harness/bench/plants.def"
#undef X
};

/* What is wrong now, and in which step (0 while an engine opens).  Set before an engine's threads
 * begin and after they end. */
extern enum zg_plant zg_plant;
extern uint64_t zg_plant_step;

#endif
