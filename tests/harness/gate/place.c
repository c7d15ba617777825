/* place.c - two result directories and the program on them: place.h. */
#include "tests/harness/gate/place.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/child.h"

enum { N = PLACE_N, MOST_ARGUMENTS = 32 };

const double place_naive_s[N] = {2.00, 2.02, 1.98, 2.01, 1.99, 2.03, 1.97, 2.005, 1.995, 2.01};
const double place_noise[N] = {1.00, 0.99, 1.01, 1.005, 0.995, 1.00, 1.01, 0.99, 1.003, 0.997};

const char *place_root(void)
{
    return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
}

void place_open(struct place *p)
{
    snprintf(p->dir, sizeof p->dir, "%s/zogap-test-XXXXXX", place_root());
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p->dir));
    snprintf(p->old, sizeof p->old, "%s/old", p->dir);
    snprintf(p->new, sizeof p->new, "%s/new", p->dir);
    snprintf(p->out, sizeof p->out, "%s/out", p->dir);
    snprintf(p->errors, sizeof p->errors, "%s/errors", p->dir);
    CU_ASSERT_EQUAL_FATAL(mkdir(p->old, 0777), 0);
    CU_ASSERT_EQUAL_FATAL(mkdir(p->new, 0777), 0);
    CU_ASSERT_EQUAL_FATAL(mkdir(p->out, 0777), 0);
}

void place_close(struct place *p)
{
    remove_temp_dir(p->old);
    remove_temp_dir(p->new);
    remove_temp_dir(p->out);
    remove_temp_dir(p->dir);
}

void place_write(const char *dir, double factor)
{
    double fused_s[N];
    for (int i = 0; i < N; i++)
        fused_s[i] = factor * place_noise[(i * 7) % N];
    const struct zg_fixture_engine engines[] = {
        {.engine = "naive", .n = N, .wall_s = place_naive_s},
        {.engine = "fused", .n = N, .wall_s = fused_s}};
    zg_fixture_write(dir, &(struct zg_fixture){.n_engines = 2, .engines = engines});
}

int place_run(const struct place *p, const char *const *words)
{
    const char *argv[MOST_ARGUMENTS] = {ZOGAP_BINARY, "gate"};
    int n = 2, code = -1;
    while (*words && n < MOST_ARGUMENTS - 1)
        argv[n++] = *words++;
    argv[n] = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_child_run(NULL, argv, p->errors, 60, &code, NULL), 0);
    return code;
}

void place_expect_line(const struct place *p, const char *words)
{
    char *const text = read_temp_file(p->dir, "errors");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    const char *const end = strchr(text, '\n');
    CU_ASSERT(end && !end[1]);
    zg_test_expect_words(text, words);
    free(text);
}

void place_expect_verdict(const struct place *p, const char *verdict, const char *measure)
{
    char path[128];
    snprintf(path, sizeof path, "%s/gate.json", p->out);
    json_t *const gate = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(gate);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(gate, "verdict")), verdict);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(gate, "measure")), measure);
    json_decref(gate);
}

int place_gate(const struct place *p, const char *option, const char *value)
{
    char path[128];
    snprintf(path, sizeof path, "%s/gate.json", p->out);
    return option
               ? RUN(p, "--baseline", p->old, "--candidate", p->new, "--json", path, option, value)
               : RUN(p, "--baseline", p->old, "--candidate", p->new, "--json", path);
}

void place_change(const struct place *p, const char *name, const char *from, const char *to)
{
    char *const old = read_temp_file(p->new, name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(old);
    char *const at = strstr(old, from);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    const size_t size = strlen(old) + (to ? strlen(to) : 0) + 1;
    char *const text = calloc(size, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    snprintf(text, size, "%.*s%s%s", (int)(at - old), old, to ? to : "",
             to ? at + strlen(from) : "");
    write_temp_file(p->new, name, text, strlen(text));
    free(text);
    free(old);
}
