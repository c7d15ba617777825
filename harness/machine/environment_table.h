/*
 * environment_table.h - the environment variables that change what is measured: who reads them,
 * what they change, and what is done about each.  The one list; variables.h acts on it.
 */
#ifndef ZG_HARNESS_ENVIRONMENT_TABLE_H
#define ZG_HARNESS_ENVIRONMENT_TABLE_H

/* A variable that its reader is not there to read has no effect, and is none of ours. */
enum zg_variable_reader {
    ZG_READER_SYSTEM, /* the loader and the C library */
    ZG_READER_ZOGAP,
    ZG_READER_OPENMP, /* any runtime */
    ZG_READER_GOMP,
    ZG_READER_KMP, /* LLVM's and Intel's runtime */
    ZG_READER_ONEDNN,
    ZG_READER_OPENBLAS,
    ZG_READER_MKL,
    ZG_READER_MALLOC, /* one in the place of the C library's */
    ZG_READER_HWLOC,
    ZG_READER_PAPI
};

enum zg_variable_action {
    ZG_VARIABLE_TAKEN_OUT, /* unset, and the program starts anew without it; a warning says so */
    ZG_VARIABLE_WARNED,    /* stays, with a warning; of equal runs it is equal */
    ZG_VARIABLE_KERNELS,   /* caps kernels: warned of where the processor has more (kernels.h) */
    ZG_VARIABLE_SILENT,    /* zogap says the same thing itself, or no step asks: only recorded */
    ZG_VARIABLE_OWN,       /* by which zogap tells itself something */
    ZG_VARIABLE_UNKNOWN    /* of a reader above, but not in this list: warned of */
};

struct zg_variable {
    const char *names; /* of the same thing, joined by |; a * at the end stands for anything */
    enum zg_variable_reader reader;
    enum zg_variable_action action;
    const char *harmless; /* values that change nothing, joined by |; NULL: none is known */
    const char *effect;   /* ends the sentence "NAME=VALUE: ..."; NULL: nothing is said */
};

/* Of a variable by its name; NULL: it is not ours. */
const struct zg_variable *zg_variable_find(const char *name);

#endif
