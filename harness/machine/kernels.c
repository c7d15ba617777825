/* kernels.c - asks zogap's dispatcher, oneDNN and OpenBLAS what they chose, and the processor what
 * it has. */
#include "harness/machine/kernels.h"

#include <stdbool.h>
#include <stdio.h>
#include <strings.h>

#include "engines/base/cpu.h"
#include "harness/base/json.h"

#ifdef ZOGAP_HAVE_OPENBLAS
#include <cblas.h>
#endif
#ifdef ZOGAP_HAVE_ONEDNN
#include <dnnl.h>
#endif

static json_t *kernels_json(enum zg_isa zogap, const char *onednn, const char *openblas)
{
    return json_pack("{s:s, s:o, s:o}", "zogap", zg_isa_name(zogap), "onednn", zg_json_text(onednn),
                     "openblas", zg_json_text(openblas));
}

/* ---- oneDNN ---------------------------------------------------------------------------------- */

#ifdef ZOGAP_HAVE_ONEDNN

static const char *isa_name(dnnl_cpu_isa_t isa, char text[32])
{
    static const struct {
        dnnl_cpu_isa_t isa;
        const char *name;
    } isas[] = {
        {dnnl_cpu_isa_sse41, "sse41"},
        {dnnl_cpu_isa_avx, "avx"},
        {dnnl_cpu_isa_avx2, "avx2"},
        {dnnl_cpu_isa_avx2_vnni, "avx2_vnni"},
        {dnnl_cpu_isa_avx512_core, "avx512_core"},
        {dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"},
        {dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"},
        {dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"},
    };
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++)
        if (isas[i].isa == isa)
            return isas[i].name;
    snprintf(text, 32, "0x%x", (unsigned)isa);
    return text;
}

/* What oneDNN takes at least on this processor; 0: cannot tell. */
static unsigned isa_of_processor(void)
{
#if defined(__x86_64__)
    switch (zg_cpu_isa()) {
    case ZG_ISA_AMX:
        return dnnl_cpu_isa_avx512_core_amx;
    case ZG_ISA_AVX512BF16:
        return dnnl_cpu_isa_avx512_core_bf16;
    case ZG_ISA_AVX512:
        return __builtin_cpu_supports("avx512vnni") ? dnnl_cpu_isa_avx512_core_vnni
                                                    : dnnl_cpu_isa_avx512_core;
    case ZG_ISA_AVX2:
        return dnnl_cpu_isa_avx2;
    default:
        return 0;
    }
#else
    return 0;
#endif
}

/* Its isas are sets of bits, each a superset of what it extends. */
static const char *onednn_isa_of_processor(char text[32])
{
    const unsigned runs = dnnl_get_effective_cpu_isa(), has = isa_of_processor();
    return isa_name((dnnl_cpu_isa_t)(has & ~runs ? has : runs), text);
}

const char *zg_onednn_isa(char text[32])
{
    return isa_name(dnnl_get_effective_cpu_isa(), text);
}

#else

static const char *onednn_isa_of_processor(char text[32])
{
    (void)text;
    return NULL;
}

const char *zg_onednn_isa(char text[32])
{
    (void)text;
    return NULL;
}

#endif

/* ---- OpenBLAS -------------------------------------------------------------------------------- */

static bool is_one_of(const char *core, const char *const *names)
{
    for (; *names; names++)
        if (strcasecmp(core, *names) == 0)
            return true;
    return false;
}

const char *zg_openblas_better_core(const char *core, int isa)
{
    /* Zen counts as good on AVX-512 machines: its 256-bit kernels keep a Zen 4 as busy as 512-bit
     * ones. */
    static const char *const avx512[] = {"SkylakeX", "Cooperlake", "SapphireRapids", "Zen", NULL};
    static const char *const avx2[] = {"Haswell", "Zen", "Excavator", NULL};
    if (isa >= ZG_ISA_AVX512)
        return is_one_of(core, avx512) ? NULL : "SkylakeX";
    if (isa >= ZG_ISA_AVX2)
        return is_one_of(core, avx2) || is_one_of(core, avx512) ? NULL : "Haswell";
    return NULL;
}

const char *zg_openblas_core(void)
{
#ifdef ZOGAP_HAVE_OPENBLAS
    return openblas_get_corename();
#else
    return NULL;
#endif
}

/* ---- together -------------------------------------------------------------------------------- */

json_t *zg_kernels_json(void)
{
    char text[32];
    enum zg_isa isa = zg_cpu_isa();
    (void)zg_cpu_isa_choose(&isa, NULL); /* a wrong name ended every command */
    return kernels_json(isa, zg_onednn_isa(text), zg_openblas_core());
}

json_t *zg_kernels_of_processor_json(void)
{
    char text[32];
    const char *const core = zg_openblas_core();
    const char *const better = core ? zg_openblas_better_core(core, (int)zg_cpu_isa()) : NULL;
    return kernels_json(zg_cpu_isa(), onednn_isa_of_processor(text), better ? better : core);
}
