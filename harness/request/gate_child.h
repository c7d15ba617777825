/*
 * gate_child.h - what a gate asks of the processes that it starts, dozens of each build: to take
 * samples and leave out what need be done but once.
 *
 *     ZOGAP_GATE=verify            a check: as short as one of a --brief run
 *     ZOGAP_GATE=pilot             a first run: each engine finds the steps of its own samples
 *     ZOGAP_GATE=0.5:1,400,3,90    a run: warm-up of 0.5 s at most; steps of a sample of each
 *                                  engine of the first case, then of the next
 *
 * A run then checks, counts and measures nothing but its samples: no peaks, no phases, no trial of
 * the engines, no fingerprint of weights; warm-up is over as soon as its end is seen.  meta.json
 * says so in `gate_child`.  It is a variable, for an option would be one that an older build
 * refuses: that one takes no notice, and the gate finds no such word in its meta.json.
 */
#ifndef ZG_HARNESS_GATE_CHILD_H
#define ZG_HARNESS_GATE_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"

#define ZG_GATE_CHILD_VARIABLE "ZOGAP_GATE"

enum zg_gate_child_work {
    ZG_GATE_CHILD_NONE,
    ZG_GATE_CHILD_VERIFY,
    ZG_GATE_CHILD_PILOT,
    ZG_GATE_CHILD_SAMPLES,
};

struct zg_gate_child {
    enum zg_gate_child_work work;
    double warmup_s; /* of samples */
    int64_t *steps;  /* [n] of samples, each at least 1; owned */
    int64_t n;
};

/* Of this process.  ZG_USAGE: the variable has another value.  Close it in any case. */
enum zg_status zg_gate_child_read(struct zg_gate_child *out, struct zg_error *err);
void zg_gate_child_close(struct zg_gate_child *child);

/* Does it take samples, or those of a pilot? */
bool zg_gate_child_samples(const struct zg_gate_child *child);

/* Sets the variable for the processes to come.  ZG_ENV: no memory. */
enum zg_status zg_gate_child_ask(const struct zg_gate_child *child, struct zg_error *err);

#endif
