/*
 * signals.c - handlers that note the signal and no more.  SA_RESETHAND makes the second one end
 * the process; SIGPIPE and SIGXFSZ are ignored, so that a failed write is an error with a message.
 *
 * Handlers have a stack of their own: kernels that oneDNN makes keep a pointer to their data in the
 * stack pointer, and a signal's frame below it would be written into the heap.
 */
#include "harness/base/signals.h"

#include <pthread.h>
#include <stddef.h>

static const int noted[] = {SIGINT, SIGTERM, SIGHUP}, stack_flags = SA_RESTART | SA_ONSTACK;

/* Mutable globals, for a handler can reach nothing else. */
static volatile sig_atomic_t caught, continued;
static _Alignas(64) char handler_stack[1 << 16]; /* a frame with tiles takes 11 KiB */

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
    const stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    sigaltstack(&stack, NULL);
    /* SA_RESETHAND: the second signal finds the default, which ends the process */
    struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND | stack_flags};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof noted / sizeof noted[0]; i++)
        sigaction(noted[i], &action, NULL);
    struct sigaction after_stop = {.sa_handler = count, .sa_flags = stack_flags};
    sigemptyset(&after_stop.sa_mask);
    sigaction(SIGCONT, &after_stop, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
}

void zg_signals_leave_to_others(void)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCONT);
    for (size_t i = 0; i < sizeof noted / sizeof noted[0]; i++)
        sigaddset(&mask, noted[i]);
    pthread_sigmask(SIG_BLOCK, &mask, NULL);
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
