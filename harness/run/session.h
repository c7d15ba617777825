/*
 * session.h - what the measuring commands have in common before a case is opened: the engines,
 * every case of the sweep checked, the pinned team, the environment put right.
 */
#ifndef ZG_HARNESS_SESSION_H
#define ZG_HARNESS_SESSION_H

#include "engines/base/cpu.h"
#include "harness/base/status_line.h"
#include "harness/bench/bench.h"
#include "harness/machine/environment.h"
#include "harness/machine/pin.h"
#include "harness/request/entry.h"
#include "harness/request/gate_child.h"
#include "harness/request/request.h"
#include "harness/run/names.h"

/* A case of the sweep, resolved once: what it is, and each engine's options and rows in it. */
struct zg_session_case {
    struct zg_case c;
    struct zg_fingerprints prints; /* by zg_session_check_files(); of its files as they were then */
    struct zg_entry *entries;      /* [engines.n_items] */
};

/* How estimates of cases came true so far: the seconds that finished cases took and were thought to
 * take (estimate.h). */
struct zg_sweep_pace {
    double spent_s, estimated_s;
};

struct zg_session {
    const struct zg_request *request;
    struct zg_engine_list engines;
    struct zg_session_case *cases; /* [n_cases] */
    int64_t n_cases;
    struct zg_entry *entries; /* [n_cases][engines.n_items]: where the cases' live */
    int64_t baseline;         /* index into the engines: what the others are held against */
    int64_t second_baseline;  /* for speed-ups alone; -1: none */
    enum zg_isa isa;
    struct zg_pin *pin;
    int64_t n_threads;
    struct zg_names model_names, task_names;
    struct zg_models models; /* of the cases, kept from the check to the end */
    struct zg_environment environment;
    struct zg_gate_child gate; /* what a gate asks of this process, if one started it */
    bool embedded_tokenizer;   /* cuts the texts of some case: lengths are not a real model's */
    char *left_out;            /* engines of the build that lack a dtype of the cases; NULL: none */
    struct zg_status_line line;
    bool embedded_elsewhere; /* the embedded tokenizer cuts texts that it was not made for, */
    double embedded_tokens;  /* into so many tokens, on average */
    int64_t n_truncated;     /* rows of a case that --truncate left cut, at most, */
    int64_t n_truncated_of;  /* of so many */
};

/* Checks the request and chooses the cpus; may start the program again (environment.h).  ZG_USAGE:
 * options.  ZG_ENV: the machine; also an OpenBLAS that does not run on the pinned team. */
enum zg_status zg_session_open(struct zg_session *out, const struct zg_request *request,
                               struct zg_error *err);

/* The part without engines and cases: ISA, cpus, environment; n_cases stays 0. */
enum zg_status zg_session_open_team(struct zg_session *out, const struct zg_request *request,
                                    struct zg_error *err);

/* Makes the cases and their entries from the request's sweep, the engines and the number of
 * threads: the part of open() that parses options.  Without --engines leaves out those that cannot
 * run. */
enum zg_status zg_session_resolve(struct zg_session *session, struct zg_error *err);

/* Binds the team and catches signals: from here on work may run. */
enum zg_status zg_session_begin(struct zg_session *session, struct zg_error *err);

/* Opens every engine as every case asks for it, on a model of one small layer: what the machine
 * lacks shows at once.  The engine's own status. */
enum zg_status zg_session_try_engines(struct zg_session *session, struct zg_error *err);

/* Prints which tokenizer stands in for a model's, where lengths, and so times, hang on it. */
void zg_session_tell_tokenizer(const struct zg_session *session, FILE *out);

/* Prints how many of a data set's rows lost their beginning, where any did. */
void zg_tell_truncated(int64_t n, int64_t n_rows, FILE *out);

/* Prints what the models that are open say of stored tensors that are not used: their notes, and,
 * where no meta.json shows them, warnings of models and of the environment's variables. */
void zg_session_tell_models(const struct zg_session *session, bool warnings, FILE *out);

void zg_session_close(struct zg_session *session);

/* Opens and closes model and data of every case, so that a bad file shows before hours of work, not
 * after; checks that the weights of n_at_once engines fit into memory. */
enum zg_status zg_session_check_files(struct zg_session *session, int64_t n_at_once,
                                      struct zg_error *err);

#endif
