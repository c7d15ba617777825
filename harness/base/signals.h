/*
 * signals.h - Ctrl-C and SIGTERM as a flag that long work looks at; a second one ends the process
 * at once.
 */
#ifndef ZG_HARNESS_SIGNALS_H
#define ZG_HARNESS_SIGNALS_H

#include <signal.h>

/* From now on SIGINT, SIGTERM and SIGHUP set the flag, SIGCONT is counted; SIGPIPE and SIGXFSZ
 * become failed writes. */
void zg_signals_watch(void);

/* Keeps these signals from the calling thread: of a team's workers, all but the first, which alone
 * has a stack for the handlers. */
void zg_signals_leave_to_others(void);

/* The flag, for loops: the number of the signal caught, 0 if none. */
const volatile sig_atomic_t *zg_signals_flag(void);
int zg_signals_caught(void);

/* Counts up each time that the process is continued, after a stop that no clock leaves out. */
const volatile sig_atomic_t *zg_signals_continued(void);

#endif
