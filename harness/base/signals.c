/*
 * signals.c - handlers that note the signal and no more.  SA_RESETHAND makes the second one end
 * the process; SIGPIPE and SIGXFSZ are ignored, so that a failed write is an error with a message.
 */
#include "harness/base/signals.h"

#include <stddef.h>

/* Mutable globals, for a handler can reach nothing else. */
static volatile sig_atomic_t caught, continued;

static void note(int number)
{
    caught = number;
}

static void count(int number)
{
    (void)number;
    continued = (continued + 1) % 1000000;
}

void zg_signals_watch(void)
{
    /* SA_RESETHAND: the second signal finds the default, which ends the process */
    struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    struct sigaction after_stop = {.sa_handler = count, .sa_flags = SA_RESTART};
    sigemptyset(&after_stop.sa_mask);
    sigaction(SIGCONT, &after_stop, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
}

const volatile sig_atomic_t *zg_signals_flag(void)
{
    return &caught;
}
const volatile sig_atomic_t *zg_signals_continued(void)
{
    return &continued;
}
int zg_signals_caught(void)
{
    return caught;
}
