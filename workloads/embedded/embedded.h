/* embedded.h - the files of this folder inside the binary; embed.cmake makes them at build time. */
#ifndef ZG_WORKLOADS_EMBEDDED_H
#define ZG_WORKLOADS_EMBEDDED_H

#include <stdint.h>

struct zg_embedded_file {
    const char *name;  /* for messages */
    const char *bytes; /* [n_bytes] */
    int64_t n_bytes;
};

extern const struct zg_embedded_file zg_embedded_train;
extern const struct zg_embedded_file zg_embedded_dev;
extern const struct zg_embedded_file zg_embedded_vocab;
extern const struct zg_embedded_file zg_embedded_merges;
/* The files of tasks/, named without their .json. */
extern const struct zg_embedded_file zg_embedded_tasks[]; /* [zg_n_embedded_tasks] */
extern const int64_t zg_n_embedded_tasks;

#endif
