/* cpu.c - what the processor can do.  Built with baseline flags, so that it runs before the
 * answer is known. */
#include "engines/base/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#endif

#include "engines/base/nearest.h"

static const char *const isa_names[ZG_N_ISAS] = {"portable", "avx2", "avx512", "avx512bf16", "amx"};

const char *zg_isa_name(enum zg_isa isa)
{
    return isa >= 0 && isa < ZG_N_ISAS ? isa_names[isa] : "?";
}

#if defined(__x86_64__)
/* Clang 14 does not know "f16c" as a name for __builtin_cpu_supports(). */
static bool has_f16c(void)
{
    unsigned int eax, ebx, ecx = 0, edx;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_F16C) != 0;
}

/* Nor "amx-tile". */
static bool has_amx(void)
{
    const unsigned int needed = 1u << 22 | 1u << 24 | 1u << 25; /* bf16, tiles, int8 */
    unsigned int eax, ebx, ecx, edx = 0;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (edx & needed) == needed;
}

/* The tiles' 8 KiB of state are not every process's: Linux wants to be asked first, and refuses
 * where it does not save them.  Asking again is no error. */
static bool may_use_tiles(void)
{
#if defined(__linux__) && defined(SYS_arch_prctl)
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM, XFEATURE */
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
    return false;
#endif
}
#endif

/* __builtin_cpu_supports() reads what the compiler's runtime found once at start, XGETBV
 * included: CPUID traps into the hypervisor on a virtual machine. */
enum zg_isa zg_cpu_isa(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c()))
        return ZG_ISA_PORTABLE;
    if (!(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")))
        return ZG_ISA_AVX2;
    if (!(__builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni")))
        return ZG_ISA_AVX512;
    return has_amx() && may_use_tiles() ? ZG_ISA_AMX : ZG_ISA_AVX512BF16;
#else
    return ZG_ISA_PORTABLE;
#endif
}

enum zg_status zg_cpu_isa_choose(enum zg_isa *out, struct zg_error *err)
{
    const enum zg_isa best = zg_cpu_isa();
    *out = best;
    const char *cap = getenv("ZOGAP_ISA");
    if (!cap || !*cap)
        return ZG_OK;
    for (int isa = 0; isa < ZG_N_ISAS; isa++)
        if (strcasecmp(cap, isa_names[isa]) == 0) {
            *out = (enum zg_isa)isa < best ? (enum zg_isa)isa : best;
            return ZG_OK;
        }
    return zg_fail(err, ZG_USAGE,
                   "ZOGAP_ISA=%s is unknown; it takes portable, avx2, avx512, avx512bf16 or amx%s",
                   cap, zg_nearest_word(cap, "portable avx2 avx512 avx512bf16 amx").hint);
}

bool zg_cpu_bf16_products_pay(enum zg_isa isa)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    return isa >= ZG_ISA_AMX || (isa == ZG_ISA_AVX512BF16 && !__builtin_cpu_is("intel"));
#else
    (void)isa;
    return false;
#endif
}

void zg_cpu_name(char *text, int64_t size)
{
    if (size <= 0)
        return;
    char brand[49] = "unknown";
#if defined(__x86_64__)
    unsigned int r[12];
    if ((unsigned int)__get_cpuid_max(0x80000000u, NULL) >= 0x80000004u) {
        for (unsigned int i = 0; i < 3; i++)
            __get_cpuid(0x80000002u + i, &r[4 * i], &r[4 * i + 1], &r[4 * i + 2], &r[4 * i + 3]);
        memcpy(brand, r, sizeof r);
        brand[48] = '\0';
    }
#endif
    const char *from = brand + strspn(brand, " ");
    const size_t n = strlen(from), room = (size_t)size - 1;
    memcpy(text, from, n < room ? n : room);
    text[n < room ? n : room] = '\0';
}

/* "512K" is all that Linux writes there; index2 is the second level wherever the first has a data
 * and an instruction cache. */
static int64_t l2_bytes_of_linux(void)
{
    long long kib = 0;
    FILE *file = fopen("/sys/devices/system/cpu/cpu0/cache/index2/size", "r");
    if (!file)
        return 0;
    const bool read = fscanf(file, "%lldK", &kib) == 1;
    fclose(file);
    return read ? (int64_t)kib << 10 : 0;
}

int64_t zg_cpu_l2_bytes(void)
{
    int64_t bytes = 0;
#ifdef _SC_LEVEL2_CACHE_SIZE
    bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
    if (bytes <= 0)
        bytes = l2_bytes_of_linux();
    return bytes > 0 ? bytes : ZG_CPU_L2_DEFAULT;
}

void zg_cpu_flush_denormals(void)
{
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040u); /* FTZ (bit 15) and DAZ (bit 6) */
#elif defined(__aarch64__)
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    fpcr |= UINT64_C(1) << 24; /* FZ */
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
#endif
}
