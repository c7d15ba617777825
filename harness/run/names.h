/*
 * names.h - what the rows of a run call its models and tasks: names that stay the same from
 * wherever the run is started, for paths as typed would make two of the same case.
 *
 *     --model opt-125m              opt-125m        a shape; so opt-tiny, which comes with zogap
 *     --model ../models/tiny/       tiny            a directory: the last part of its real path
 *     --model a/tiny,b/tiny         a/tiny, b/tiny  as many parts as tell two apart
 *     --task sst2                   sst2            a built-in task
 *     --task mine.json              reviews         a file: its "name"
 *     --task a/t.json,b/t.json      reviews (a/t.json), reviews (b/t.json)
 */
#ifndef ZG_HARNESS_NAMES_H
#define ZG_HARNESS_NAMES_H

#include "harness/request/case.h"

/* The sources of a kind in the cases, each once. */
struct zg_names {
    struct zg_named {
        const char *typed; /* borrowed from the cases */
        char *place;       /* its real path; NULL: it is no file, or cannot be found */
        char *name;
    } * items;
    int64_t n;
    bool is_task;
};

/* Adds the case's model, or its task, unless it is there.  A task's file is read.  ZG_INPUT,
 * ZG_USAGE as zg_task_open(). */
enum zg_status zg_names_add(struct zg_names *names, const struct zg_case *c, struct zg_error *err);

/* After the last one: tells those apart that have a name in common.  ZG_USAGE: two are the same
 * file. */
enum zg_status zg_names_tell_apart(struct zg_names *names, struct zg_error *err);

/* The name of the case's model or task, which lives as long as the names. */
const char *zg_names_of(const struct zg_names *names, const struct zg_case *c);

void zg_names_close(struct zg_names *names);

#endif
