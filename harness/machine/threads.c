/* threads.c - a trial team of pthreads, all alive at once, and why it cannot be made. */
#include "harness/machine/threads.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/machine/sysfile.h"

/* ---- stacks ---------------------------------------------------------------------------------- */

struct stack {
    const char *variable; /* NULL: the system's default */
    const char *value;
    size_t bytes;
};

/* "16", "512k", " 4 M ": in KiB unless it says so. */
static bool read_size(const char *text, size_t *bytes)
{
    static const char units[] = "bkmg";
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (errno || end == text || strchr(text, '-'))
        return false;
    while (isspace((unsigned char)*end))
        end++;
    const char *const unit = *end ? strchr(units, tolower((unsigned char)*end)) : units + 1;
    if (!unit)
        return false;
    end += *end != '\0';
    while (isspace((unsigned char)*end))
        end++;
    const int shift = 10 * (int)(unit - units);
    *bytes = (size_t)value << shift;
    return !*end && *bytes >> shift == value;
}

/* In the order in which libgomp asks; LLVM's asks for the first, too. */
static enum zg_status find_stack(struct stack *out, struct zg_error *err)
{
    static const char *const names[] = {"OMP_STACKSIZE", "GOMP_STACKSIZE"};
    *out = (struct stack){0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *const value = getenv(names[i]);
        if (!value || !*value)
            continue;
        *out = (struct stack){.variable = names[i], .value = value};
        if (!read_size(value, &out->bytes))
            return zg_fail(err, ZG_ENV, "%s=%s: is no size; want a number of KiB, or 512K, 4M",
                           names[i], value);
        return ZG_OK;
    }
    return ZG_OK;
}

/* ---- limits ---------------------------------------------------------------------------------- */

static double limit_of(int resource)
{
    struct rlimit limit;
    return getrlimit((__rlimit_resource_t)resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY
               ? NAN
               : (double)limit.rlim_cur;
}

void zg_threads_limits(char *text, size_t size)
{
    const struct {
        const char *what, *unit;
        double value;
    } limits[] = {
        {"the cgroup's pids.max", "", zg_cgroup_pids_max()},
        {"ulimit -u", "",
         geteuid() == 0 ? NAN : limit_of(RLIMIT_NPROC)}, /* root is not held to it */
        {"ulimit -v", " KiB", limit_of(RLIMIT_AS) / 1024},
    };
    text[0] = '\0';
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const size_t n = strlen(text);
        if (!isnan(limits[i].value))
            snprintf(text + n, size - n, "%s%s is %.0f%s", n ? ", " : "", limits[i].what,
                     limits[i].value, limits[i].unit);
    }
}

/* ---- the trial ------------------------------------------------------------------------------- */

static void *wait_for(void *mutex)
{
    pthread_mutex_lock(mutex);
    pthread_mutex_unlock(mutex);
    return NULL;
}

/* Makes up to n threads that live until all are made; *n_made says how many.  0, or an errno. */
static int make(int64_t n, const pthread_attr_t *attributes, int64_t *n_made)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_t *const threads = calloc((size_t)n + 1, sizeof *threads);
    int error = threads ? 0 : ENOMEM;
    *n_made = 0;
    pthread_mutex_lock(&mutex);
    while (!error && *n_made < n) {
        error = pthread_create(&threads[*n_made], attributes, wait_for, &mutex);
        *n_made += !error;
    }
    pthread_mutex_unlock(&mutex);
    for (int64_t i = 0; i < *n_made; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return error;
}

/* Does a small stack help? */
static bool stack_is_the_cause(int64_t n)
{
    pthread_attr_t small;
    int64_t n_made;
    pthread_attr_init(&small);
    const bool helps =
        pthread_attr_setstacksize(&small, (size_t)256 << 10) == 0 && make(n, &small, &n_made) == 0;
    pthread_attr_destroy(&small);
    return helps;
}

static enum zg_status fail(int64_t n, int64_t n_made, const struct stack *stack, int error,
                           struct zg_error *err)
{
    char limits[256];
    zg_threads_limits(limits, sizeof limits);
    const double default_kib = limit_of(RLIMIT_STACK) / 1024;
    if (!stack_is_the_cause(n - 1))
        return zg_fail(err, ZG_ENV,
                       "a team of %lld threads cannot be made, %lld can: %s%s%s%s; give fewer "
                       "--threads, or raise the limit",
                       (long long)n, (long long)n_made + 1, strerror(error), limits[0] ? " (" : "",
                       limits, limits[0] ? ")" : "");
    if (stack->variable)
        return zg_fail(err, ZG_ENV,
                       "a team of %lld threads cannot be made with stacks of %s=%s: %s; unset it",
                       (long long)n, stack->variable, stack->value, strerror(error));
    return zg_fail(err, ZG_ENV,
                   "a team of %lld threads cannot be made with stacks of %.0f KiB (ulimit -s): "
                   "%s%s%s%s",
                   (long long)n, default_kib, strerror(error), limits[0] ? " (" : "", limits,
                   limits[0] ? ")" : "");
}

enum zg_status zg_threads_try(int64_t n, struct zg_error *err)
{
    struct stack stack;
    pthread_attr_t attributes;
    int64_t n_made = 0;
    enum zg_status status = find_stack(&stack, err);
    if (status)
        return status;
    pthread_attr_init(&attributes);
    int error = stack.bytes ? pthread_attr_setstacksize(&attributes, stack.bytes) : 0;
    if (error)
        status = zg_fail(err, ZG_ENV, "%s=%s: the system refuses stacks of that size: %s; unset it",
                         stack.variable, stack.value, strerror(error));
    else if ((error = make(n - 1, &attributes, &n_made)))
        status = fail(n, n_made, &stack, error, err);
    pthread_attr_destroy(&attributes);
    return status;
}
