/* peak_portable.c - the peak kernels on 16-byte vectors of plain C: a multiply and an add, what the
 * portable kernels have. */
typedef float vector4 __attribute__((vector_size(16)));

#define NAME         zg_peak_portable
#define ISA          ZG_ISA_PORTABLE
#define VEC          vector4
#define LANES        4
#define SET1(x)      ((vector4){(x), (x), (x), (x)})
#define LOAD(p)      (*(const vector4 *)(p))
#define FMA(x, a, b) ((x) * (a) + (b))
#define ADD(x, y)    ((x) + (y))
#define STREAM(p, x) (*(vector4 *)(p) = (x))
#include "harness/peak/peak_template.h"
