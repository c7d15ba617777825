/* place.h - what tests of the gate share: two result directories, the program on them, and what it
 * says. */
#ifndef ZG_TESTS_GATE_PLACE_H
#define ZG_TESTS_GATE_PLACE_H

#include "harness/gate/gate.h"
#include "tests/harness/result_fixture.h"
#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

enum { PLACE_N = 10 }; /* blocks of an engine */

/* Seconds of a step of naive, and of fused where nothing is slower. */
extern const double place_naive_s[PLACE_N], place_noise[PLACE_N];

struct place {
    char dir[64]; /* holds all */
    char old[80], new[80], out[80];
    char errors[96];
};

/* In memory where there is such a file system: every result file is synced, and a disk takes its
 * time for that. */
const char *place_root(void);
void place_open(struct place *p);
void place_close(struct place *p);

/* Engines naive and fused, fused `factor` times as slow as it should be. */
void place_write(const char *dir, double factor);

/* A file of the candidate with the first `from` made `to`; `to` NULL: cut before `from`. */
void place_change(const struct place *p, const char *name, const char *from, const char *to);

/* `zogap gate` with these words: its exit code; the file p->errors holds what it said. */
int place_run(const struct place *p, const char *const *words);
#define RUN(p, ...) place_run(p, (const char *const[]){__VA_ARGS__, NULL})
/* Of the two directories, with --json out/gate.json and an option or NULL. */
int place_gate(const struct place *p, const char *option, const char *value);

/* One line on the standard error that has the words. */
void place_expect_line(const struct place *p, const char *words);
/* What out/gate.json says of all cases together. */
void place_expect_verdict(const struct place *p, const char *verdict, const char *measure);

#endif
