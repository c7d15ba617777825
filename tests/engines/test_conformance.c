/*
 * test_conformance.c - the conformance suite as a program: test_conformance ENGINE[:key=value...]
 * [OPTION...]
 *
 *     --threads N            default 2
 *     --dtype NAME           default fp32
 *     --layers-resident K    models of K distinct layers that repeat up to their depth
 *     --library-allocates    the engine's library allocates in every call
 *
 * An engine that this build lacks, or a dtype that this machine lacks, is skipped with a message:
 * exit code 77, which ctest is told to read so.
 */
#include "tests/engines/conformance.h"
#include "tests/support/fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SKIPPED = 77, MAX_SETTINGS = 8 };

static enum zg_dtype dtype_find(const char *name)
{
    int dtype = 0;
    while (dtype < ZG_N_DTYPES && strcmp(zg_dtype_name((enum zg_dtype)dtype), name) != 0)
        dtype++;
    return (enum zg_dtype)dtype;
}

/* Does the machine lack what the engine needs for that dtype? */
static bool is_lacking(const struct zg_conformance *subject, struct zg_error *err)
{
    struct zg_model *model = NULL;
    struct zg_engine_state *state = NULL;
    struct zg_engine_options options = zg_engine_options_default(subject->engine);
    options.dtype = options.dtype_d = subject->dtype;
    options.mechanisms = subject->mechanisms;
    options.settings = subject->settings;
    options.n_settings = subject->n_settings;
    enum zg_status status = zg_model_open_shape(&model, "tiny", zg_fixture_shape(0, NULL), 7, err);
    if (!status)
        status = subject->engine->open(&state, model, &options, err);
    subject->engine->close(&state);
    zg_model_close(&model);
    return status == ZG_ENV && subject->dtype != ZG_FP32;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: test_conformance ENGINE[:key=value...] [OPTION...]\n");
        return EXIT_FAILURE;
    }
    static struct zg_engine_setting settings[MAX_SETTINGS];
    struct zg_conformance subject = {.settings = settings, .n_threads = 2};
#if defined(__clang__)
    subject.library_allocates = true; /* clang's OpenMP, in each region of many variables */
#endif
    char *name = strtok(argv[1], ":");
    for (char *pair; (pair = strtok(NULL, ":")) && subject.n_settings < MAX_SETTINGS;) {
        char *equals = strchr(pair, '=');
        if (!equals)
            return EXIT_FAILURE;
        *equals = '\0';
        settings[subject.n_settings++] = (struct zg_engine_setting){pair, equals + 1};
    }
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            subject.n_threads = atoi(argv[++i]);
        else if (strcmp(argv[i], "--dtype") == 0 && i + 1 < argc)
            subject.dtype = dtype_find(argv[++i]);
        else if (strcmp(argv[i], "--layers-resident") == 0 && i + 1 < argc)
            subject.n_resident = atoi(argv[++i]);
        else if (strcmp(argv[i], "--library-allocates") == 0)
            subject.library_allocates = true;
        else
            return EXIT_FAILURE;
    }
    subject.engine = zg_engine_find(name);
    if (!subject.engine) {
        fprintf(stderr, "no engine %s\n", name);
        return EXIT_FAILURE;
    }
    if (subject.engine->missing) {
        printf("skipped: engine %s is not in this build: %s\n", name, subject.engine->missing);
        return SKIPPED;
    }
    subject.mechanisms = zg_engine_default_mechanisms(subject.engine, subject.dtype, subject.dtype);
    struct zg_error err = {0};
    if (is_lacking(&subject, &err)) {
        printf("skipped: %s\n", err.text);
        return SKIPPED;
    }
    return zg_conformance_run(&subject);
}
