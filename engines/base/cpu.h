/*
 * cpu.h - what the processor can do, detected once, and the cap that tests and users put on it.
 *
 * ZOGAP_ISA=portable|avx2|avx512|avx512bf16|amx caps the choice; a value that the machine does not
 * reach is no error (a cap is an upper bound), an unknown value is ZG_USAGE.
 */
#ifndef ZG_BASE_CPU_H
#define ZG_BASE_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"

/* Ascending: each includes the ones before it. */
enum zg_isa {
    ZG_ISA_PORTABLE,
    ZG_ISA_AVX2,       /* AVX2, FMA, F16C */
    ZG_ISA_AVX512,     /* F, BW, DQ, VL */
    ZG_ISA_AVX512BF16, /* and AVX512-BF16, VNNI */
    ZG_ISA_AMX,        /* and tiles with their bf16 and int8 products */
    ZG_N_ISAS
};

const char *zg_isa_name(enum zg_isa isa);

/* The best ISA of this machine, operating-system support included: Linux grants a process its tiles
 * on the first call that finds them, for all threads. */
enum zg_isa zg_cpu_isa(void);
/* The one to use: zg_cpu_isa() capped by ZOGAP_ISA.  ZG_USAGE: the variable holds an unknown
 * name. */
enum zg_status zg_cpu_isa_choose(enum zg_isa *out, struct zg_error *err);

/* Whether the ISA's own products of bf16 are faster than fp32's multiply-adds, so that widening
 * bf16 loses.  Tiles are.  VDPBF16PS is on AMD's cores; Intel's do one in two cycles, half of the
 * multiply-adds (measured on Emerald and Granite Rapids). */
bool zg_cpu_bf16_products_pay(enum zg_isa isa);

/* Brand string of the processor into text[size]; "unknown" where there is none. */
void zg_cpu_name(char *text, int64_t size);

/* Bytes of a core's second-level cache, asked of the C library, then of Linux (which tells the
 * first core's); ZG_CPU_L2_DEFAULT, the smallest of current servers, where neither knows.  For
 * block sizes: a wrong answer costs speed and nothing else. */
#define ZG_CPU_L2_DEFAULT (INT64_C(512) << 10)
int64_t zg_cpu_l2_bytes(void);

/* Flush-to-zero and denormals-are-zero in the calling thread; harmless where there is none. */
void zg_cpu_flush_denormals(void);

#endif
