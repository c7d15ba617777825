/*
 * runner.h - a measurement from a checked request to its result directory: what the commands have
 * in common that time engines on every case of a sweep.
 *
 *     struct zg_runner *runner = calloc(1, sizeof *runner);
 *     *runner = (struct zg_runner){.command = "run", .print = print_gap_table};
 *     status = zg_session_open(&runner->session, request, &err);
 *     if (!status)
 *         status = zg_runner_run(runner, &err);
 *     zg_runner_close(runner);
 *
 * The runner makes the directory, opens its files, measures peaks and then each case (measure.h),
 * keeps meta.json up to date whatever happens, and says how it ended.
 */
#ifndef ZG_HARNESS_RUNNER_H
#define ZG_HARNESS_RUNNER_H

#include "harness/run/measure.h"
#include "harness/store/directory.h"

struct zg_runner {
    const char *command; /* "run": for meta.json */
    /* After the last case, also where the run was cut off or failed after a case was finished:
     * writes what else belongs into the directory and meta.json.  NULL: nothing. */
    enum zg_status (*write)(struct zg_runner *runner, struct zg_error *err);
    /* The results on the standard output. */
    enum zg_status (*print)(struct zg_runner *runner, struct zg_error *err);
    void *context; /* the command's own */

    struct zg_session session; /* open */
    struct zg_result_dir dir;
    struct zg_counters *counters;
    struct zg_peak peak;
    struct zg_result_writer results;
    struct zg_machine_watch before;
    json_t *meta;
    struct zg_measurement measurement;
};

/* Everything.  What fails before the first sample leaves no directory behind.  ZG_CHECK: an engine
 * disagrees with the baseline.  ZG_ENV: interrupted, too, or a warning and --strict. */
enum zg_status zg_runner_run(struct zg_runner *runner, struct zg_error *err);

/* Where notes for people go: the standard output holds only what --format asks for. */
FILE *zg_runner_notes(const struct zg_runner *runner);

/* Closes the session, too. */
void zg_runner_close(struct zg_runner *runner);

#endif
