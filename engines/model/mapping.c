/* mapping.c - maps a regular file by mmap(), and lets go of pages by madvise(): the kernel drops
 * them, and reads them from the file again where somebody asks. */
#include "engines/model/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/base/size.h"

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
    *out = (struct zg_mapping){bytes, (int64_t)info.st_size};
done:
    close(fd);
    return status;
}

void zg_mapping_close(struct zg_mapping *mapping)
{
    if (!mapping)
        return;
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
