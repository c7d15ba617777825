/*
 * runner.h - a measurement from a checked request to its result directory: what the commands have
 * in common that time engines on every case of a sweep.
 *
 *     static const struct zg_runner_command command = {"run", .list = list_cases,
 *                                                      .print = print_gap_table};
 *     status = zg_runner_run(&command, request, NULL, &err);
 *
 * The runner makes the directory, opens its files, measures peaks and then each case (measure.h),
 * keeps meta.json up to date whatever happens, and says how it ended.
 */
#ifndef ZG_HARNESS_RUNNER_H
#define ZG_HARNESS_RUNNER_H

#include "harness/run/measure.h"
#include "harness/store/directory.h"

struct zg_runner;

/* What a command does by itself. */
struct zg_runner_command {
    const char *name;       /* for meta.json */
    bool first_is_baseline; /* whatever engine it is */
    int64_t least_blocks;   /* of a case: struct zg_measurement */
    /* --list, in place of measuring. */
    enum zg_status (*list)(struct zg_runner *runner, struct zg_error *err);
    /* After the last case, also where the run was cut off or failed after a case was finished:
     * writes what else belongs into the directory and meta.json.  NULL: nothing. */
    enum zg_status (*write)(struct zg_runner *runner, struct zg_error *err);
    /* The results on the standard output. */
    enum zg_status (*print)(struct zg_runner *runner, struct zg_error *err);
};

struct zg_runner {
    const struct zg_runner_command *command;
    void *context; /* the command's own */
    struct zg_session session;
    struct zg_result_dir dir;
    struct zg_counters *counters;
    struct zg_peak peak;
    struct zg_result_writer results;
    struct zg_machine_watch before;
    json_t *meta;
    bool all_there; /* --resume, and nothing was left to measure */
    struct zg_measurement measurement;
    FILE *notes; /* of all cases, into told[n_told] */
    char *told;
    size_t n_told;
};

/* Everything, from the session to its end.  What fails before the first sample leaves no directory
 * behind.  ZG_CHECK: an engine disagrees with the baseline.  ZG_ENV: interrupted, too, or a warning
 * and --strict. */
enum zg_status zg_runner_run(const struct zg_runner_command *command,
                             const struct zg_request *request, void *context, struct zg_error *err);

/* Where notes for people go: the standard output holds only what --format asks for. */
FILE *zg_runner_notes(const struct zg_runner *runner);

#endif
