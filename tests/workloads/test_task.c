/* test_task.c - task files: what they mean, and that nothing doubtful passes. */
#include "workloads/task.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"
#include "tests/workloads/support.h"

#define GOOD_DATA "\"data\": {\"train\": \"t.csv\"}"

static enum zg_status open_text(struct zg_task **out, const char *json, struct zg_error *err)
{
    return zg_task_open_memory(out, "T", json, (int64_t)strlen(json), "dir", err);
}

static void test_full(void)
{
    static const char json[] =
        "{\"name\": \"mine\", \"data\": {\"train\": \"t.tsv\", \"dev\": \"/abs/d.tsv\"}, "
        "\"delimiter\": \"\\t\","
        " \"quote\": \"'\", \"template\": \"{{{a b}}} {c}: \", \"options\": [\" yes\", \" {d}\"], "
        "\"label\": \"gold\","
        " \"labels\": {\"1\": 0, \"x\": \"yes\", \"y\": 1}, \"loss\": \"lm\", \"strip\": false}";
    struct zg_task *task = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(open_text(&task, json, &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(task->name, "mine");
    CU_ASSERT_STRING_EQUAL(task->data[ZG_SPLIT_TRAIN].path, "dir/t.tsv");
    CU_ASSERT_STRING_EQUAL(task->data[ZG_SPLIT_DEV].path, "/abs/d.tsv");
    CU_ASSERT_TRUE(task->format.delimiter == '\t' && task->format.quote == '\'');
    static const struct {
        const char *text;
        bool is_column;
    } parts[] = {{"{", false}, {"a b", true}, {"} ", false}, {"c", true}, {": ", false}};
    CU_ASSERT_EQUAL_FATAL(task->prompt.n_parts, 5);
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_STRING_EQUAL(task->prompt.parts[i].text, parts[i].text);
        CU_ASSERT_EQUAL(task->prompt.parts[i].is_column, parts[i].is_column);
    }
    CU_ASSERT_EQUAL_FATAL(task->n_options, 2);
    CU_ASSERT_EQUAL(task->options[1].n_parts, 2);
    CU_ASSERT_STRING_EQUAL(task->label, "gold");
    CU_ASSERT_EQUAL(task->n_labels, 3);
    for (int64_t i = 0; i < task->n_labels; i++)
        CU_ASSERT_EQUAL(task->labels[i].option, task->labels[i].text[0] == 'y');
    CU_ASSERT_EQUAL(task->loss, ZG_LOSS_LM);
    CU_ASSERT_FALSE(task->strip);
    zg_task_close(&task);
    CU_ASSERT_PTR_NULL(task);
    zg_task_close(&task);
    zg_task_close(NULL);
}

static uint64_t print_of(const char *json)
{
    struct zg_task *task = NULL;
    CU_ASSERT_EQUAL_FATAL(open_text(&task, json, NULL), ZG_OK);
    const uint64_t print = task->fingerprint;
    zg_task_close(&task);
    return print;
}

/* Name and places are others' business; the rest is the task. */
static void test_fingerprint(void)
{
    static const char *const same[] = {
        "{\"name\": \"m\", \"data\": {\"dev\": \"d\"}, \"template\": \"{t}\", \"options\": [\"a\", "
        "\"b\"], \"label\": \"l\"}",
        "{\"label\": \"l\",\n\"options\":[\"a\",\"b\"], \"template\": \"{t}\", \"name\": "
        "\"other\", "
        "\"data\": {\"dev\": \"/x/y\", \"train\": \"z\"}}"};
    static const char *const others[] = {
        "{\"name\": \"m\", \"data\": {\"dev\": \"d\"}, \"template\": \"{t} \", \"options\": "
        "[\"a\", "
        "\"b\"], \"label\": \"l\"}",
        "{\"name\": \"m\", \"data\": {\"dev\": \"d\"}, \"template\": \"{t}\", \"options\": [\"b\", "
        "\"a\"], \"label\": \"l\"}",
        "{\"name\": \"m\", \"data\": {\"dev\": \"d\"}, \"template\": \"{t}\", \"options\": [\"a\", "
        "\"b\"], \"label\": \"l\", \"strip\": false}"};
    CU_ASSERT_EQUAL(print_of(same[0]), print_of(same[1]));
    CU_ASSERT_EQUAL(
        print_of(same[0]),
        print_of("{\"name\": \"m\", \"data\": {\"dev\": \"d\"}, \"template\": \"{t}\", "
                 "\"options\": [\"a\", \"b\"], \"label\": \"l\", \"metric\": \"macro_f1\", "
                 "\"split\": {\"dev\": 3}}"));
    for (int i = 0; i < 3; i++)
        CU_ASSERT_NOT_EQUAL(print_of(same[0]), print_of(others[i]));
}

static void test_defaults(void)
{
    struct zg_task *task = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(
        open_text(&task,
                  "{\"name\": \"m\", " GOOD_DATA
                  ", \"template\": \"{a}\", \"options_from\": [\"x{\", \"y\"], \"label\": \"l\"}",
                  &err),
        ZG_OK);
    CU_ASSERT_TRUE(task->format.delimiter == ',' && task->format.quote == '"');
    CU_ASSERT_TRUE(task->loss == ZG_LOSS_CLASSIFICATION && task->strip);
    CU_ASSERT_PTR_NULL(task->data[ZG_SPLIT_DEV].path);
    CU_ASSERT_TRUE(task->options[0].n_parts == 1 && task->options[0].parts[0].is_column);
    CU_ASSERT_STRING_EQUAL(task->options[0].parts[0].text, "x{");
    zg_task_close(&task);

    CU_ASSERT_EQUAL_FATAL(open_text(&task,
                                    "{\"name\": \"m\", " GOOD_DATA
                                    ", \"quote\": \"\", \"template\": \"{a}\", \"options\": [\" "
                                    "{b}\\n\"], \"loss\": \"lm\"}",
                                    &err),
                          ZG_OK);
    CU_ASSERT_PTR_NULL(task->label);
    CU_ASSERT_EQUAL(task->format.quote, '\0');
    zg_task_close(&task);
}

/* Names of files say how they are written, and a list of them which one is meant. */
static void test_formats(void)
{
    static const struct {
        const char *data, *more;
        enum zg_row_format train, dev;
    } cases[] = {
        {"{\"train\": \"t.csv\", \"dev\": \"d\"}", "", ZG_ROWS_DELIMITED, ZG_ROWS_DELIMITED},
        {"{\"train\": \"t.jsonl\", \"dev\": \"d.json\"}", "", ZG_ROWS_JSON_LINES, ZG_ROWS_JSON},
        {"{\"train\": \"t.ndjson\", \"dev\": \"d.jsonl.tsv\"}", "", ZG_ROWS_JSON_LINES,
         ZG_ROWS_DELIMITED},
        {"{\"train\": \"t.csv\", \"dev\": \"d.json\"}", ", \"format\": \"jsonl\"",
         ZG_ROWS_JSON_LINES, ZG_ROWS_JSON_LINES},
        {"{\"train\": \"t\", \"dev\": \"d.json\"}", ", \"format\": \"json\", \"rows\": \"a[]\"",
         ZG_ROWS_JSON, ZG_ROWS_JSON},
        {"{\"train\": \"t.json\", \"dev\": \"d\"}", ", \"format\": \"csv\", \"quote\": \"\"",
         ZG_ROWS_DELIMITED, ZG_ROWS_DELIMITED},
    };
    char json[512], dir[64];
    struct zg_task *task = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(json, sizeof json,
                 "{\"name\": \"m\", \"data\": %s, \"template\": \"{a}\", \"options\": [\"x\"], "
                 "\"loss\": \"lm\"%s}",
                 cases[i].data, cases[i].more);
        CU_ASSERT_EQUAL_FATAL(open_text(&task, json, NULL), ZG_OK);
        CU_ASSERT_EQUAL(task->data[ZG_SPLIT_TRAIN].format, cases[i].train);
        CU_ASSERT_EQUAL(task->data[ZG_SPLIT_DEV].format, cases[i].dev);
        zg_task_close(&task);
    }
    static const char list[] =
        "{\"name\": \"m\", \"data\": {\"train\": [\"a.json\", \"b.csv\", \"c.jsonl\"]}, "
        "\"template\": \"{a}\", \"options\": [\"x\"], \"loss\": \"lm\"}";
    static const struct {
        const char *made, *path, *others;
        enum zg_row_format format;
    } choices[] = {{NULL, "a.json", "b.csv, c.jsonl", ZG_ROWS_JSON},
                   {"c.jsonl", "c.jsonl", NULL, ZG_ROWS_JSON_LINES},
                   {"b.csv", "b.csv", NULL, ZG_ROWS_DELIMITED}};
    make_temp_dir(dir);
    for (size_t i = 0; i < 3; i++) {
        char want[128];
        if (choices[i].made)
            write_temp_file(dir, choices[i].made, "", 0);
        CU_ASSERT_EQUAL_FATAL(zg_task_open_memory(&task, "T", list, sizeof list - 1, dir, NULL),
                              ZG_OK);
        const struct zg_task_data *const data = &task->data[ZG_SPLIT_TRAIN];
        snprintf(want, sizeof want, "%s/%s", dir, choices[i].path);
        CU_ASSERT_STRING_EQUAL(data->path, want);
        CU_ASSERT_EQUAL(data->format, choices[i].format);
        if (choices[i].others && data->others)
            CU_ASSERT_STRING_EQUAL(data->others, choices[i].others);
        CU_ASSERT_EQUAL(data->others == NULL, choices[i].others == NULL);
        zg_task_close(&task);
    }
    remove_temp_dir(dir);
}

/* Filters of a template, with the columns that they take. */
static void test_filters(void)
{
    struct zg_task *task = NULL;
    CU_ASSERT_EQUAL_FATAL(open_text(&task,
                                    "{\"name\": \"m\", " GOOD_DATA
                                    ", \"template\": \"{q a|strip|fill:b c}{d}\", "
                                    "\"options\": [\"x\"], \"loss\": \"lm\"}",
                                    NULL),
                          ZG_OK);
    CU_ASSERT_EQUAL_FATAL(task->prompt.n_parts, 2);
    const struct zg_task_part *const part = task->prompt.parts;
    CU_ASSERT_STRING_EQUAL(part->text, "q a");
    CU_ASSERT_EQUAL_FATAL(part->n_filters, 2);
    CU_ASSERT_TRUE(part->filters[0].kind == ZG_FILTER_STRIP && !part->filters[0].column);
    CU_ASSERT_EQUAL(part->filters[1].kind, ZG_FILTER_FILL);
    CU_ASSERT_STRING_EQUAL(part->filters[1].column, "b c");
    CU_ASSERT_EQUAL(part[1].n_filters, 0);
    zg_task_close(&task);
}

/* Each value replaces a key of a good task; NULL leaves the key out. */
static void test_hostile(void)
{
    static const struct {
        const char *key, *value, *message;
    } cases[] = {
        {"name", NULL, "\"name\" is missing"},
        {"name", "1", "\"name\" must be a string"},
        {"name", "\"\"", "\"name\" is empty"},
        {"data", NULL, "\"data\" must be an object"},
        {"data", "{}", "\"data\" must be an object"},
        {"data", "[]", "\"data\" must be an object"},
        {"data", "{\"test\": \"x\"}", "unknown key \"test\""},
        {"data", "{\"train\": 1}", "\"train\" must be the path"},
        {"data", "{\"train\": \"\"}", "\"train\" must be the path"},
        {"data", "{\"train\": \"a\", \"train\": \"b\"}", "duplicate"},
        {"delimiter", "\"\"", "\"delimiter\" is ''"},
        {"delimiter", "\"ab\"", "\"delimiter\" is 'ab'"},
        {"delimiter", "\"\xc3\xa9\"", "\"delimiter\" is"},
        {"delimiter", "\"\\n\"", "must differ, and be no line ends"},
        {"delimiter", "\"\\\"\"", "must differ"},
        {"delimiter", "9", "\"delimiter\" must be a string"},
        {"quote", "\",\"", "must differ"},
        {"quote", "\"\\r\"", "no line ends"},
        {"quote", "null", "\"quote\" must be a string"},
        {"template", NULL, "\"template\" is missing"},
        {"template", "3", "\"template\" must be a string"},
        {"template", "\"\"", "\"template\" is empty"},
        {"template", "\"{a\"", "a { must open"},
        {"template", "\"{}\"", "a { must open"},
        {"template", "\"{a{b}\"", "a { must open"},
        {"template", "\"a}\"", "a } that closes nothing"},
        {"options", NULL, "no options"},
        {"options", "[]", "a list of 1 to 1024"},
        {"options", "\" a\"", "a list of 1 to 1024"},
        {"options", "[\" a\", 1]", "\"options\"[1] must be a string"},
        {"options", "[\" a\", \"\"]", "\"options\"[1] must be a string"},
        {"options", "[\" a\", \"a \"]", "option 'a ' is there twice"},
        {"options", "[\" a\", \"{\"]", "\"options\": a { must open"},
        {"options", "[\" a\"]", "two options at least"},
        {"options_from", "[\"x\"]", "exclude each other"},
        {"label", NULL, "\"label\" is missing"},
        {"label", "0", "\"label\" must be a string"},
        {"quote", "\"ab\"", "\"quote\" is 'ab', it must be one byte, or \"\" for no quoting"},
        {"quote", "\"\\n\"", "no line ends"},
        {"delimiter", "\"\\r\"", "no line ends"},
        {"options", "[\" a\", \"{b}\", \"c {d}\", \"  a\"]", "option '  a' is there twice"},
        {"options", "[\" a\", \"{\"]", "a { must open {column}"},
        {"options", "[\" a\", null]", "\"options\"[1] must be a string"},
        {"options", "{}", "a list of 1 to 1024 strings"},
        {"label", "null", "\"label\" must be a string"},
        {"loss", "true", "\"loss\" must be a string"},
        {"loss", "\"LM\"", "\"loss\" is 'LM', it must be \"classification\" or \"lm\""},
        {"strip", "\"yes\"", "\"strip\" must be true or false"},
        {"strip", "null", "\"strip\" must be true or false"},
        {"labels", "{\"x\": 0, \"y\": 2}",
         "'y' must map to an option: its text, or an index 0 .. 1"},
        {"labels", "{\"x\": true}", "'x' must map to an option"},
        {"labels", "[]", "\"labels\" must be an object"},
        {"labels", "{}", "\"labels\" must be an object"},
        {"labels", "{\"x\": 2}", "'x' must map to an option"},
        {"labels", "{\"x\": -1}", "'x' must map to an option"},
        {"labels", "{\"x\": \"no\"}", "'x' must map to an option"},
        {"labels", "{\"x\": 0.5}", "'x' must map to an option"},
        {"loss", "\"mse\"", "\"loss\" is 'mse'"},
        {"loss", "\"clasification\"", "; did you mean 'classification'?"},
        {"data", "{\"trian\": \"x\"}", "; did you mean 'train'?"},
        {"optiens", "[]", "options_from, label, labels, loss and strip; did you mean 'options'?"},
        {"strip", "1", "\"strip\" must be true or false"},
        {"data", "{\"train\": [\"a\", 1]}",
         "\"train\" must be the path of a file, or a list of them"},
        {"data", "{\"train\": []}", "or a list of 1 to 16"},
        {"format", "\"yaml\"", "\"format\" is 'yaml', it must be \"csv\", \"jsonl\" or \"json\""},
        {"format", "\"json1\"", "did you mean"},
        {"format", "\"\"", "\"format\" is ''"},
        {"format", "1", "\"format\" must be a string"},
        {"rows", "\"a[]\"", "\"rows\" is for JSON (.jsonl, .json), and \"data\" has none of it"},
        {"format", "\"json\", \"rows\": 1", "\"rows\" must be a path"},
        {"format", "\"json\", \"rows\": []", "\"rows\" must be a path"},
        {"format", "\"json\", \"delimiter\": \";\"", "\"delimiter\" is for delimited text"},
        {"format", "\"jsonl\", \"quote\": \"\"", "\"quote\" is for delimited text"},
        {"fields", "[]", "\"fields\" must be an object"},
        {"fields", "{}", "\"fields\" must be an object"},
        {"fields", "{\"x\": 1}", "\"fields\": \"x\" must be a column or a path"},
        {"fields", "{\"x\": [\"\"]}", "\"fields\": \"x\" must be a column or a path"},
        {"words", "{\"x\": 1}", "\"words\": 'x' must map to a text"},
        {"words", "{}", "\"words\" must be an object"},
        {"template", "\"{a|}\"", "unknown filter '' of {a}"},
        {"template", "\"{a|lowr}\"", "did you mean 'lower'?"},
        {"template", "\"{a|lower|stirp}\"", "did you mean 'strip'?"},
        {"template", "\"{|lower}\"", "{|lower} names no column"},
        {"template", "\"{a|fill}\"", "filter 'fill' of {a} takes a column, like fill:COLUMN"},
        {"template", "\"{a|fill:}\"", "takes a column"},
        {"template", "\"{a|lower:b}\"", "filter 'lower' of {a} takes no column"},
        {"template", "\"{a|lower:}\"", "takes no column"},
        {"options_each", "{}", "\"options_each\" is for JSON"},
        {"options_each", "{}, \"format\": \"json\"",
         "\"options\" and \"options_each\" exclude each"},
        {"answers", "\"x\"", "\"answers\" are for one option or \"options_each\""},
        {"answers", "1", "\"answers\" must be a string"},
        {"metric", "\"F1\"",
         "\"metric\" is 'F1'; there are accuracy, f1, macro_f1 and exact_match"},
        {"metric", "\"f1\"", "is of a generated text: give \"generate\""},
        {"metric", "\"f1\", \"generate\": 5", "\"generate\" needs \"answers\""},
        {"metric", "3", "\"metric\" must be a string"},
        {"generate", "5", "\"generate\" is for \"metric\" f1 or exact_match, not 'accuracy'"},
        {"generate", "0", "\"generate\" must be a whole number, 1 to 1000000"},
        {"generate", "0.5", "\"generate\" must be a whole number"},
        {"split", "[]", "\"split\" must be an object"},
        {"split", "{\"test\": 1}", "unknown key \"test\"; \"split\" has train, dev and eval"},
        {"split", "{\"and\": 1}", "unknown key \"and\""},
        {"split", "{\"dev\": 0}", "\"dev\" must be a whole number, 1 to 1000000000"},
        {"split", "{\"dev\": 1000000001}", "\"dev\" must be a whole number"},
        {"split", "{\"dev\": \"1\"}", "\"dev\" must be a whole number"},
        {"and", "1", "unknown key \"and\""},
        {"", "1", "unknown key \"\""},
        {"Template", "\"{a}\"", "unknown key \"Template\""},
        {"name", "\"a\", \"name\": \"b\"", "duplicate"},
    };
    static const char *const keys[] = {"name", "data", "template", "options", "label"};
    static const char *const values[] = {"\"m\"", "{\"train\": \"t.csv\"}", "\"{a}\"",
                                         "[\" a\", \" b\"]", "\"l\""};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[1024] = "{";
        bool replaced = false;
        for (size_t k = 0; k < 5; k++) {
            const bool here = strcmp(keys[k], cases[i].key) == 0;
            const char *value = here ? cases[i].value : values[k];
            replaced |= here;
            if (value)
                sprintf(json + strlen(json), "%s\"%s\": %s", json[1] ? ", " : "", keys[k], value);
        }
        if (!replaced)
            sprintf(json + strlen(json), ", \"%s\": %s", cases[i].key, cases[i].value);
        strcat(json, "}");
        struct zg_task *task = NULL;
        struct zg_error err = {0};
        check_failure(open_text(&task, json, &err), ZG_INPUT, &err, cases[i].message);
        CU_ASSERT_EQUAL(strncmp(err.text, "T", 1), 0);
        CU_ASSERT_PTR_NULL(task);
    }
    static const char *const texts[] = {
        "", "[]", "null", "{", "{\"name\": \"\\ud800\"}", "{\"name\": \"\xff\"}", "{} {}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct zg_task *task = NULL;
        struct zg_error err = {0};
        check_failure(open_text(&task, texts[i], &err), ZG_INPUT, &err, "T");
    }
}

/* What a row's own options need; each is a whole task but for name and data. */
static void test_hostile_each(void)
{
    static const struct {
        const char *rest, *message;
    } cases[] = {
        {"\"options_each\": []", "\"options_each\" must be an object"},
        {"\"options_each\": {\"list\": \"a[]\"}", "\"template\" is missing"},
        {"\"options_each\": {\"template\": \"{option}\"}", "\"list\" is missing"},
        {"\"options_each\": {\"list\": \"\", \"template\": \"{option}\"}", "\"list\" is empty"},
        {"\"options_each\": {\"list\": \"a[]\", \"template\": \"{option\"}",
         "\"options_each\": a {"},
        {"\"options_each\": {\"list\": \"a[]\", \"text\": 1, \"template\": \"{option}\"}",
         "\"text\" must be a string"},
        {"\"options_each\": {\"lists\": \"a[]\", \"template\": \"{option}\"}",
         "unknown key \"lists\"; \"options_each\" has list, text and template; did you mean "
         "'list'?"},
        {"\"options_each\": {\"list\": \"a[]\", \"template\": \"{option}\"}",
         "\"options_each\" needs \"answers\""},
        {"\"options_each\": {\"list\": \"a[]\", \"template\": \"{option}\"}, \"label\": \"l\"",
         "\"answers\" says what is right, and no label"},
        {"\"options_each\": {\"list\": \"a[]\", \"template\": \"{option}\"}, \"answers\": \"b[]\", "
         "\"metric\": \"macro_f1\"",
         "\"metric\" 'macro_f1' needs \"options\" that all rows share"},
        {"\"options_from\": [\"a\", \"b\"], \"options_each\": {}",
         "\"options_from\" and \"options_each\" exclude each other"},
        {"\"options\": [\"{a}\"], \"loss\": \"lm\", \"metric\": \"exact_match\", \"answers\": "
         "\"b[]\"",
         "give \"generate\""},
        {"\"options\": [\"{a}\"], \"loss\": \"lm\", \"answers\": \"\"", "\"answers\" is empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[512];
        struct zg_task *task = NULL;
        struct zg_error err = {0};
        snprintf(json, sizeof json,
                 "{\"name\": \"m\", \"data\": {\"train\": \"t.jsonl\"}, \"template\": \"{q}\", %s}",
                 cases[i].rest);
        check_failure(open_text(&task, json, &err), ZG_INPUT, &err, cases[i].message);
        CU_ASSERT_PTR_NULL(task);
    }
}

/* A list of so many options. */
static enum zg_status open_options(int n, struct zg_task **task, struct zg_error *err)
{
    static char json[1024 * 16];
    size_t used =
        (size_t)sprintf(json, "{\"name\": \"m\", " GOOD_DATA
                              ", \"template\": \"{a}\", \"label\": \"l\", \"options\": [");
    for (int i = 0; i < n; i++)
        used += (size_t)sprintf(json + used, "%s\"o%d\"", i ? "," : "", i);
    sprintf(json + used, "]}");
    return open_text(task, json, err);
}

/* As many options, and bytes, as there may be, and one more; options found by their texts among
 * templates; one option alone. */
static void test_just_allowed(void)
{
    struct zg_task *task = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(open_options(1024, &task, &err), ZG_OK);
    CU_ASSERT_EQUAL(task->n_options, 1024);
    zg_task_close(&task);
    check_failure(open_options(1025, &task, &err), ZG_INPUT, &err, "a list of 1 to 1024 strings");
    zg_error_clear(&err);
    check_failure(open_options(1, &task, &err), ZG_INPUT, &err, "two options at least");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL_FATAL(open_options(2, &task, &err), ZG_OK);
    zg_task_close(&task);

    CU_ASSERT_EQUAL_FATAL(
        open_text(
            &task,
            "{\"name\": \"m\", " GOOD_DATA ", \"template\": \"{a}\", \"label\": \"l\", "
            "\"options\": [\"{b}\", \"b {c}\", \" b \"], \"labels\": {\"x\": \"b\", \"y\": 0, "
            "\"z\": 2}, \"strip\": true}",
            &err),
        ZG_OK);
    CU_ASSERT(task->labels[0].option == 2 && task->labels[1].option == 0 &&
              task->labels[2].option == 2 && task->strip);
    zg_task_close(&task);
    /* a single option needs no label; where "labels" is given it does */
    check_failure(open_text(&task,
                            "{\"name\": \"m\", " GOOD_DATA ", \"template\": \"{a}\", \"options\": "
                            "[\"x\"], \"labels\": {\"a\": 0}, \"loss\": \"lm\"}",
                            &err),
                  ZG_INPUT, &err, "\"label\" is missing");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL_FATAL(open_text(&task,
                                    "{\"name\": \"m\", " GOOD_DATA
                                    ", \"template\": \"{a}\", \"options\": [\"x\"], \"label\": "
                                    "\"l\", \"loss\": \"lm\"}",
                                    &err),
                          ZG_OK);
    CU_ASSERT_STRING_EQUAL(task->label, "l");
    zg_task_close(&task);

    char *const large = malloc((size_t)ZG_TASK_MAX_FILE_BYTES + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    memset(large, ' ', (size_t)ZG_TASK_MAX_FILE_BYTES + 1);
    check_failure(zg_task_open_memory(&task, "T", large, ZG_TASK_MAX_FILE_BYTES, ".", &err),
                  ZG_INPUT, &err, "T:1: ");
    zg_error_clear(&err);
    check_failure(zg_task_open_memory(&task, "T", large, ZG_TASK_MAX_FILE_BYTES + 1, ".", &err),
                  ZG_INPUT, &err, "T: 1048577 bytes, a task file has at most 1048576");
    free(large);
}

/* Names of files without a folder, in the root, and too short to be one. */
static void test_names(void)
{
    static const struct {
        const char *name;
        enum zg_status status;
        const char *text;
    } cases[] = {
        {"zogap-absent.json", ZG_INPUT, "zogap-absent.json: No such file"},
        {"/zogap-absent.json", ZG_INPUT, "/zogap-absent.json: No such file"},
        {".json", ZG_USAGE, "task '.json' is unknown"},
        {"a.json", ZG_INPUT, "a.json: No such file"},
        {"json", ZG_USAGE, "task 'json' is unknown"},
        {"", ZG_USAGE,
         "task '' is unknown: give embedded, sst2, rte, boolq, cb, copa, wic, wsc, multirc, "
         "record, "
         "squad, or a file that ends in .json"},
        {"squat", ZG_USAGE, "did you mean 'squad'?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_task *task = NULL;
        struct zg_error err = {0};
        check_failure(zg_task_open(&task, cases[i].name, NULL, &err), cases[i].status, &err,
                      cases[i].text);
    }
}

static void test_open(void)
{
    struct zg_task *task = NULL;
    struct zg_error err = {0};
    check_failure(zg_task_open(&task, "sst3", NULL, &err), ZG_USAGE, &err,
                  "task 'sst3' is unknown");
    zg_error_clear(&err);
    check_failure(zg_task_open(&task, "sst2", NULL, &err), ZG_USAGE, &err,
                  "task 'sst2' needs its data: --data DIR with train.tsv and dev.tsv");
    zg_error_clear(&err);
    check_failure(zg_task_open(&task, "squad", NULL, &err), ZG_USAGE, &err,
                  "--data DIR with train-v1.1.json and dev-v1.1.json");
    zg_error_clear(&err);
    check_failure(zg_task_open(&task, "embedded", "x", &err), ZG_USAGE, &err, "inside the program");
    zg_error_clear(&err);
    check_failure(zg_task_open(&task, "/nonexistent/t.json", NULL, &err), ZG_INPUT, &err,
                  "/nonexistent/t.json");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL_FATAL(zg_task_open(&task, "sst2", "/d", &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(task->data[ZG_SPLIT_DEV].path, "/d/dev.tsv");
    zg_task_close(&task);
    for (int64_t i = 0; zg_task_builtin(i); i++) {
        const char *name = zg_task_builtin(i);
        CU_ASSERT_EQUAL(zg_task_open(&task, name, strcmp(name, "embedded") ? "/d" : NULL, &err),
                        ZG_OK);
        CU_ASSERT_STRING_EQUAL(task->name, name);
        zg_task_close(&task);
    }

    /* a file: data beside it, or where the user says; over the cap it is refused */
    static const char json[] = "{\"name\": \"m\", " GOOD_DATA
                               ", \"template\": \"{a}\", \"options\": [\"x\"], \"loss\": \"lm\"}";
    char dir[64], want[128];
    make_temp_dir(dir);
    write_temp_file(dir, "t.json", json, sizeof json - 1);
    const char *const path = temp_path(dir, "t.json");
    CU_ASSERT_EQUAL_FATAL(zg_task_open(&task, path, NULL, &err), ZG_OK);
    snprintf(want, sizeof want, "%s/t.csv", dir);
    CU_ASSERT_STRING_EQUAL(task->data[ZG_SPLIT_TRAIN].path, want);
    zg_task_close(&task);
    CU_ASSERT_EQUAL_FATAL(zg_task_open(&task, path, "/e", &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(task->data[ZG_SPLIT_TRAIN].path, "/e/t.csv");
    zg_task_close(&task);
    CU_ASSERT_EQUAL(truncate(path, ZG_TASK_MAX_FILE_BYTES + 1), 0);
    check_failure(zg_task_open(&task, path, NULL, &err), ZG_INPUT, &err, "at most 1048576");
    remove_temp_dir(dir);

    enum zg_split split;
    zg_error_clear(&err);
    CU_ASSERT_TRUE(zg_split_parse(&split, "dev", &err) == ZG_OK && split == ZG_SPLIT_DEV);
    check_failure(zg_split_parse(&split, "test", &err), ZG_USAGE, &err, "split 'test'");
}

/* Every ```json block of the user's manual is one task or several, and each must open. */
static void test_manual(void)
{
    enum { CAPACITY = 1 << 16 };
    char *text = malloc(CAPACITY);
    FILE *file = fopen(ZOGAP_SOURCE_DIR "/workloads/README.md", "rb");
    CU_ASSERT_TRUE_FATAL(text != NULL && file != NULL);
    const size_t n = fread(text, 1, CAPACITY - 1, file);
    text[n] = '\0';
    fclose(file);
    int n_tasks = 0;
    for (char *block = text; (block = strstr(block, "```json\n")) != NULL;) {
        char *end = strstr(block += strlen("```json\n"), "```");
        CU_ASSERT_PTR_NOT_NULL_FATAL(end);
        while (block < end && block[strspn(block, " \n")] == '{') {
            json_error_t error;
            json_t *one = json_loadb(block, (size_t)(end - block), JSON_DISABLE_EOF_CHECK, &error);
            CU_ASSERT_PTR_NOT_NULL_FATAL(one);
            json_decref(one);
            struct zg_task *task = NULL;
            struct zg_error err = {0};
            CU_ASSERT_EQUAL(zg_task_open_memory(&task, "T", block, error.position, "dir", &err),
                            ZG_OK);
            if (err.text[0])
                printf("\n    %s\n", err.text);
            zg_task_close(&task);
            block += error.position;
            n_tasks++;
        }
    }
    CU_ASSERT_EQUAL(n_tasks, 5);
    free(text);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"all keys", test_full},
        {"fingerprints", test_fingerprint},
        {"defaults", test_defaults},
        {"forms of data files", test_formats},
        {"filters", test_filters},
        {"hostile JSON", test_hostile},
        {"hostile options of a row's own", test_hostile_each},
        {"just allowed", test_just_allowed},
        {"names", test_names},
        {"built-in tasks and files", test_open},
        {"the tasks of workloads/README.md", test_manual},
        {NULL, NULL},
    };
    return zg_test_run("task", tests);
}
