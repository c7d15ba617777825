/*
 * kernels.h - which kernels zogap and its libraries really run, and which the processor has: by
 * what they answer, whatever capped them.
 */
#ifndef ZG_HARNESS_KERNELS_H
#define ZG_HARNESS_KERNELS_H

#include <jansson.h>

/* {"zogap": isa, "onednn": isa, "openblas": core}, null what the build lacks.  A new reference. */
json_t *zg_kernels_json(void);
/* The same if nothing capped them: another text means that the processor has better ones. */
json_t *zg_kernels_of_processor_json(void);

/* The name of OpenBLAS's kernels that processors of that ISA should run in place of those of
 * `core`; NULL: nothing is better. */
const char *zg_openblas_better_core(const char *core, int isa);
/* As OpenBLAS and oneDNN chose; NULL: the build has none.  `text` holds a name that is no known
 * one. */
const char *zg_openblas_core(void);
const char *zg_onednn_isa(char text[32]);

#endif
