/* failing_alloc.c - see failing_alloc.h; the linker's --wrap leads here. */
#include "tests/support/failing_alloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int left; /* allocations up to the one that fails; 0: none does */
static atomic_bool failed;

void fail_allocation(int n)
{
    atomic_store(&failed, false);
    atomic_store(&left, n);
}

bool allocation_failed(void)
{
    atomic_store(&left, 0);
    return atomic_load(&failed);
}

static bool fails(void)
{
    if (atomic_load(&left) == 0 || atomic_fetch_sub(&left, 1) != 1)
        return false;
    atomic_store(&failed, true);
    errno = ENOMEM;
    return true;
}

#define WRAP(NAME, PARAMETERS, ARGUMENTS)                                                          \
    void *__real_##NAME PARAMETERS;                                                                \
    void *__wrap_##NAME PARAMETERS;                                                                \
    void *__wrap_##NAME PARAMETERS                                                                 \
    {                                                                                              \
        return fails() ? NULL : __real_##NAME ARGUMENTS;                                           \
    }

WRAP(malloc, (size_t n), (n))
WRAP(calloc, (size_t n, size_t size), (n, size))
WRAP(realloc, (void *p, size_t n), (p, n))
WRAP(aligned_alloc, (size_t alignment, size_t n), (alignment, n))
WRAP(strdup, (const char *text), (text))
WRAP(strndup, (const char *text, size_t n), (text, n))
