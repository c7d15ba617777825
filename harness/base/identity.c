/* identity.c - a number for a run, from the clock and the kernel's randomness, and one for the
 * program, from its bytes. */
#include "harness/base/identity.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

static char run_id[ZG_RUN_ID];

void zg_run_id_take(const char *id)
{
    snprintf(run_id, sizeof run_id, "%s", id);
}

const char *zg_run_id(void)
{
    if (run_id[0])
        return run_id;
    const time_t now = time(NULL);
    struct timespec fine;
    struct tm utc;
    uint64_t chance = 0;
    if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != sizeof chance &&
        clock_gettime(CLOCK_MONOTONIC, &fine) == 0) /* early in a machine's life */
        chance = (uint64_t)fine.tv_nsec << 20 ^ (uint64_t)getpid();
    gmtime_r(&now, &utc);
    strftime(run_id, sizeof run_id, "%Y%m%dT%H%M%SZ", &utc);
    const size_t n = strlen(run_id);
    snprintf(run_id + n, sizeof run_id - n, "-%012" PRIx64, chance & UINT64_C(0xffffffffffff));
    return run_id;
}

const char *zg_program_id(char text[ZG_PROGRAM_ID])
{
    struct stat info;
    const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    text[0] = '\0';
    if (fd < 0)
        return text;
    if (fstat(fd, &info) == 0 && info.st_size > 0) {
        const size_t n = (size_t)info.st_size;
        void *const bytes = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes != MAP_FAILED) {
            snprintf(text, ZG_PROGRAM_ID, "%016" PRIx64, (uint64_t)XXH3_64bits(bytes, n));
            munmap(bytes, n);
        }
    }
    close(fd);
    return text;
}
