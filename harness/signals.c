/* signals.c - see signals.h. */
#include "harness/signals.h"

#include <stddef.h>

/* The one mutable global of the harness: a handler can reach nothing else. */
static volatile sig_atomic_t caught;

static void note(int number)
{
    caught = number;
}

void zg_signals_watch(void)
{
    /* SA_RESETHAND: the second signal finds the default, which ends the process */
    struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
}

const volatile sig_atomic_t *zg_signals_flag(void)
{
    return &caught;
}
int zg_signals_caught(void)
{
    return caught;
}
