/*
 * unroll.h - before a loop of a kernel template: unroll it wholly.
 *
 * Arrays of accumulators become registers only where no loop indexes them any more, nor any call:
 * ALWAYS_INLINE.  GCC and Clang each ignore the other's pragma.
 */
#ifndef ZG_FUSED_UNROLL_H
#define ZG_FUSED_UNROLL_H

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))

#endif
