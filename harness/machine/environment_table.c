/* environment_table.c - the table itself, a paragraph a library.  The first entry that has the
 * name is meant, so that families ("OMP_*") follow their members. */
#include "harness/machine/environment_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define BOTH(name) "ONEDNN_" name "|DNNL_" name /* oneDNN reads the old prefix, too */

static const struct zg_variable variables[] = {
    /* ---- OpenMP ---- */
    {"OMP_WAIT_POLICY", ZG_READER_OPENMP, ZG_VARIABLE_WARNED, NULL,
     "whether waiting threads spin or sleep, which every parallel region pays for; unset it"},
    {"GOMP_SPINCOUNT", ZG_READER_GOMP, ZG_VARIABLE_WARNED, NULL,
     "how long waiting threads spin before they sleep, which every parallel region pays for; unset "
     "it"},
    {"KMP_BLOCKTIME|KMP_LIBRARY|KMP_USE_YIELD|KMP_SPIN_BACKOFF_PARAMS|KMP_USER_LEVEL_MWAIT|KMP_"
     "MWAIT_HINTS|KMP_TPAUSE",
     ZG_READER_KMP, ZG_VARIABLE_WARNED, NULL,
     "how long waiting threads spin before they sleep, which every parallel region pays for; unset "
     "it"},
    {"OMP_STACKSIZE|GOMP_STACKSIZE", ZG_READER_OPENMP, ZG_VARIABLE_WARNED, NULL,
     "the size of the threads' stacks, and with it their pages and addresses; unset it"},
    {"KMP_STACKSIZE|KMP_STACKOFFSET|KMP_STACKPAD", ZG_READER_KMP, ZG_VARIABLE_WARNED, NULL,
     "the size of the threads' stacks, and with it their pages and addresses; unset it"},
    {"OMP_CANCELLATION", ZG_READER_OPENMP, ZG_VARIABLE_WARNED, "false",
     "barriers ask whether the region is cancelled; unset it"},
    {"OMP_TOOL|OMP_TOOL_LIBRARIES|OMP_TOOL_VERBOSE_INIT", ZG_READER_KMP, ZG_VARIABLE_WARNED,
     "disabled", "a tool is told of every parallel region; unset it"},
    {"OMP_DISPLAY_ENV|OMP_DISPLAY_AFFINITY|GOMP_DEBUG", ZG_READER_OPENMP, ZG_VARIABLE_TAKEN_OUT,
     "false|0", "OpenMP would print its settings"},
    {"KMP_SETTINGS|KMP_VERSION|KMP_DEBUG|KMP_STORAGE_MAP|KMP_DUMP_CATALOG", ZG_READER_KMP,
     ZG_VARIABLE_TAKEN_OUT, "false|0", "OpenMP would print its settings"},
    {"KMP_AFFINITY|KMP_HW_SUBSET|KMP_PLACE_THREADS|KMP_INITIAL_THREAD_BIND|KMP_TOPOLOGY_METHOD|KMP_"
     "CPUINFO_FILE",
     ZG_READER_KMP, ZG_VARIABLE_TAKEN_OUT, NULL,
     "threads would be bound to other cpus than zogap chose"},
    {"OMP_PLACES|OMP_PROC_BIND|GOMP_CPU_AFFINITY|OMP_NUM_THREADS|OMP_DYNAMIC|OMP_THREAD_LIMIT|OMP_"
     "NESTED|"
     "OMP_MAX_ACTIVE_LEVELS|OMP_SCHEDULE|OMP_NUM_TEAMS|OMP_TEAMS_THREAD_LIMIT|OMP_DEFAULT_DEVICE|"
     "OMP_TARGET_OFFLOAD|"
     "OMP_MAX_TASK_PRIORITY|OMP_ALLOCATOR|OMP_AFFINITY_FORMAT",
     ZG_READER_OPENMP, ZG_VARIABLE_SILENT, NULL, NULL},
    {"KMP_WARNINGS|KMP_DUPLICATE_LIB_OK|KMP_ALL_THREADS|KMP_TEAMS_THREAD_LIMIT", ZG_READER_KMP,
     ZG_VARIABLE_SILENT, NULL, NULL},
    {"OMP_ADAPTIVE", ZG_READER_OPENBLAS, ZG_VARIABLE_WARNED, "0",
     "the teams that OpenBLAS asks for in its products; unset it"},
    {"KMP_*", ZG_READER_KMP, ZG_VARIABLE_UNKNOWN, NULL, NULL},
    {"OMP_*", ZG_READER_OPENMP, ZG_VARIABLE_UNKNOWN, NULL, NULL},
    {"GOMP_*", ZG_READER_GOMP, ZG_VARIABLE_UNKNOWN, NULL, NULL},

    /* ---- oneDNN ---- */
    {BOTH("VERBOSE") "|" BOTH("VERBOSE_TIMESTAMP"), ZG_READER_ONEDNN, ZG_VARIABLE_TAKEN_OUT,
     "0|none", "oneDNN would print a line for every call to the standard output"},
    {BOTH("JIT_DUMP"), ZG_READER_ONEDNN, ZG_VARIABLE_TAKEN_OUT, "0",
     "oneDNN would write every kernel into a file of the working directory"},
    {BOTH("JIT_PROFILE") "|" BOTH("ITT_TASK_LEVEL"), ZG_READER_ONEDNN, ZG_VARIABLE_WARNED, "0",
     "oneDNN tells a profiler of its kernels; unset it"},
    {BOTH("MAX_CPU_ISA"), ZG_READER_ONEDNN, ZG_VARIABLE_KERNELS, NULL, NULL},
    {BOTH("CPU_ISA_HINTS"), ZG_READER_ONEDNN, ZG_VARIABLE_WARNED, "NO_HINTS",
     "oneDNN takes narrower vectors than it would choose; unset it"},
    {BOTH("DEFAULT_FPMATH_MODE"), ZG_READER_ONEDNN, ZG_VARIABLE_WARNED, "STRICT",
     "oneDNN may compute fp32 products in a lower precision, which is faster and not the same; "
     "unset it"},
    {BOTH("PRIMITIVE_CACHE_CAPACITY"), ZG_READER_ONEDNN, ZG_VARIABLE_WARNED, NULL,
     "how many kernels oneDNN keeps, and how often it makes them anew; unset it"},
    {"ONEDNN_*|DNNL_*", ZG_READER_ONEDNN, ZG_VARIABLE_UNKNOWN, NULL, NULL},

    /* ---- OpenBLAS, and MKL where it stands in for a library ---- */
    {"OPENBLAS_CORETYPE", ZG_READER_OPENBLAS, ZG_VARIABLE_KERNELS, NULL, NULL},
    {"OPENBLAS_VERBOSE", ZG_READER_OPENBLAS, ZG_VARIABLE_TAKEN_OUT, "0",
     "OpenBLAS would print what it chose"},
    {"OPENBLAS_BLOCK_FACTOR|OPENBLAS_L2_SIZE", ZG_READER_OPENBLAS, ZG_VARIABLE_WARNED, NULL,
     "the size of the blocks in which OpenBLAS multiplies; unset it"},
    {"OPENBLAS_MAIN_FREE|GOTOBLAS_MAIN_FREE", ZG_READER_OPENBLAS, ZG_VARIABLE_WARNED, "0",
     "which threads OpenBLAS binds; unset it"},
    {"OPENBLAS_NUM_THREADS|OPENBLAS_DEFAULT_NUM_THREADS|GOTO_NUM_THREADS|OPENBLAS_THREAD_TIMEOUT|"
     "GOTO_THREAD_TIMEOUT|"
     "GOTO_BLOCK_FACTOR",
     ZG_READER_OPENBLAS, ZG_VARIABLE_SILENT, NULL, NULL},
    {"OPENBLAS_*|GOTO_*|GOTOBLAS_*", ZG_READER_OPENBLAS, ZG_VARIABLE_UNKNOWN, NULL, NULL},
    {"MKL_VERBOSE", ZG_READER_MKL, ZG_VARIABLE_TAKEN_OUT, "0",
     "MKL would print a line for every call to the standard output"},
    {"MKL_*", ZG_READER_MKL, ZG_VARIABLE_UNKNOWN, NULL, NULL},

    /* ---- memory ---- */
    {"GLIBC_TUNABLES", ZG_READER_SYSTEM, ZG_VARIABLE_WARNED, NULL,
     "the C library's malloc, memcpy and locks work otherwise; unset it"},
    {"MALLOC_PERTURB_", ZG_READER_SYSTEM, ZG_VARIABLE_WARNED, "0",
     "the C library fills memory at every malloc and free; unset it"},
    {"MALLOC_CHECK_|MALLOC_TRACE", ZG_READER_SYSTEM, ZG_VARIABLE_WARNED, "0",
     "the C library checks or notes every malloc and free; unset it"},
    {"MALLOC_ARENA_MAX|MALLOC_ARENA_TEST|MALLOC_TOP_PAD_|MALLOC_TRIM_THRESHOLD_|MALLOC_MMAP_"
     "THRESHOLD_|"
     "MALLOC_MMAP_MAX_|MALLOC_TCACHE_COUNT|MALLOC_TCACHE_MAX",
     ZG_READER_SYSTEM, ZG_VARIABLE_WARNED, NULL,
     "where malloc's memory lies and when its pages are given back; unset it"},
    {"MALLOC_CONF|_RJEM_MALLOC_CONF|JE_MALLOC_CONF|TCMALLOC_*|MIMALLOC_*", ZG_READER_MALLOC,
     ZG_VARIABLE_WARNED, NULL,
     "where malloc's memory lies and when its pages are given back; unset it"},
    {"MALLOC_*", ZG_READER_SYSTEM, ZG_VARIABLE_UNKNOWN, NULL, NULL},

    /* ---- the loader ---- */
    {"LD_PRELOAD", ZG_READER_SYSTEM, ZG_VARIABLE_WARNED, NULL,
     "stands before all libraries, and any of their functions may be another one; unset it"},
    {"LD_AUDIT", ZG_READER_SYSTEM, ZG_VARIABLE_WARNED, NULL,
     "watches the calls between libraries; unset it"},
    {"LD_PROFILE", ZG_READER_SYSTEM, ZG_VARIABLE_TAKEN_OUT, NULL,
     "calls of that library would be counted"},
    {"LD_BIND_NOT", ZG_READER_SYSTEM, ZG_VARIABLE_WARNED, NULL,
     "calls between libraries look their function up every time; unset it"},
    {"LD_LIBRARY_PATH", ZG_READER_SYSTEM, ZG_VARIABLE_WARNED,
     NULL, /* its value: what came from it */
     "libraries from its directories stand for the system's; unset it"},
    {"LD_HWCAP_MASK", ZG_READER_SYSTEM, ZG_VARIABLE_WARNED, NULL,
     "the C library does not use all that the processor has; unset it"},
    {"LD_DEBUG|LD_SHOW_AUXV|LD_VERBOSE", ZG_READER_SYSTEM, ZG_VARIABLE_TAKEN_OUT, NULL,
     "the loader prints at every start of a program"},
    {"LD_BIND_NOW", ZG_READER_SYSTEM, ZG_VARIABLE_SILENT, NULL, NULL},

    /* ---- what tells of the machine ---- */
    {"HWLOC_HIDE_ERRORS|HWLOC_ROOT|HWLOC_HOME|HWLOC_DIR|HWLOC_VERSION", ZG_READER_HWLOC,
     ZG_VARIABLE_SILENT, NULL, NULL},
    {"HWLOC_*", ZG_READER_HWLOC, ZG_VARIABLE_TAKEN_OUT, NULL,
     "hwloc would tell of another machine than this, and threads be bound by that"},
    {"PAPI_CSV_EVENT_FILE|PAPI_USER_EVENTS_FILE|LIBPFM_FORCE_PMU|LIBPFM_DISABLED_PMUS|LIBPFM_"
     "ENCODE_INACTIVE",
     ZG_READER_PAPI, ZG_VARIABLE_WARNED, NULL,
     "events of --events may count something else; unset it"},
    {"PAPI_DEBUG|PAPI_VERBOSE|PAPI_REPORT|LIBPFM_DEBUG|LIBPFM_DEBUG_STDOUT|LIBPFM_VERBOSE",
     ZG_READER_PAPI, ZG_VARIABLE_TAKEN_OUT, "0", "PAPI would print what it does"},

    /* ---- zogap ---- */
    {"ZOGAP_ISA", ZG_READER_ZOGAP, ZG_VARIABLE_KERNELS, NULL, NULL},
    {"ZOGAP_SYSROOT", ZG_READER_ZOGAP, ZG_VARIABLE_WARNED, "/",
     "facts of the machine are read from files below it, not from the system's; unset it"},
    {"ZOGAP_GATE|ZOGAP_PEAKS", ZG_READER_ZOGAP, ZG_VARIABLE_SILENT, NULL, NULL},
    {"ZOGAP_RESTARTED|ZOGAP_TAKEN_OUT", ZG_READER_ZOGAP, ZG_VARIABLE_OWN, NULL, NULL},
    {"ZOGAP_TEST_*", ZG_READER_ZOGAP, ZG_VARIABLE_SILENT, NULL,
     NULL}, /* of builds for tests alone */
    {"ZOGAP_*", ZG_READER_ZOGAP, ZG_VARIABLE_UNKNOWN, NULL, NULL},
};

static bool has_name(const char *names, const char *name)
{
    for (const char *at = names; *at;) {
        const size_t n = strcspn(at, "|");
        const bool family = at[n - 1] == '*';
        if (!strncmp(at, name, family ? n - 1 : n) && (family || !name[n]))
            return true;
        at += n + (at[n] == '|');
    }
    return false;
}

const struct zg_variable *zg_variable_find(const char *name)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        if (has_name(variables[i].names, name))
            return &variables[i];
    return NULL;
}
