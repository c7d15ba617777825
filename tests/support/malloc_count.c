/* malloc_count.c - counts calls; the work is glibc's own, under its second names. */
#include "tests/support/malloc_count.h"

#include <features.h>
#include <stddef.h>

#if defined(__GLIBC__) && !defined(ZG_TESTS_SANITIZED)

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);
/* The prototypes of the real ones, without the headers whose attributes would not fit a
 * definition. */
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t size);
void free(void *p);
void *memalign(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **out, size_t alignment, size_t size);
void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);

/* The program's text, by the linker: static libraries are inside, shared ones outside. */
extern const char __executable_start, etext;

static atomic_llong n_own, n_all;

static void count(const void *caller)
{
    const uintptr_t at = (uintptr_t)caller;
    if (at >= (uintptr_t)&__executable_start && at < (uintptr_t)&etext)
        atomic_fetch_add_explicit(&n_own, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&n_all, 1, memory_order_relaxed);
}

void *malloc(size_t size)
{
    count(__builtin_return_address(0));
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    count(__builtin_return_address(0));
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    count(__builtin_return_address(0));
    return __libc_realloc(p, size);
}

void free(void *p)
{
    __libc_free(p);
}

void *memalign(size_t alignment, size_t size)
{
    count(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    count(__builtin_return_address(0));
    void *p = __libc_memalign(alignment, size);
    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    count(__builtin_return_address(0));
    return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}

bool zg_malloc_count_works(void)
{
    return true;
}
int64_t zg_malloc_count_own(void)
{
    return (int64_t)atomic_load(&n_own);
}
int64_t zg_malloc_count_all(void)
{
    return (int64_t)atomic_load(&n_all);
}

#else

bool zg_malloc_count_works(void)
{
    return false;
}
int64_t zg_malloc_count_own(void)
{
    return 0;
}
int64_t zg_malloc_count_all(void)
{
    return 0;
}

#endif
