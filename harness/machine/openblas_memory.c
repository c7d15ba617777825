/* openblas_memory.c - maps as much as OpenBLAS would, and gives it back. */
#include "harness/machine/openblas_memory.h"

#ifdef ZOGAP_HAVE_OPENBLAS
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What OpenBLAS takes at a time on x86-64 (BUFFER_SIZE of its common_x86_64.h). */
enum { BUFFER_BYTES = (128 << 20) + (1 << 16) };

/* Plain system calls: sanitizers' mmap() wants them to be set up.  Not reserved, for it is more at
 * once than OpenBLAS takes at once. */
static bool has_room(int64_t bytes)
{
    const long at = syscall(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);
    if (at == -1)
        return false;
    syscall(SYS_munmap, at, bytes);
    return true;
}

/* For the threads of a team, and for who calls it. */
static int64_t bytes_for(int64_t n_threads)
{
    return (n_threads + 1) * BUFFER_BYTES;
}

bool zg_openblas_memory_to_load(void)
{
    unsigned char mask[1024] = {0};
    int64_t n_cpus = 0;
    if (syscall(SYS_sched_getaffinity, 0, sizeof mask, mask) < 0)
        return true;
    for (size_t i = 0; i < sizeof mask; i++)
        n_cpus += __builtin_popcount(mask[i]);
    return has_room(bytes_for(n_cpus));
}

enum zg_status zg_openblas_memory_try(int64_t n_threads, struct zg_error *err)
{
    const int64_t bytes = bytes_for(n_threads);
    struct rlimit limit;
    if (has_room(bytes))
        return ZG_OK;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        return zg_fail(err, ZG_ENV,
                       "ulimit -v is %.0f KiB: OpenBLAS wants %lld MiB more for its buffers with "
                       "%lld threads, and hangs without; raise it, or give fewer --threads",
                       (double)limit.rlim_cur / 1024, (long long)(bytes >> 20),
                       (long long)n_threads);
    return zg_fail(err, ZG_ENV,
                   "OpenBLAS wants %lld MiB for its buffers with %lld threads, and hangs without; "
                   "the system has no such room",
                   (long long)(bytes >> 20), (long long)n_threads);
}
#else
bool zg_openblas_memory_to_load(void)
{
    return true;
}

enum zg_status zg_openblas_memory_try(int64_t n_threads, struct zg_error *err)
{
    (void)n_threads;
    (void)err;
    return ZG_OK;
}
#endif
