/* mapping.c - maps a regular file by mmap(), and lets go of pages by madvise(): the kernel drops
 * them, and reads them from the file again where somebody asks. */
#include "engines/model/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/base/printable.h"
#include "engines/base/size.h"

/* Read by a signal handler, at any moment: an entry counts while `begin` is not 0, which is written
 * last when it is made and first when it goes. */
struct zg_mapped {
    atomic_uintptr_t begin; /* 0: free; 1: being made */
    size_t size;
    int fd;
    char *path;
};
static struct zg_mapped mapped[4096];

static struct zg_mapped *enlist(const void *bytes, size_t size, int fd, const char *path)
{
    char *const copy = zg_printable_copy(path); /* for messages */
    for (size_t i = 0; copy && i < sizeof mapped / sizeof mapped[0]; i++) {
        uintptr_t none = 0;
        if (!atomic_compare_exchange_strong(&mapped[i].begin, &none, 1))
            continue;
        mapped[i].size = size;
        mapped[i].fd = fd;
        mapped[i].path = copy;
        atomic_store(&mapped[i].begin, (uintptr_t)bytes);
        return &mapped[i];
    }
    free(copy);
    return NULL;
}

const char *zg_mapping_path(const void *address)
{
    for (size_t i = 0; i < sizeof mapped / sizeof mapped[0]; i++) {
        const uintptr_t begin = atomic_load(&mapped[i].begin);
        if (begin > 1 && (uintptr_t)address >= begin && (uintptr_t)address - begin < mapped[i].size)
            return mapped[i].path;
    }
    return NULL;
}

enum zg_status zg_mapping_check(const struct zg_mapping *mapping, struct zg_error *err)
{
    struct stat info;
    const struct zg_mapped *const entry = mapping->entry;
    if (!entry)
        return ZG_OK;
    if (fstat(entry->fd, &info) != 0)
        return zg_fail(err, ZG_ENV, "%s: %s", entry->path, strerror(errno));
    if (info.st_size == mapping->size && info.st_mtim.tv_sec == mapping->changed.tv_sec &&
        info.st_mtim.tv_nsec == mapping->changed.tv_nsec)
        return ZG_OK;
    return zg_fail(err, ZG_ENV,
                   "%s: the file was written to while it was in use; weights must stay as they are",
                   entry->path);
}

enum zg_status zg_mapping_open(struct zg_mapping *out, const char *path, struct zg_error *err)
{
    *out = (struct zg_mapping){0};
    enum zg_status status = ZG_OK;
    struct stat info;
    void *bytes = NULL;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return zg_fail(err, ZG_INPUT, "%s: %s", path, strerror(errno));
    if (fstat(fd, &info) != 0) {
        status = zg_fail(err, ZG_ENV, "%s: %s", path, strerror(errno));
        goto done;
    }
    if (!S_ISREG(info.st_mode)) {
        status = zg_fail(err, ZG_INPUT, "%s: not a regular file", path);
        goto done;
    }
    if (info.st_size > 0) {
        bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes == MAP_FAILED) {
            status = zg_fail(err, ZG_ENV, "%s: cannot map %lld bytes: %s", path,
                             (long long)info.st_size, strerror(errno));
            goto done;
        }
    }
    *out = (struct zg_mapping){bytes, (int64_t)info.st_size, info.st_mtim, NULL};
    if (bytes && !(out->entry = enlist(bytes, (size_t)info.st_size, fd, path))) {
        munmap(bytes, (size_t)info.st_size);
        *out = (struct zg_mapping){0};
        status = zg_fail(err, ZG_ENV, "%s: no memory, or too many files are mapped", path);
    }
done:
    if (!out->entry) /* else it is kept for zg_mapping_check() */
        close(fd);
    return status;
}

void zg_mapping_close(struct zg_mapping *mapping)
{
    if (!mapping)
        return;
    if (mapping->entry) {
        atomic_store(&mapping->entry->begin, 1);
        close(mapping->entry->fd);
        free(mapping->entry->path);
        atomic_store(&mapping->entry->begin, 0);
    }
    if (mapping->bytes)
        munmap((void *)(uintptr_t)mapping->bytes, (size_t)mapping->size);
    *mapping = (struct zg_mapping){0};
}

void zg_mapping_release(const struct zg_mapping *mapping, int64_t begin, int64_t n)
{
    /* Whole pages inside the range: its neighbours may be in use. */
    const int64_t page = sysconf(_SC_PAGESIZE);
    const int64_t first = zg_round_up(begin, page);
    const int64_t last =
        begin + n == mapping->size ? zg_round_up(begin + n, page) : (begin + n) / page * page;
    if (mapping->bytes && last > first)
        madvise((void *)(uintptr_t)(mapping->bytes + first), (size_t)(last - first), MADV_DONTNEED);
}
