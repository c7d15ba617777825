/* alike.c - a table of the facts of meta.json that move times, each with its kind; and the entries
 * that meta.json has of two cases, held against each other. */
#include "harness/store/alike.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/rows/case_row.h"

enum { SHOWN = 160 };

static const struct fact {
    unsigned kind;
    const char *path[3]; /* in meta.json; ends with a NULL */
    const char *name;
    const char *library; /* whose kernels it is of */
} facts[] = {
    {ZG_ALIKE_MACHINE, {"machine", "cpu", "name"}, "cpu name", NULL},
    {ZG_ALIKE_MACHINE, {"machine", "cpu", "family"}, "cpu family", NULL},
    {ZG_ALIKE_MACHINE, {"machine", "cpu", "model"}, "cpu model", NULL},
    {ZG_ALIKE_MACHINE, {"machine", "cpu", "stepping"}, "cpu stepping", NULL},
    {ZG_ALIKE_MACHINE, {"machine", "cpu", "isa"}, "cpu isa", NULL},
    {ZG_ALIKE_MACHINE, {"machine", "topology", "packages"}, "topology packages", NULL},
    {ZG_ALIKE_MACHINE, {"machine", "topology", "cores"}, "topology cores", NULL},
    {ZG_ALIKE_MACHINE, {"machine", "topology", "cpus"}, "topology cpus", NULL},
    {ZG_ALIKE_MACHINE, {"machine", "topology", "smt_active"}, "topology smt_active", NULL},
    {ZG_ALIKE_MACHINE,
     {"machine", "virtualisation", "hypervisor"},
     "virtualisation hypervisor",
     NULL},
    {ZG_ALIKE_MACHINE, {"machine", "system", "machine"}, "system machine", NULL},
    {ZG_ALIKE_KERNELS, {"isa"}, "isa in use", NULL},
    {ZG_ALIKE_KERNELS, {"libraries", "onednn", "cpu_isa"}, "oneDNN's isa", "onednn"},
    {ZG_ALIKE_KERNELS, {"libraries", "openblas", "core"}, "OpenBLAS's kernels", "openblas"},
    {ZG_ALIKE_CONDITIONS,
     {"machine", "memory", "transparent_huge_pages"},
     "transparent huge pages",
     NULL},
    {ZG_ALIKE_CONDITIONS, {"machine", "memory", "numa_balancing"}, "NUMA balancing", NULL},
    {ZG_ALIKE_CONDITIONS, {"machine", "frequency", "governor"}, "frequency governor", NULL},
    {ZG_ALIKE_CONDITIONS, {"machine", "frequency", "turbo"}, "turbo", NULL},
    {ZG_ALIKE_CONDITIONS, {"machine", "cgroup", "cpu_quota"}, "cpu quota", NULL},
    {ZG_ALIKE_CONDITIONS, {"machine", "process", "nice"}, "nice", NULL},
    {ZG_ALIKE_CONDITIONS, {"machine", "process", "scheduler"}, "scheduler", NULL},
    {ZG_ALIKE_CONDITIONS, {"machine", "virtualisation", "valgrind"}, "valgrind", NULL},
    {ZG_ALIKE_VERSIONS, {"libraries", "openblas", "version"}, "openblas", NULL},
    {ZG_ALIKE_VERSIONS, {"libraries", "openblas", "threading"}, "openblas threading", NULL},
    {ZG_ALIKE_VERSIONS, {"libraries", "onednn", "version"}, "onednn", NULL},
    {ZG_ALIKE_VERSIONS, {"libraries", "onednn", "hash"}, "onednn hash", NULL},
    {ZG_ALIKE_VERSIONS, {"libraries", "hwloc", "api_version"}, "hwloc", NULL},
    {ZG_ALIKE_VERSIONS, {"libraries", "papi", "version"}, "papi", NULL},
    {ZG_ALIKE_VERSIONS, {"libraries", "pcre2", "version"}, "pcre2", NULL},
    {ZG_ALIKE_VERSIONS, {"libraries", "jansson", "version"}, "jansson", NULL},
    {ZG_ALIKE_VERSIONS, {"libraries", "xxhash", "version"}, "xxhash", NULL},
    {ZG_ALIKE_VERSIONS, {"machine", "process", "openmp_runtimes"}, "OpenMP runtime", NULL},
    {ZG_ALIKE_VERSIONS, {"machine", "system", "kernel"}, "kernel", NULL},
    {ZG_ALIKE_BUILD, {"zogap", "version"}, "zogap version", NULL},
    {ZG_ALIKE_BUILD, {"zogap", "git"}, "zogap git", NULL},
    {ZG_ALIKE_BUILD, {"zogap", "interface_version"}, "zogap interface", NULL},
    {ZG_ALIKE_BUILD, {"libraries", "compiler", "version"}, "compiler", NULL},
    {ZG_ALIKE_BUILD, {"libraries", "compiler", "flags"}, "compiler flags", NULL},
    {ZG_ALIKE_BUILD, {"zogap", "program_xxh3"}, "zogap program", NULL},
    {ZG_ALIKE_POLICY, {"command"}, "command", NULL},
    {ZG_ALIKE_POLICY, {"baseline"}, "--baseline", NULL},
    {ZG_ALIKE_POLICY, {"second_baseline"}, "--second-baseline", NULL},
    {ZG_ALIKE_POLICY, {"policy", "steps"}, "--steps", NULL},
    {ZG_ALIKE_POLICY, {"policy", "blocks"}, "--blocks", NULL},
    {ZG_ALIKE_POLICY, {"policy", "min_time_s"}, "--min-time", NULL},
    {ZG_ALIKE_POLICY, {"policy", "max_time_s"}, "--max-time", NULL},
    {ZG_ALIKE_POLICY, {"policy", "width_percent"}, "--width", NULL},
    {ZG_ALIKE_POLICY, {"policy", "brief"}, "--brief", NULL},
    {ZG_ALIKE_POLICY, {"policy", "fidelity"}, "--fidelity", NULL},
    {ZG_ALIKE_POLICY, {"policy", "fidelity_batch"}, "--fidelity-batch", NULL},
    {ZG_ALIKE_POLICY, {"policy", "events"}, "--events", NULL},
    {ZG_ALIKE_POLICY, {"policy", "multiplex"}, "--multiplex", NULL},
};
enum { N_FACTS = sizeof facts / sizeof facts[0] };

/* NULL: the document does not say; it may also say null, of what there is not. */
static const json_t *value_at(const json_t *meta, const char *const path[3])
{
    for (int i = 0; i < 3 && path[i]; i++)
        meta = json_object_get(meta, path[i]);
    return meta;
}

/* "none" of what is not there. */
static const char *show(const json_t *value, char text[SHOWN])
{
    char *const dump = value && !json_is_null(value) && !json_is_string(value)
                           ? json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6))
                           : NULL;
    snprintf(text, SHOWN, "%s",
             json_is_string(value) ? json_string_value(value)
             : dump                ? dump
                                   : "none");
    free(dump);
    return text;
}

static int64_t add(char *text, size_t size, const char *name, const json_t *a, const json_t *b)
{
    char x[SHOWN], y[SHOWN];
    return zg_difference_add(text, size, name, show(a, x), show(b, y));
}

static bool version_differs(const char *library, const json_t *a, const json_t *b)
{
    const char *const path[3] = {"libraries", library, "version"};
    char x[SHOWN], y[SHOWN];
    return strcmp(show(value_at(a, path), x), show(value_at(b, path), y)) != 0;
}

/* Members of two objects, a variable each; what one of them lacks is not set.  Documents from
 * before there was such an object do not say. */
static int64_t add_variables(char *text, size_t size, const json_t *a, const json_t *b,
                             const char *key)
{
    const char *const path[3] = {"machine", "process", key};
    const json_t *const x = value_at(a, path), *const y = value_at(b, path);
    const char *name;
    json_t *value;
    int64_t n = 0;
    if (!x || !y)
        return 0;
    json_object_foreach((json_t *)x, name, value) n +=
        add(text, size, name, value, json_object_get(y, name));
    json_object_foreach((json_t *)y, name, value) if (!json_object_get(x, name)) n +=
        add(text, size, name, NULL, value);
    return n;
}

/* "0,1" of the cpus that the workers read themselves on. */
static void show_cpus(const json_t *meta, char text[SHOWN])
{
    size_t i, n = 0;
    json_t *worker;
    const json_t *const workers = json_object_get(json_object_get(meta, "pins"), "workers");
    snprintf(text, SHOWN, "none");
    json_array_foreach(workers, i, worker)
    {
        const json_t *const cpu = json_object_get(worker, "cpu_read");
        if (json_is_integer(cpu) && n < SHOWN)
            n += (size_t)snprintf(text + n, SHOWN - n, "%s%lld", n ? "," : "",
                                  (long long)json_integer_value(cpu));
    }
}

static int64_t add_cpus(char *text, size_t size, const json_t *a, const json_t *b)
{
    char x[SHOWN], y[SHOWN];
    show_cpus(a, x);
    show_cpus(b, y);
    return zg_difference_add(text, size, "cpus", x, y);
}

int64_t zg_alike_differences(const json_t *a, const json_t *b, unsigned kinds, char *text,
                             size_t size)
{
    int64_t n = 0, n_kernels = 0;
    if (text)
        text[0] = '\0';
    for (int i = 0; i < N_FACTS; i++) {
        const struct fact *const fact = &facts[i];
        const json_t *const x = value_at(a, fact->path), *const y = value_at(b, fact->path);
        const unsigned kind =
            fact->library && version_differs(fact->library, a, b) ? ZG_ALIKE_VERSIONS : fact->kind;
        /* older documents have not all */
        const bool is_known = fact->kind == ZG_ALIKE_MACHINE || fact->kind == ZG_ALIKE_KERNELS ||
                              (x && y) || fact->path[1] == NULL;
        if (!(kinds & kind) || !is_known)
            continue;
        const int64_t differs = add(text, size, fact->name, x, y);
        n_kernels += kind == ZG_ALIKE_KERNELS ? differs : 0;
        n += differs;
    }
    if (n_kernels > 0) /* what did it */
        n += add_variables(text, size, a, b, "environment_kernels");
    if (kinds & ZG_ALIKE_SETTINGS)
        n += add_variables(text, size, a, b, "environment");
    if (kinds & ZG_ALIKE_CPUS)
        n += add_cpus(text, size, a, b);
    return n;
}

/* ---- cases ----------------------------------------------------------------------------------- */

static bool may_differ(const struct zg_case_across *across, const char *column)
{
    return across && across->columns >> zg_case_column_find(column) & 1;
}

/* The fingerprint; in files from before there were others, the model's alone. */
static const json_t *print_of(const struct zg_result_case *c, const char *what)
{
    const json_t *const print =
        json_object_get(json_object_get(c->meta, "fingerprints_xxh3"), what);
    if (!print && strcmp(what, "model") == 0)
        return json_object_get(json_object_get(c->meta, "model"), "fingerprint_xxh3");
    return print;
}

static bool print_may_differ(const struct zg_case_across *across, const char *what)
{
    if (strcmp(what, "model") == 0) /* synthetic weights are drawn from the seed */
        return may_differ(across, "model") || may_differ(across, "layers_resident") ||
               may_differ(across, "seed") || may_differ(across, "synthetic");
    if (strcmp(what, "data") == 0)
        return may_differ(across, "task") || may_differ(across, "split") ||
               may_differ(across, "row_limit");
    return may_differ(across, strcmp(what, "task") == 0 ? "task" : "model");
}

static int64_t add_prints(const struct zg_result_case *a, const struct zg_result_case *b,
                          const struct zg_case_across *across, char *text, size_t size)
{
    static const char *const whats[][2] = {{"model", "weights fingerprint"},
                                           {"data", "data fingerprint"},
                                           {"task", "task fingerprint"},
                                           {"tokenizer", "tokenizer fingerprint"}};
    int64_t n = 0;
    for (int i = 0; i < 4; i++) {
        const json_t *const x = print_of(a, whats[i][0]), *const y = print_of(b, whats[i][0]);
        if (json_is_string(x) && json_is_string(y) && !print_may_differ(across, whats[i][0]))
            n += add(text, size, whats[i][1], x, y);
    }
    return n;
}

/* "adapter+lazy", "none"; "": the file does not say. */
static const char *show_mechanisms(const struct zg_result_case *c, char text[SHOWN])
{
    size_t i, j, n = 0;
    json_t *engine, *name;
    text[0] = '\0';
    json_array_foreach(json_object_get(c->meta, "engines"), i, engine)
    {
        const json_t *const list = json_object_get(engine, "mechanisms");
        const char *const label = json_string_value(json_object_get(engine, "engine"));
        if (!label || strcmp(label, c->id.engine) != 0 || !json_is_array(list))
            continue;
        snprintf(text, SHOWN, "none");
        json_array_foreach(list, j, name) if (n < SHOWN) n +=
            (size_t)snprintf(text + n, SHOWN - n, "%s%s", n ? "+" : "", json_string_value(name));
    }
    return text;
}

int64_t zg_alike_case_differences(const struct zg_result_case *a, const struct zg_result_case *b,
                                  unsigned kinds, const struct zg_case_across *across, char *text,
                                  size_t size)
{
    char x[SHOWN], y[SHOWN], name[SHOWN];
    int64_t n = 0;
    if (text)
        text[0] = '\0';
    if (kinds & ZG_UNLIKE_FILES)
        n += add_prints(a, b, across, text, size);
    if (!(kinds & ZG_UNLIKE_MECHANISMS) || !*show_mechanisms(a, x) || !*show_mechanisms(b, y) ||
        may_differ(across, "dtype"))
        return n;
    snprintf(name, sizeof name, "mechanisms of %.100s", a->id.engine);
    return n + zg_difference_add(text, size, name, x, y);
}

/* ---- one run --------------------------------------------------------------------------------- */

/* Of runs from before they had a number: what no two have in common. */
static bool same_start(const json_t *a, const json_t *b)
{
    static const char *const keys[] = {"started_utc", "finished_utc", "zogap", "command_line",
                                       "during"};
    for (int i = 0; i < 5; i++) {
        const json_t *const x = json_object_get(a, keys[i]);
        if (!x || !json_equal(x, json_object_get(b, keys[i])))
            return false;
    }
    return true;
}

const char *zg_alike_run_id(const struct zg_result_reader *set)
{
    const char *const id = json_string_value(json_object_get(set->meta.json, "run_id"));
    return id ? id : set->meta.started_utc ? set->meta.started_utc : set->dir;
}

bool zg_alike_same_run(const struct zg_result_reader *a, const struct zg_result_reader *b)
{
    struct stat x, y;
    const json_t *const id = json_object_get(a->meta.json, "run_id"), *const other =
                                                                          json_object_get(
                                                                              b->meta.json,
                                                                              "run_id");
    if (!stat(a->dir, &x) && !stat(b->dir, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino)
        return true;
    return id || other ? json_is_string(id) && json_equal(id, other)
                       : same_start(a->meta.json, b->meta.json);
}
