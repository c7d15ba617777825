/*
 * fault.c - makes a zogap whose n-th call of a kind fails: zogap_faulty, linked with -Wl,--wrap for
 * every function below, so that calls of our own objects come here and those of libraries do not.
 *
 *     FAULT=write:7      the 7th write fails, the next one works again
 *     FAULT=fsync:1+     the first and all that follow
 *     FAULT=write:7+,pwrite:1+
 *     FAULT_DIR=/tmp/r   absolute, the one given to --out: only what lies at or below it
 *     FAULT_PLACES=FILE  at exit: "KIND FIRST LAST" for each place that called, numbers of
 *                              its first and last call; a place is a call with all its callers
 *
 * A disk that is full for ever takes the first half of the n-th write, as real ones do.  Memory is
 * counted from main() on, wherever it is wanted; "json" is what jansson wants.  Peaks are measured
 * for no time: nobody looks at the numbers, and they would be most of a run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/peak/peak.h"

enum kind { MALLOC, JSON, OPEN, MKDIR, WRITE, PWRITE, FSYNC, RENAME, TRUNCATE, CLOSE, N_KINDS };

static struct {
    const char *name;
    int error;
    atomic_long n_calls;
    long first; /* that fails; 0: none */
    bool for_ever;
} kinds[N_KINDS] = {
    [MALLOC] = {"malloc", ENOMEM, 0, 0, false},  [JSON] = {"json", ENOMEM, 0, 0, false},
    [OPEN] = {"open", ENOSPC, 0, 0, false},      [MKDIR] = {"mkdir", ENOSPC, 0, 0, false},
    [WRITE] = {"write", ENOSPC, 0, 0, false},    [PWRITE] = {"pwrite", EIO, 0, 0, false},
    [FSYNC] = {"fsync", EIO, 0, 0, false},       [RENAME] = {"rename", ENOSPC, 0, 0, false},
    [TRUNCATE] = {"truncate", EIO, 0, 0, false}, [CLOSE] = {"close", EIO, 0, 0, false},
};

/* ---- what was asked for ---------------------------------------------------------------------- */

static _Noreturn void refuse(const char *text)
{
    fprintf(stderr, "zogap_faulty: FAULT=%s is no fault\n", text);
    abort();
}

/* KIND:N[+][,...] */
static void read_faults(const char *text)
{
    for (const char *at = text; at && *at;) {
        enum kind k = 0;
        const size_t n = strcspn(at, ":");
        while (k < N_KINDS && (strlen(kinds[k].name) != n || memcmp(at, kinds[k].name, n) != 0))
            k++;
        char *end = NULL;
        if (k == N_KINDS || at[n] != ':' || (kinds[k].first = strtol(at + n + 1, &end, 10)) < 1)
            refuse(text);
        kinds[k].for_ever = *end == '+';
        at = end + kinds[k].for_ever;
        if (*at && *at++ != ',')
            refuse(text);
    }
}

/* ---- which calls there are ------------------------------------------------------------------- */

enum { DEPTH = 32, MOST_PLACES = 1 << 13 };

static struct place {
    void *callers[DEPTH];
    enum kind kind;
    long first, last;
} places[MOST_PLACES]; /* a hash table: first 0 is free */

static const char *places_file; /* NULL: nobody asks */

/* Whole only where calls do not come at once: that is, on one thread. */
static __attribute__((noinline)) void note_place(enum kind k, long n)
{
    void *frames[DEPTH + 3] = {0};
    const int skip = 3; /* this one, fate_of() and the wrapper */
    backtrace(frames, DEPTH + skip);
    size_t h = k;
    for (int i = 0; i < DEPTH; i++)
        h = (h ^ (size_t)frames[skip + i]) * 0x9e3779b97f4a7c15u;
    for (h >>= 40; places[h % MOST_PLACES].first; h++) {
        struct place *const place = &places[h % MOST_PLACES];
        if (place->kind == k && !memcmp(place->callers, frames + skip, sizeof place->callers)) {
            place->last = n;
            return;
        }
    }
    struct place *const place = &places[h % MOST_PLACES];
    *place = (struct place){.kind = k, .first = n, .last = n};
    memcpy(place->callers, frames + skip, sizeof place->callers);
}

static void write_places(const char *path)
{
    FILE *const out = fopen(path, "w");
    for (int i = 0; out && i < MOST_PLACES; i++)
        if (places[i].first)
            fprintf(out, "%s %ld %ld\n", kinds[places[i].kind].name, places[i].first,
                    places[i].last);
    if (out)
        fclose(out);
}

/* ---- which call fails ------------------------------------------------------------------------ */

/* The first that fails, or one after it. */
enum fate { WORKS, FAILS_FIRST, FAILS_AGAIN };

static __attribute__((noinline)) enum fate fate_of(enum kind k)
{
    const long n = atomic_fetch_add(&kinds[k].n_calls, 1) + 1;
    if (places_file)
        note_place(k, n);
    if (kinds[k].first == 0 || n < kinds[k].first || (n > kinds[k].first && !kinds[k].for_ever))
        return WORKS;
    errno = kinds[k].error;
    return n == kinds[k].first ? FAILS_FIRST : FAILS_AGAIN;
}

#define fails(k) (fate_of(k) != WORKS)

static bool is_ours(const char *path)
{
    const char *const dir = getenv("FAULT_DIR");
    const size_t n = dir ? strlen(dir) : 0;
    return n && strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static bool fd_is_ours(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const int kept = errno;
    const ssize_t n = readlink(link, path, sizeof path - 1);
    errno = kept;
    path[n > 0 ? n : 0] = '\0';
    return is_ours(path);
}

__attribute__((constructor)) static void begin(void)
{
    read_faults(getenv("FAULT"));
    places_file = getenv("FAULT_PLACES");
}

__attribute__((destructor)) static void end(void)
{
    if (places_file)
        write_places(places_file);
}

/* ---- memory ---------------------------------------------------------------------------------- */

#define WRAP(result, name, ...)                                                                    \
    result __real_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__)

/* The product gives jansson a malloc of its own: what that one wants is "json". */
static json_malloc_t json_malloc_given;
static _Thread_local bool is_json;

static void *json_malloc(size_t size)
{
    is_json = true; /* until it calls malloc(), for it need not return */
    return json_malloc_given(size);
}
WRAP(void, json_set_alloc_funcs, json_malloc_t give, json_free_t take)
{
    json_malloc_given = give;
    __real_json_set_alloc_funcs(json_malloc, take);
}
WRAP(void *, malloc, size_t size)
{
    const enum kind kind = is_json ? JSON : MALLOC;
    is_json = false;
    return fails(kind) ? NULL : __real_malloc(size);
}
WRAP(void *, calloc, size_t n, size_t size)
{
    return fails(MALLOC) ? NULL : __real_calloc(n, size);
}
WRAP(void *, realloc, void *p, size_t size)
{
    return fails(MALLOC) ? NULL : __real_realloc(p, size);
}
WRAP(void *, aligned_alloc, size_t alignment, size_t size)
{
    return fails(MALLOC) ? NULL : __real_aligned_alloc(alignment, size);
}
WRAP(int, posix_memalign, void **out, size_t alignment, size_t size)
{
    return fails(MALLOC) ? ENOMEM : __real_posix_memalign(out, alignment, size);
}
WRAP(char *, strdup, const char *text)
{
    return fails(MALLOC) ? NULL : __real_strdup(text);
}
WRAP(char *, strndup, const char *text, size_t n)
{
    return fails(MALLOC) ? NULL : __real_strndup(text, n);
}
WRAP(int, vasprintf, char **out, const char *format, va_list arguments)
{
    return fails(MALLOC) ? -1 : __real_vasprintf(out, format, arguments);
}
int __wrap_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int n = __wrap_vasprintf(out, format, arguments);
    va_end(arguments);
    return n;
}
WRAP(FILE *, open_memstream, char **text, size_t *size)
{
    return fails(MALLOC) ? NULL : __real_open_memstream(text, size);
}
WRAP(void *, mmap, void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return fails(MALLOC) ? MAP_FAILED : __real_mmap(at, size, protection, flags, fd, offset);
}

/* ---- files ----------------------------------------------------------------------------------- */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    const bool bad =
        (flags & O_CREAT) && is_ours(path) && fails(OPEN); /* a full disk opens old ones */
    return bad ? -1 : __real_open(path, flags, mode);
}
WRAP(int, mkdir, const char *path, mode_t mode)
{
    return is_ours(path) && fails(MKDIR) ? -1 : __real_mkdir(path, mode);
}
WRAP(ssize_t, write, int fd, const void *bytes, size_t n)
{
    const enum fate fate = fd_is_ours(fd) ? fate_of(WRITE) : WORKS;
    if (fate == FAILS_FIRST && kinds[WRITE].for_ever && n > 1)
        return __real_write(fd, bytes, n / 2);
    return fate ? -1 : __real_write(fd, bytes, n);
}
WRAP(ssize_t, pwrite, int fd, const void *bytes, size_t n, off_t at)
{
    return fd_is_ours(fd) && fails(PWRITE) ? -1 : __real_pwrite(fd, bytes, n, at);
}
WRAP(int, fsync, int fd)
{
    return fd_is_ours(fd) && fails(FSYNC) ? -1 : __real_fsync(fd);
}
WRAP(int, rename, const char *from, const char *to)
{
    return is_ours(to) && fails(RENAME) ? -1 : __real_rename(from, to);
}
WRAP(int, ftruncate, int fd, off_t size)
{
    return fd_is_ours(fd) && fails(TRUNCATE) ? -1 : __real_ftruncate(fd, size);
}
WRAP(int, close, int fd)
{
    const bool bad = fd_is_ours(fd) && fails(CLOSE);
    const int result = __real_close(fd); /* closed in any case */
    errno = bad ? kinds[CLOSE].error : errno;
    return bad ? -1 : result;
}

/* ---- peaks ----------------------------------------------------------------------------------- */

WRAP(enum zg_status, zg_peak_measure, struct zg_peak *out, const struct zg_peak_request *request,
     struct zg_error *err)
{
    struct zg_peak_request brief = *request;
    brief.time_s = 0; /* the fewest repeats */
    if (brief.read_bytes >= 0)
        brief.read_bytes = 1 << 20;
    const enum zg_status status = __real_zg_peak_measure(out, &brief, err);
    out->fma_iterations /= 100; /* a burst beside each sample */
    return status;
}
