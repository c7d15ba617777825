/* test_signals.c - a signal sets the flag, is counted, and leaves alone what lies below the stack
 * pointer of the code that it meets. */
#define _GNU_SOURCE /* gettid() */
#include "harness/base/signals.h"
#include "tests/support/cunit_run.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BYTES = 1 << 16 };

static void test_flag(void)
{
    CU_ASSERT_EQUAL(zg_signals_caught(), 0);
    const int before = *zg_signals_continued();
    raise(SIGCONT);
    CU_ASSERT_EQUAL(*zg_signals_continued(), before + 1);
    CU_ASSERT_EQUAL(zg_signals_caught(), 0);
    raise(SIGHUP);
    CU_ASSERT_EQUAL(zg_signals_caught(), SIGHUP);
    CU_ASSERT_EQUAL(*zg_signals_flag(), SIGHUP);
    struct sigaction now;
    sigaction(SIGHUP, NULL, &now);
    CU_ASSERT_PTR_EQUAL(now.sa_handler, SIG_DFL); /* a second one ends the process */
}

#if defined(__x86_64__)
/* Sends this thread a signal while the stack pointer is `stack`, as inside a kernel that uses that
 * register for data. */
static long signal_on(char *stack, int number)
{
    register char *other __asm__("r8") = stack;
    long result = SYS_tgkill;
    __asm__ volatile("xchg %%rsp, %%r8\n\tsyscall\n\txchg %%rsp, %%r8"
                     : "+a"(result), "+r"(other)
                     : "D"((long)getpid()), "S"((long)gettid()), "d"((long)number)
                     : "rcx", "r11", "memory", "cc");
    return result;
}

static void test_data_in_the_stack_pointer(void)
{
    static const int numbers[] = {SIGCONT, SIGTERM, SIGINT};
    static char heap[BYTES];
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        memset(heap, 0x5a, sizeof heap);
        const int before = *zg_signals_continued();
        CU_ASSERT_EQUAL(signal_on(heap + BYTES - 64, numbers[i]), 0);
        CU_ASSERT(*zg_signals_continued() > before || zg_signals_caught() == numbers[i]);
        int64_t n_changed = 0;
        for (int64_t at = 0; at < BYTES; at++)
            n_changed += heap[at] != 0x5a;
        CU_ASSERT_EQUAL(n_changed, 0);
    }
}
#endif

static void *worker(void *mask)
{
    zg_signals_leave_to_others();
    pthread_sigmask(SIG_BLOCK, NULL, mask);
    return NULL;
}

static void test_workers(void)
{
    sigset_t theirs, ours;
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, worker, &theirs), 0);
    pthread_join(thread, NULL);
    pthread_sigmask(SIG_BLOCK, NULL, &ours);
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGCONT};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        CU_ASSERT_EQUAL(sigismember(&theirs, numbers[i]), 1);
        CU_ASSERT_EQUAL(sigismember(&ours, numbers[i]), 0);
    }
}

int main(void)
{
    zg_signals_watch();
    static const struct zg_test tests[] = {
        {"the flag", test_flag},
#if defined(__x86_64__)
        {"data in the stack pointer", test_data_in_the_stack_pointer},
#endif
        {"workers", test_workers},
        {NULL, NULL},
    };
    return zg_test_run("signals", tests);
}
