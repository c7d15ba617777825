/*
 * choices.h - the names that options take, one by one, for completion: the first has index 0, NULL
 * is past the last.
 */
#ifndef ZG_HARNESS_CHOICES_H
#define ZG_HARNESS_CHOICES_H

#include <stddef.h>
#include <stdint.h>

const char *zg_choice_engine(int64_t index);    /* that this build has */
const char *zg_choice_mechanism(int64_t index); /* and default, all, none */
const char *zg_choice_algorithm(int64_t index);
const char *zg_choice_model(int64_t index); /* shapes, and what comes with zogap */
const char *zg_choice_task(int64_t index);  /* built in */

/* What may follow the colon of an engine that this build has, or of an algorithm: "gemm=onednn",
 * "dtype=bf16", "mechanisms=-trie", "rank=", into text[size]. */
const char *zg_choice_setting(const char *of, int64_t index, char *text, size_t size);

#endif
