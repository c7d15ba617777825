/* test_alike.c - alike.h: what two documents differ in, kind by kind; sessions.h: what the parts of
 * a run come to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/store/alike.h"
#include "harness/store/sessions.h"
#include "tests/support/cunit_run.h"

static const char document[] =
    "{\"command\": \"run\", \"baseline\": \"naive\", \"isa\": \"amx\","
    " \"zogap\": {\"version\": \"1\", \"git\": \"aa\", \"interface_version\": 1, \"program_xxh3\": "
    "\"p\"},"
    " \"machine\": {\"cpu\": {\"name\": \"C\", \"stepping\": 1}, \"topology\": {\"cores\": 2},"
    "  \"memory\": {\"transparent_huge_pages\": \"madvise\"}, \"cgroup\": {\"cpu_quota\": null},"
    "  \"system\": {\"kernel\": \"6.1\", \"machine\": \"x86_64\"},"
    "  \"process\": {\"nice\": 0, \"environment\": {\"A\": \"1\"}, \"environment_kernels\": {}}},"
    " \"libraries\": {\"openblas\": {\"version\": \"0.3\", \"core\": \"SkylakeX\"},"
    "  \"onednn\": {\"version\": \"3\", \"cpu_isa\": \"amx\"}, \"compiler\": {\"flags\": \"-O3\"}},"
    " \"pins\": {\"workers\": [{\"cpu_read\": 0}, {\"cpu_read\": 1}]},"
    " \"policy\": {\"steps\": 1, \"brief\": false, \"events\": \"none\"}}";

/* A change at a path of dots, and what is then told of which kind. */
static const struct change {
    const char *path, *value; /* JSON; NULL: taken out */
    unsigned kind;
    const char *text;
} changes[] = {
    {"machine.cpu.name", "\"D\"", ZG_ALIKE_MACHINE, "cpu name C and D"},
    {"machine.cpu.stepping", "2", ZG_ALIKE_MACHINE, "cpu stepping 1 and 2"},
    {"machine.topology.cores", "4", ZG_ALIKE_MACHINE, "topology cores 2 and 4"},
    {"machine.system.machine", "\"arm\"", ZG_ALIKE_MACHINE, "system machine x86_64 and arm"},
    {"isa", "\"avx2\"", ZG_ALIKE_KERNELS, "isa in use amx and avx2"},
    {"libraries.onednn.cpu_isa", "\"sse41\"", ZG_ALIKE_KERNELS, "oneDNN's isa amx and sse41"},
    {"libraries.openblas.core", "\"Zen\"", ZG_ALIKE_KERNELS, "OpenBLAS's kernels SkylakeX and Zen"},
    {"machine.process.environment.A", "\"2\"", ZG_ALIKE_SETTINGS, "A 1 and 2"},
    {"machine.process.environment.A", NULL, ZG_ALIKE_SETTINGS, "A 1 and none"},
    {"machine.process.environment.B", "\"\"", ZG_ALIKE_SETTINGS, "B none and "},
    {"machine.process.environment", NULL, ZG_ALIKE_SETTINGS, ""}, /* from before it was recorded */
    {"machine.process.environment_kernels.K", "\"1\"", ZG_ALIKE_KERNELS, ""}, /* to no effect */
    {"machine.memory.transparent_huge_pages", "\"never\"", ZG_ALIKE_CONDITIONS,
     "transparent huge pages madvise and never"},
    {"machine.cgroup.cpu_quota", "1.5", ZG_ALIKE_CONDITIONS, "cpu quota none and 1.5"},
    {"machine.cgroup.cpu_quota", NULL, ZG_ALIKE_CONDITIONS, ""},
    {"machine.process.nice", "5", ZG_ALIKE_CONDITIONS, "nice 0 and 5"},
    {"machine.system.kernel", "\"6.2\"", ZG_ALIKE_VERSIONS, "kernel 6.1 and 6.2"},
    {"libraries.openblas.version", "\"0.4\"", ZG_ALIKE_VERSIONS, "openblas 0.3 and 0.4"},
    {"zogap.git", "\"bb\"", ZG_ALIKE_BUILD, "zogap git aa and bb"},
    {"zogap.program_xxh3", "\"q\"", ZG_ALIKE_BUILD, "zogap program p and q"},
    {"libraries.compiler.flags", "\"-O2\"", ZG_ALIKE_BUILD, "compiler flags -O3 and -O2"},
    {"pins.workers", "[{\"cpu_read\": 0}, {\"cpu_read\": 2}]", ZG_ALIKE_CPUS, "cpus 0,1 and 0,2"},
    {"command", "\"ladder\"", ZG_ALIKE_POLICY, "command run and ladder"},
    {"baseline", "\"fused\"", ZG_ALIKE_POLICY, "--baseline naive and fused"},
    {"second_baseline", "\"fused\"", ZG_ALIKE_POLICY, "--second-baseline none and fused"},
    {"policy.steps", "2", ZG_ALIKE_POLICY, "--steps 1 and 2"},
    {"policy.brief", "true", ZG_ALIKE_POLICY, "--brief false and true"},
    {"policy.events", "\"tlb\"", ZG_ALIKE_POLICY, "--events none and tlb"},
};

static json_t *parsed(const char *text)
{
    json_t *const json = json_loads(text, JSON_DECODE_ANY, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    return json;
}

static json_t *changed(const char *path, const char *value)
{
    char words[128];
    json_t *const root = parsed(document), *at = root;
    snprintf(words, sizeof words, "%s", path);
    char *word = words;
    for (char *dot; (dot = strchr(word, '.')); word = dot + 1) {
        *dot = '\0';
        at = json_object_get(at, word);
    }
    if (value)
        CU_ASSERT_EQUAL(json_object_set_new(at, word, parsed(value)), 0)
    else
        json_object_del(at, word);
    return root;
}

/* Each is told of its own kind, the other way round with the values exchanged, and of no other. */
static void kinds(void)
{
    json_t *const old = parsed(document);
    char text[512], cut[8];
    CU_ASSERT_EQUAL(zg_alike_differences(old, old, ZG_ALIKE_ALL, text, sizeof text), 0);
    CU_ASSERT_STRING_EQUAL(text, "");
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const struct change *const c = &changes[i];
        json_t *const new = changed(c->path, c->value);
        const int64_t want = c->text[0] != '\0';
        CU_ASSERT_EQUAL(zg_alike_differences(old, new, c->kind, text, sizeof text), want);
        if (strcmp(text, c->text) != 0)
            printf("\n    %s: %s", c->path, text);
        CU_ASSERT_STRING_EQUAL(text, c->text);
        CU_ASSERT_EQUAL(zg_alike_differences(new, old, c->kind, NULL, 0), want);
        CU_ASSERT_EQUAL(zg_alike_differences(old, new, ZG_ALIKE_ALL & ~c->kind, text, sizeof text),
                        0);
        CU_ASSERT_EQUAL(zg_alike_differences(old, new, c->kind, cut, sizeof cut), want);
        json_decref(new);
    }
    json_decref(old);
}

/* A library's kernels are its version's business where that differs; what capped kernels is named
 * beside them. */
static void kernels(void)
{
    json_t *const old = parsed(document);
    json_t *const newer =
        changed("libraries.openblas", "{\"version\": \"0.4\", \"core\": \"Zen\"}");
    json_t *const capped = changed("isa", "\"avx2\"");
    char text[512];
    CU_ASSERT_EQUAL(zg_alike_differences(old, newer, ZG_ALIKE_KERNELS, text, sizeof text), 0);
    CU_ASSERT_EQUAL(zg_alike_differences(old, newer, ZG_ALIKE_VERSIONS, text, sizeof text), 2);
    CU_ASSERT_STRING_EQUAL(text, "OpenBLAS's kernels SkylakeX and Zen, openblas 0.3 and 0.4");
    json_object_set_new(json_object_get(json_object_get(capped, "machine"), "process"),
                        "environment_kernels", parsed("{\"ZOGAP_ISA\": \"avx2\"}"));
    CU_ASSERT_EQUAL(zg_alike_differences(old, capped, ZG_ALIKE_KERNELS, text, sizeof text), 2);
    CU_ASSERT_STRING_EQUAL(text, "isa in use amx and avx2, ZOGAP_ISA none and avx2");
    json_decref(old);
    json_decref(newer);
    json_decref(capped);
}

/* ---- cases ----------------------------------------------------------------------------------- */

static struct zg_result_case case_of(const json_t *entry)
{
    return (struct zg_result_case){.id = {.engine = "fused"}, .meta = entry};
}

static int64_t differences(const char *a, const char *b, unsigned of, const char *column,
                           char text[512])
{
    json_t *const x = parsed(a), *const y = parsed(b);
    struct zg_case_across across = {0};
    if (column)
        across.columns = UINT64_C(1) << zg_case_column_find(column);
    const struct zg_result_case one = case_of(x), two = case_of(y);
    const int64_t n = zg_alike_case_differences(&one, &two, of, &across, text, 512);
    json_decref(x);
    json_decref(y);
    return n;
}

#define PRINTS(m, d, t, k)                                                                         \
    "{\"fingerprints_xxh3\": {\"model\": " m ", \"data\": " d ", \"task\": " t                     \
    ", \"tokenizer\": " k "}}"
#define ENGINES(label, list)                                                                       \
    "{\"engines\": [{\"engine\": \"" label "\", \"mechanisms\": " list "}]}"

static void cases(void)
{
    static const char same[] = PRINTS("\"m\"", "\"d\"", "\"t\"", "\"k\"");
    static const struct {
        const char *other, *text;
        const char *columns[4]; /* any of which may differ explains it */
    } prints[] = {
        {PRINTS("\"x\"", "\"d\"", "\"t\"", "\"k\""),
         "weights fingerprint m and x",
         {"model", "seed", "layers_resident", "synthetic"}},
        {PRINTS("\"m\"", "\"x\"", "\"t\"", "\"k\""),
         "data fingerprint d and x",
         {"task", "split", "row_limit", "task"}},
        {PRINTS("\"m\"", "\"d\"", "\"x\"", "\"k\""),
         "task fingerprint t and x",
         {"task", "task", "task", "task"}},
        {PRINTS("\"m\"", "\"d\"", "\"t\"", "\"x\""),
         "tokenizer fingerprint k and x",
         {"model", "model", "model", "model"}},
    };
    char text[512];
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(differences(same, prints[i].other, ZG_UNLIKE_FILES, NULL, text), 1);
        CU_ASSERT_STRING_EQUAL(text, prints[i].text);
        CU_ASSERT_EQUAL(differences(same, prints[i].other, ZG_UNLIKE_FILES, "threads", text), 1);
        CU_ASSERT_EQUAL(differences(same, prints[i].other, ZG_UNLIKE_MECHANISMS, NULL, text), 0);
        for (int c = 0; c < 4; c++)
            CU_ASSERT_EQUAL(
                differences(same, prints[i].other, ZG_UNLIKE_FILES, prints[i].columns[c], text), 0);
    }
    /* files from before say less */
    CU_ASSERT_EQUAL(differences(same, "{}", ZG_UNLIKE_FILES, NULL, text), 0);
    CU_ASSERT_EQUAL(
        differences(same, PRINTS("null", "\"d\"", "\"t\"", "\"k\""), ZG_UNLIKE_FILES, NULL, text),
        0);
    CU_ASSERT_EQUAL(differences(same, "{\"model\": {\"fingerprint_xxh3\": \"x\"}}", ZG_UNLIKE_FILES,
                                NULL, text),
                    1);

    static const char two[] = ENGINES("fused", "[\"lazy\", \"trie\"]");
    CU_ASSERT_EQUAL(differences(two, ENGINES("fused", "[]"), ZG_UNLIKE_MECHANISMS, NULL, text), 1);
    CU_ASSERT_STRING_EQUAL(text, "mechanisms of fused lazy+trie and none");
    CU_ASSERT_EQUAL(differences(two, two, ZG_UNLIKE_MECHANISMS, NULL, text), 0);
    CU_ASSERT_EQUAL(differences(two, ENGINES("naive", "[]"), ZG_UNLIKE_MECHANISMS, NULL, text), 0);
    CU_ASSERT_EQUAL(differences(two, ENGINES("fused", "null"), ZG_UNLIKE_MECHANISMS, NULL, text),
                    0);
    CU_ASSERT_EQUAL(differences(two, ENGINES("fused", "[]"), ZG_UNLIKE_MECHANISMS, "dtype", text),
                    0);
}

static bool same_run(const char *a, const char *b)
{
    struct zg_result_reader x = {.dir = (char *)"/no/a", .meta.json = parsed(a)},
                            y = {.dir = (char *)"/no/b", .meta.json = parsed(b)};
    const bool same = zg_alike_same_run(&x, &y);
    json_decref(x.meta.json);
    json_decref(y.meta.json);
    return same;
}

static void runs(void)
{
    static const char old[] = "{\"started_utc\": \"1\", \"finished_utc\": \"2\", \"zogap\": {}, "
                              "\"command_line\": [\"run\"], \"during\": {\"wall_s\": 1.5}}";
    CU_ASSERT_TRUE(same_run("{\"run_id\": \"a\"}", "{\"run_id\": \"a\"}"));
    CU_ASSERT_FALSE(same_run("{\"run_id\": \"a\"}", "{\"run_id\": \"b\"}"));
    CU_ASSERT_FALSE(same_run("{\"run_id\": \"a\"}", "{}"));
    CU_ASSERT_FALSE(same_run("{}", "{}"));
    CU_ASSERT_TRUE(same_run(old, old));
    CU_ASSERT_FALSE(same_run(old,
                             "{\"started_utc\": \"1\", \"finished_utc\": \"2\", \"zogap\": {}, "
                             "\"command_line\": [\"run\"], \"during\": {\"wall_s\": 1.25}}"));
    struct zg_result_reader x = {.dir = (char *)"/", .meta.json = NULL},
                            y = {.dir = (char *)"/.", .meta.json = NULL};
    CU_ASSERT_TRUE(zg_alike_same_run(&x, &y));
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void part(json_t *meta, const char *status, const char *during, const char *warnings)
{
    json_t *const d = parsed(during), *const w = parsed(warnings);
    zg_sessions_begin(meta);
    json_object_set_new(meta, "status", json_string(status));
    json_object_set_new(meta, "finished_utc", json_string("then"));
    json_object_set_new(meta, "sampling", parsed("{\"n_samples\": 7}"));
    zg_sessions_update(meta, d, w);
    json_decref(d);
    json_decref(w);
}

static void sessions(void)
{
    json_t *const meta = json_object(), *const alone = json_object();
    char text[512] = "";
    zg_sessions_update(alone, meta, meta); /* a document without them stays as it is */
    CU_ASSERT_EQUAL(json_object_size(alone), 0);
    part(meta, "interrupted",
         "{\"wall_s\": 10, \"steal_share\": 0.3, \"load_1m_before\": 1, \"load_1m_after\": 2, "
         "\"throttled_s\": 1, \"mhz_after\": null, \"sampling\": {\"wall_s\": 9}}",
         "[\"stolen\", \"virtual\"]");
    part(meta, "complete",
         "{\"wall_s\": 30, \"steal_share\": 0.1, \"load_1m_before\": 5, \"load_1m_after\": 6, "
         "\"throttled_s\": 2, \"mhz_after\": 3, \"sampling\": {\"wall_s\": 29}}",
         "[\"virtual\", \"busy\"]");
    json_t *const want =
        parsed("{\"wall_s\": 40.0, \"steal_share\": 0.15, \"load_1m_before\": 1.0, "
               "\"load_1m_after\": 6.0, \"throttled_s\": 3.0, \"mhz_after\": 3.0, "
               "\"sampling\": {\"wall_s\": 29}}");
    json_t *const warnings = parsed("[\"stolen\", \"virtual\", \"busy\"]");
    CU_ASSERT(json_equal(json_object_get(meta, "during"), want));
    CU_ASSERT(json_equal(json_object_get(meta, "warnings"), warnings));
    const json_t *const list = json_object_get(meta, "sessions");
    CU_ASSERT_EQUAL_FATAL(json_array_size(list), 2);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(list, 0), "n_samples")), 7);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(list, 0), "status")),
                           "interrupted");
    FILE *const out = fmemopen(text, sizeof text, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    zg_sessions_print(alone, out);
    fflush(out);
    CU_ASSERT_STRING_EQUAL(text, "");
    zg_sessions_print(meta, out);
    fclose(out);
    zg_test_expect_words(text, "note: measured in 2 sessions: ");
    zg_test_expect_words(text, "7 samples");
    json_decref(meta);
    json_decref(alone);
    json_decref(want);
    json_decref(warnings);
}

int main(void)
{
    static const struct zg_test tests[] = {{"kinds of differences", kinds},
                                           {"kernels", kernels},
                                           {"files and mechanisms of cases", cases},
                                           {"one run twice", runs},
                                           {"sessions", sessions},
                                           {NULL, NULL}};
    return zg_test_run("harness/alike", tests);
}
