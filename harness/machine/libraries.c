/* libraries.c - versions and settings of the libraries as linked: zg_libraries_json() of
 * machine.h. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <csv.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <xxhash.h>
#if defined(ZOGAP_HAVE_OPENBLAS)
#include <cblas.h>
#endif
#if defined(ZOGAP_HAVE_ONEDNN)
#include <dnnl.h>
#endif
#if defined(ZOGAP_HAVE_HWLOC)
#include <hwloc.h>
#endif
#if defined(ZOGAP_HAVE_PAPI)
#include <papi.h>
#endif
#if defined(ZOGAP_HAVE_VALGRIND)
#include <valgrind/valgrind.h>
#endif

#include "harness/machine/kernels.h"
#include "harness/machine/machine.h"

__attribute__((unused)) /* in a build that has all */
static json_t *
missing(const char *package)
{
    return json_pack("{s:o}", "missing", json_sprintf("install %s", package));
}

__attribute__((format(printf, 1, 2))) static json_t *version(const char *format, ...)
{
    va_list numbers;
    va_start(numbers, format);
    json_t *const object = json_pack("{s:o}", "version", json_vsprintf(format, numbers));
    va_end(numbers);
    return object;
}

static json_t *openblas(void)
{
#if defined(ZOGAP_HAVE_OPENBLAS)
    static const char *const threading[] = {"none", "pthreads", "openmp"};
    const int parallel = openblas_get_parallel();
    const char *const config = openblas_get_config(); /* "OpenBLAS 0.3.21 DYNAMIC_ARCH ..." */
    char number[32] = "unknown";
    sscanf(config, "OpenBLAS %31s", number);
    return json_pack("{s:s, s:s, s:s, s:s}", "version", number, "config", config, "core",
                     openblas_get_corename(), "threading",
                     parallel >= 0 && parallel < 3 ? threading[parallel] : "unknown");
#else
    return missing("libopenblas-openmp-dev");
#endif
}

static json_t *onednn(void)
{
#if defined(ZOGAP_HAVE_ONEDNN)
    const dnnl_version_t *const v = dnnl_version();
    static const struct {
        unsigned runtime;
        const char *name;
    } runtimes[] = {{DNNL_RUNTIME_SEQ, "none"},
                    {DNNL_RUNTIME_OMP, "openmp"},
                    {DNNL_RUNTIME_TBB, "tbb"},
                    {DNNL_RUNTIME_THREADPOOL, "threadpool"}};
    const char *threading = "unknown";
    for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++)
        if ((unsigned)v->cpu_runtime == runtimes[i].runtime)
            threading = runtimes[i].name;
    char isa[32];
    return json_pack("{s:o, s:s, s:s, s:s}", "version",
                     json_sprintf("%d.%d.%d", v->major, v->minor, v->patch), "hash", v->hash,
                     "cpu_isa", zg_onednn_isa(isa), "threading", threading);
#else
    return missing("libdnnl-dev");
#endif
}

static json_t *hwloc(void)
{
#if defined(ZOGAP_HAVE_HWLOC)
    /* the interface of the library loaded: 0x00MMmmpp */
    const unsigned v = hwloc_get_api_version();
    return json_pack("{s:o}", "api_version",
                     json_sprintf("%u.%u.%u", v >> 16, (v >> 8) & 0xffu, v & 0xffu));
#else
    return missing("libhwloc-dev");
#endif
}

static json_t *papi(void)
{
#if defined(ZOGAP_HAVE_PAPI)
    const int v = PAPI_VERSION; /* PAPI_library_init() refuses a library of another one */
    return version("%d.%d.%d", PAPI_VERSION_MAJOR(v), PAPI_VERSION_MINOR(v),
                   PAPI_VERSION_REVISION(v));
#else
    return missing("libpapi-dev");
#endif
}

/* The header's; the program that runs us may be another one's. */
static json_t *valgrind(void)
{
#if defined(ZOGAP_HAVE_VALGRIND)
    return version("%d.%d", __VALGRIND_MAJOR__, __VALGRIND_MINOR__);
#else
    return missing("valgrind");
#endif
}

static json_t *pcre2(void)
{
    char text[64] = "unknown";
    if (pcre2_config(PCRE2_CONFIG_VERSION, NULL) <= (int)sizeof text)
        pcre2_config(PCRE2_CONFIG_VERSION, text);
    return version("%s", text);
}

static json_t *compiler(void)
{
#if defined(__clang__)
    const char *const name = "clang";
#else
    const char *const name = "gcc";
#endif
    return json_pack("{s:s, s:s, s:s}", "name", name, "version", __VERSION__, "flags",
                     ZOGAP_C_FLAGS);
}

json_t *zg_libraries_json(void)
{
    const unsigned xxhash = XXH_versionNumber(); /* 10000 major + 100 minor + release */
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "openblas", openblas(),
                     "onednn", onednn(), "hwloc", hwloc(), "papi", papi(), "valgrind", valgrind(),
                     "libcsv", version("%d.%d.%d", CSV_MAJOR, CSV_MINOR, CSV_RELEASE), "jansson",
                     version("%s", jansson_version_str()), "pcre2", pcre2(), "xxhash",
                     version("%u.%u.%u", xxhash / 10000, xxhash / 100 % 100, xxhash % 100),
                     "compiler", compiler());
}
