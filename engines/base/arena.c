/* arena.c - small buffers come from the heap, large ones from mmap().  The 64 bytes before each
 * hold a header that says how to give it back. */
#include "engines/base/arena.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "engines/base/size.h"

/* A transparent huge page of x86-64, and of arm64 with 4 KiB pages; the user half of a 48-bit
 * address space. */
#define SMALL_ALIGN INT64_C(64)
#define HUGE_ALIGN  (INT64_C(2) << 20)
#define MAX_BYTES   (INT64_C(1) << 47)

/* ASan guards what malloc gives, not what mmap gives, so a sanitized build takes everything from
 * malloc. */
#if defined(__SANITIZE_ADDRESS__)
#define USE_MMAP 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define USE_MMAP 0
#endif
#endif
#ifndef USE_MMAP
#define USE_MMAP 1
#endif

/* Lies in the 64 bytes before a buffer and says how to give it back. */
struct header {
    void *start;
    size_t mapped; /* bytes of the mapping; 0: from malloc */
};

static void *with_header(unsigned char *base, void *start, size_t mapped)
{
    *(struct header *)(void *)(base - SMALL_ALIGN) = (struct header){start, mapped};
    return base;
}

static void *alloc_malloc(int64_t size, int64_t align)
{
    unsigned char *start = aligned_alloc((size_t)align, (size_t)(align + zg_round_up(size, align)));
    return start ? with_header(start + align, start, 0) : NULL;
}

/* Large buffers come from the kernel, not from the heap: recycled heap pages would already belong
 * to some NUMA node, and freed ones would stay in the process's resident set. */
static void *alloc_mmap(int64_t size)
{
    const int64_t n_bytes = HUGE_ALIGN + zg_round_up(size, 4096);
    unsigned char *start = mmap(NULL, (size_t)n_bytes, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    /* The first boundary that leaves a page for the header before it. */
    unsigned char *base =
        start + (HUGE_ALIGN - (int64_t)((uintptr_t)start % (uintptr_t)HUGE_ALIGN));
    /* Advice: without it pages are small, nothing else.  Only whole huge pages are asked for, and
     * the mapping ends with the buffer: one more would put up to 2 MiB of nothing into the
     * resident set, which is a tenth of a 125M model whose panels are 2.3 to 9 MiB. */
    madvise(base, (size_t)(size / HUGE_ALIGN * HUGE_ALIGN), MADV_HUGEPAGE);
    return with_header(base, start, (size_t)n_bytes);
}

enum zg_status zg_buffer_alloc(void **out, int64_t n_items, int64_t item_size, const char *what,
                               struct zg_error *err)
{
    int64_t size;
    *out = NULL;
    if (!zg_size_mul(n_items, item_size, &size) || size > MAX_BYTES)
        return zg_fail(err, ZG_ENV, "%s: %lld items of %lld bytes are more than memory can be",
                       what, (long long)n_items, (long long)item_size);
    if (size < HUGE_ALIGN)
        *out = alloc_malloc(zg_max64(size, 1), SMALL_ALIGN);
    else
        *out = USE_MMAP ? alloc_mmap(size) : alloc_malloc(size, HUGE_ALIGN);
    if (!*out)
        return zg_fail(err, ZG_ENV, "%s: no memory for %lld MiB", what, (long long)(size >> 20));
    return ZG_OK;
}

void zg_buffer_free(void *buffer)
{
    if (!buffer)
        return;
    const struct header header =
        *(const struct header *)(const void *)((unsigned char *)buffer - SMALL_ALIGN);
    if (header.mapped)
        munmap(header.start, header.mapped);
    else
        free(header.start);
}
