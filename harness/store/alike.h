/*
 * alike.h - may two runs be put together or held against each other?  In what do their meta.json
 * differ that moves times, and in what do two cases differ that no column shows?
 *
 * A difference is a text "NAME A and B"; what one of the two does not say is none.
 */
#ifndef ZG_HARNESS_ALIKE_H
#define ZG_HARNESS_ALIKE_H

#include <jansson.h>

#include "harness/store/reader.h"

/* Kinds of facts, as bits. */
enum {
    ZG_ALIKE_MACHINE = 1 << 0,    /* processor, topology, hypervisor */
    ZG_ALIKE_CPUS = 1 << 1,       /* those that the team is pinned to */
    ZG_ALIKE_KERNELS = 1 << 2,    /* isa in use, of zogap and of libraries */
    ZG_ALIKE_SETTINGS = 1 << 3,   /* environment variables */
    ZG_ALIKE_CONDITIONS = 1 << 4, /* of the system: huge pages, governor, niceness */
    ZG_ALIKE_VERSIONS = 1 << 5,   /* of libraries and kernel; also a library's kernels where its
                                     version differs, for then they are that version's */
    ZG_ALIKE_BUILD = 1 << 6,      /* of zogap */
    ZG_ALIKE_POLICY = 1 << 7,     /* how it is measured: --blocks, --events, --baseline, ... */
    ZG_ALIKE_N_KINDS = 8,
    ZG_ALIKE_ALL = (1 << ZG_ALIKE_N_KINDS) - 1,
};

/* Adds to text[size], which may be NULL, the differences of these kinds; returns how many. */
int64_t zg_alike_differences(const json_t *a, const json_t *b, unsigned kinds, char *text,
                             size_t size);

/* The same of two cases: fingerprints of model, data, task and tokenizer (those that follow from a
 * column that may differ aside), and the mechanisms in use. */
enum { ZG_UNLIKE_FILES = 1, ZG_UNLIKE_MECHANISMS = 2 };
int64_t zg_alike_case_differences(const struct zg_result_case *a, const struct zg_result_case *b,
                                  unsigned kinds, const struct zg_case_across *across, char *text,
                                  size_t size);

/* The number of a directory's run; of one from before runs had it, when it began, or
 * its path. */
const char *zg_alike_run_id(const struct zg_result_reader *set);

/* Are both of one run: the directory itself, or a copy? */
bool zg_alike_same_run(const struct zg_result_reader *a, const struct zg_result_reader *b);

#endif
