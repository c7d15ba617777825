/* refuse_threads.c - before all libraries (LD_PRELOAD): after as many threads as REFUSE_AFTER says
 * there is none to be had, so that a limit is reached between the trial of the team and OpenMP's
 * own. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

typedef int create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument)
{
    static int n_made;
    const char *const most = getenv("REFUSE_AFTER");
    if (most && n_made >= atoi(most))
        return EAGAIN;
    n_made++;
    create *next;
    *(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
    return next(thread, attributes, start, argument);
}
