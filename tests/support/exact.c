/* exact.c - see exact.h. */
#include "tests/support/exact.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t whole_pages(size_t n)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (n + page - 1) / page * page;
}

void *exact_copy(const void *bytes, size_t n)
{
    const size_t whole = whole_pages(n), page = whole_pages(1);
    char *const block =
        mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED || mprotect(block + whole, page, PROT_NONE))
        abort();
    if (n)
        memcpy(block + whole - n, bytes, n);
    return block + whole - n;
}

void exact_free(void *copy, size_t n)
{
    const size_t whole = whole_pages(n);
    munmap((char *)copy + n - whole, whole + whole_pages(1));
}
