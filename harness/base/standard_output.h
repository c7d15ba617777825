/*
 * standard_output.h - what became of the text on the standard output.
 *
 * Prints may fail anywhere, and by the time that somebody asks, the system's reason is gone.  So
 * the stream is replaced by one that keeps it; main.c asks at the end, whoever prints for long in
 * between.  A reader that has seen enough (`zogap score ... | head -1`) is no failure to speak of:
 * the program ends as SIGPIPE would have ended it, but with its files complete and its verdict
 * kept.
 */
#ifndef ZG_HARNESS_STANDARD_OUTPUT_H
#define ZG_HARNESS_STANDARD_OUTPUT_H

#include <stdbool.h>

#include "engines/error.h"

/* Before anything is printed.  From now on SIGPIPE is ignored. */
void zg_standard_output_watch(void);

/* Writes out what is buffered.  ZG_ENV "standard output: No space left on device"; a reader that
 * has gone is ZG_OK. */
enum zg_status zg_standard_output_flush(struct zg_error *err);

/* Is the path where the standard output goes: /dev/stdout, or the file or pipe itself?  Of what
 * only takes, as /dev/null does, nobody reads a mixture: no. */
bool zg_standard_output_is(const char *path);

/* Has its reader gone?  Then nobody needs more of it. */
bool zg_standard_output_has_no_reader(void);

#endif
