/*
 * test_tasks.c - the built-in tasks: rows made up for each, with the prompts that the official
 * templates make of them written down; and the official prompts themselves, token by token, where
 * they lie.
 */
#include <jansson.h>
#include <stdlib.h>

#include "tests/support/temp_dir.h"
#include "tests/workloads/characters.h"
#include "tests/workloads/support.h"
#include "workloads/dataset.h"

/* ---- made-up rows ---------------------------------------------------------------------------- */

struct want {
    const char *stem;       /* ^ is BOS */
    const char *options[3]; /* what is scored */
    int64_t gold;
    const char *right;   /* of each option, y or n */
    const char *answers; /* "a;b;" */
};

static const struct made_up {
    const char *task, *file, *text;
    struct want want[3];
} made_up[] = {
    {"sst2",
     "dev.tsv",
     "sentence\tlabel\na \"fine\" film .  \t1\nno\t0\n",
     {{"^a \"fine\" film . It was", {" terrible", " great"}, 1, "ny", ""},
      {"^no It was", {" terrible", " great"}, 0, "yn", ""}}},
    {"rte",
     "val.jsonl",
     "{\"premise\": \"Tea is hot.\", \"hypothesis\": \"Tea is a drink.\", \"label\": "
     "\"not_entailment\", \"idx\": 0}\n"
     "{\"hypothesis\": \"b \", \"premise\": \" a\", \"label\": \"entailment\", \"idx\": 1}\n",
     {{"^Tea is hot.\nDoes this mean that \"Tea is a drink.\" is true? Yes or No?\n",
       {"Yes", "No"},
       1,
       "ny",
       ""},
      {"^a\nDoes this mean that \"b \" is true? Yes or No?\n", {"Yes", "No"}, 0, "yn", ""}}},
    {"boolq",
     "val.jsonl",
     "{\"question\": \"is tea hot\", \"passage\": \"Tea -- It is.\", \"idx\": 0, \"label\": true}\n"
     "{\"question\": \"Is it?\", \"passage\": \"No.\", \"idx\": 1, \"label\": false}\n",
     {{"^Tea -- It is. Is tea hot?\n", {"Yes", "No"}, 0, "yn", ""},
      {"^No. Is it?\n", {"Yes", "No"}, 1, "ny", ""}}},
    {"cb",
     "val.jsonl",
     "{\"premise\": \"it rains.\", \"hypothesis\": \"it is wet\", \"label\": \"neutral\"}\n"
     "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": \"contradiction\"}\n"
     "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": \"entailment\"}\n",
     {{"^Suppose it rains. Can we infer that \"it is wet\"? Yes, No, or Maybe?\n",
       {"Yes", "No", "Maybe"},
       2,
       "nny",
       ""},
      {"^Suppose a Can we infer that \"b\"? Yes, No, or Maybe?\n",
       {"Yes", "No", "Maybe"},
       1,
       "nyn",
       ""},
      {"^Suppose a Can we infer that \"b\"? Yes, No, or Maybe?\n",
       {"Yes", "No", "Maybe"},
       0,
       "ynn",
       ""}}},
    {"copa",
     "val.jsonl",
     "{\"premise\": \"It rained. \", \"choice1\": \"The grass got wet.\", \"choice2\": \"I "
     "stayed.\", \"question\": \"effect\", \"label\": 1, \"idx\": 0}\n"
     "{\"premise\": \"He ran..\", \"choice1\": \"It rained.\", \"choice2\": \"A Dog came.\", "
     "\"question\": \"cause\", \"label\": 0, \"idx\": 1}\n",
     {{"^It rained so", {" the grass got wet.", " I stayed."}, 1, "ny", ""},
      {"^He ran. because", {" it rained.", " a Dog came."}, 0, "yn", ""}}},
    {"wic",
     "val.jsonl",
     "{\"word\": \"cup\", \"sentence1\": \"A cup of tea.\", \"sentence2\": \"He won the cup.\", "
     "\"idx\": 0, \"label\": false, \"start1\": 2, \"start2\": 11, \"end1\": 5, \"end2\": 14}\n",
     {{"^Does the word \"cup\" have the same meaning in these two sentences? Yes, No?\nA cup of "
       "tea.\nHe won the cup.\n",
       {"No", "Yes"},
       0,
       "yn",
       ""}}},
    {"wsc",
     "val.jsonl",
     "{\"text\": \"It fell. He saw the cup.\", \"target\": {\"span1_index\": 4, \"span1_text\": "
     "\"The cup.\", \"span2_index\": 0, \"span2_text\": \"It\"}, \"idx\": 0, \"label\": true}\n"
     "{\"text\": \"Ann saw her.\", \"target\": {\"span1_index\": 0, \"span1_text\": \"Ann\", "
     "\"span2_index\": 2, \"span2_text\": \"her.\"}, \"idx\": 1, \"label\": false}\n",
     {{"^It fell. He saw the cup.\nIn the previous sentence, does the pronoun \"it\" refer to the "
       "cup? Yes or No?\n",
       {"No", "Yes"},
       1,
       "ny",
       ""},
      {"^Ann saw her.\nIn the previous sentence, does the pronoun \"her.\" refer to Ann? Yes or "
       "No?\n",
       {"No", "Yes"},
       0,
       "yn",
       ""}}},
    {"multirc",
     "val.jsonl",
     "{\"idx\": 0, \"version\": 1.1, \"passage\": {\"text\": \"Tea is hot. \", \"questions\": "
     "[{\"question\": \"Is it?\", \"answers\": [{\"text\": \"No\", \"idx\": 0, \"label\": 0}, "
     "{\"text\": \"It is\", \"idx\": 1, \"label\": 1}], \"idx\": 0}, {\"question\": \"What?\", "
     "\"answers\": [{\"text\": \"Tea\", \"idx\": 2, \"label\": 1}], \"idx\": 1}]}}\n",
     {{"^Tea is hot. \nQuestion: Is it?\nI found this answer \"No\". Is that correct? Yes or No?\n",
       {"No", "Yes"},
       0,
       "yn",
       ""},
      {"^Tea is hot. \nQuestion: Is it?\nI found this answer \"It is\". Is that correct? Yes or "
       "No?\n",
       {"No", "Yes"},
       1,
       "ny",
       ""},
      {"^Tea is hot. \nQuestion: What?\nI found this answer \"Tea\". Is that correct? Yes or No?\n",
       {"No", "Yes"},
       1,
       "ny",
       ""}}},
    {"record",
     "val.jsonl",
     "{\"source\": \"x\", \"passage\": {\"text\": \"Bob met Ann.\\n@highlight\\nBob is tall\", "
     "\"entities\": [{\"start\": 24, \"end\": 26}, {\"start\": 0, \"end\": 2}, {\"start\": 8, "
     "\"end\": 10}]}, \"qas\": [{\"query\": \"And @placeholder ran\", \"answers\": [{\"start\": 0, "
     "\"end\": 2, \"text\": \"Bob\"}], \"idx\": 0}, {\"query\": \"@placeholder is @placeholder\", "
     "\"answers\": [{\"start\": 0, \"end\": 2, \"text\": \"Bob\"}, {\"start\": 8, \"end\": 10, "
     "\"text\": \"Ann\"}], \"idx\": 1}], \"idx\": 0}\n",
     {{"^Bob met Ann.\n- Bob is tall\n-", {" And Ann ran", " And Bob ran"}, 1, "ny", "Bob;"},
      {"^Bob met Ann.\n- Bob is tall\n-", {" Ann is Ann", " Bob is Bob"}, 0, "yy", "Bob;Ann;"}}},
    {"squad",
     "dev-v1.1.json",
     "{\"version\": \"1.1\", \"data\": [{\"title\": \"Hot_drinks\", \"paragraphs\": [{\"context\": "
     "\" Tea is hot.\", \"qas\": [{\"id\": \"a\", \"question\": \" What is hot? \", \"answers\": "
     "[{\"text\": \"Tea\", \"answer_start\": 1}, {\"text\": \"the tea\", \"answer_start\": "
     "1}]}]}]}]}",
     {{"^Title: Hot_drinks\nContext:  Tea is hot.\nQuestion: What is hot?\nAnswer:",
       {" Tea\n"},
       0,
       "y",
       "Tea;the tea;"}}},
    {"squad",
     "dev.jsonl",
     "{\"title\": \"T\", \"context\": \"C\", \"question\": \"Q?\", \"answers\": [\"a b\", \"c\"]}\n"
     "{\"title\": \"T\", \"context\": \"C\", \"question\": \"Q?\", \"answers\": {\"text\": "
     "[\"d\"], "
     "\"answer_start\": [0]}}\n",
     {{"^Title: T\nContext: C\nQuestion: Q?\nAnswer:", {" a b\n"}, 0, "y", "a b;c;"},
      {"^Title: T\nContext: C\nQuestion: Q?\nAnswer:", {" d\n"}, 0, "y", "d;"}}},
};
#define N_MADE_UP (sizeof made_up / sizeof *made_up)

static void check_example(const struct zg_dataset *d, int64_t i, const struct want *want)
{
    const struct zg_example *e = &zg_dataset_examples(d)[i];
    int64_t n_answers;
    const char *const *answers = zg_dataset_answers(d, i, &n_answers);
    char joined[128] = "";
    check_characters(e->stem, e->n_stem, want->stem);
    CU_ASSERT_EQUAL_FATAL(e->n_options, (int64_t)strlen(want->right));
    for (int64_t o = 0; o < e->n_options; o++) {
        check_characters(e->options[o].tokens, e->options[o].n_tokens, want->options[o]);
        CU_ASSERT_EQUAL(zg_dataset_right(d, i, o), want->right[o] == 'y');
    }
    CU_ASSERT_EQUAL(e->gold, want->gold);
    for (int64_t a = 0; a < n_answers; a++)
        sprintf(joined + strlen(joined), "%s;", answers[a]);
    CU_ASSERT_STRING_EQUAL(joined, want->answers);
    CU_ASSERT_EQUAL(answers == NULL, n_answers == 0);
}

/* Writes the file, where `folder` is in a folder of that name, and opens it. */
static enum zg_status open_made_up(struct zg_dataset **out, const struct made_up *task,
                                   const char *text, struct zg_error *err)
{
    char dir[64];
    struct zg_tokenizer *tokenizer = open_character_tokenizer();
    make_temp_dir(dir);
    write_temp_file(dir, task->file, text, strlen(text));
    const struct zg_dataset_request request = {.task = task->task,
                                               .data_dir = dir,
                                               .split = ZG_SPLIT_DEV,
                                               .tokenizer = tokenizer,
                                               .max_length = 2048,
                                               .n_vocab = CHARACTERS_N_VOCAB};
    const enum zg_status status = zg_dataset_open(out, &request, err);
    zg_tokenizer_close(&tokenizer);
    remove_temp_dir(dir);
    return status;
}

static void test_made_up(void)
{
    for (size_t t = 0; t < N_MADE_UP; t++) {
        struct zg_dataset *d = NULL;
        struct zg_error err = {0};
        if (open_made_up(&d, &made_up[t], made_up[t].text, &err))
            printf("\n    %s: %s\n", made_up[t].task, err.text);
        CU_ASSERT_PTR_NOT_NULL_FATAL(d);
        int64_t n = 0;
        while (n < 3 && made_up[t].want[n].stem)
            n++;
        CU_ASSERT_EQUAL_FATAL(zg_dataset_n_examples(d), n);
        for (int64_t i = 0; i < n; i++) {
            check_example(d, i, &made_up[t].want[i]);
            CU_ASSERT_EQUAL(zg_dataset_row(d, i), i);
        }
        zg_dataset_close(&d);
    }
}

/* What a broken row says, and where it is. */
static void test_broken(void)
{
    static const struct {
        const char *task, *text, *message;
    } cases[] = {
        {"rte",
         "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": \"entailment\"}\n{\"premise\"",
         "val.jsonl:2: column"},
        {"rte", "{\"premise\": \"a\", \"hypotesis\": \"b\", \"label\": \"entailment\"}\n",
         "val.jsonl:1: the row has no 'hypothesis'; did you mean 'hypotesis'?"},
        {"rte", "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": \"maybe\"}\n",
         "val.jsonl:1: label 'maybe' is not among the keys of \"labels\""},
        {"rte", "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": 0}\n",
         "val.jsonl:1: label '0' is not among"},
        {"boolq", "{\"question\": \"a\", \"passage\": \"b\"}\n",
         "val.jsonl:1: the row has no 'label'"},
        {"copa",
         "{\"premise\": \"a\", \"choice1\": \"b\", \"choice2\": \"c\", \"question\": \"why\", "
         "\"label\": 1}\n",
         "val.jsonl:1: 'why' is not among the keys of \"words\""},
        {"copa",
         "{\"premise\": \"a\", \"choice1\": \"b\", \"choice2\": \"\", \"question\": \"cause\", "
         "\"label\": 1}\n",
         "val.jsonl:1: option 1 adds no token"},
        {"wsc", "{\"text\": \"a\", \"target\": {\"span1_text\": \"a\"}, \"label\": true}\n",
         "val.jsonl:1: the row has no 'target.span2_text'"},
        {"multirc",
         "{\"passage\": {\"text\": \"a\", \"questions\": [{\"question\": \"q\", \"answers\": "
         "[{\"text\": \"b\", \"label\": 0}, {\"text\": \"c\"}]}]}}\n",
         "val.jsonl:1: passage.questions[0].answers[1]: the row has no 'label'"},
        {"multirc", "{\"passage\": {\"text\": \"a\", \"questions\": []}}\n", "val.jsonl: no row"},
        {"multirc", "{\"passage\": {\"text\": \"a\"}}\n",
         "val.jsonl:1: \"rows\" are at 'passage.questions[].answers[]', and there is nothing"},
        {"record",
         "{\"passage\": {\"text\": \"Ann\", \"entities\": []}, \"qas\": [{\"query\": "
         "\"@placeholder\", \"answers\": [{\"text\": \"Ann\"}]}]}\n",
         "val.jsonl:1: qas[0]: 'passage.entities[]' has 0 distinct texts, 1 needed"},
        {"record",
         "{\"passage\": {\"text\": \"Ann\", \"entities\": [{\"start\": 0, \"end\": 3}]}, \"qas\": "
         "[{\"query\": \"@placeholder\", \"answers\": [{\"text\": \"Ann\"}]}]}\n",
         "qas[0]: 'passage.entities[]' needs \"start\" and \"end\""},
        {"record",
         "{\"passage\": {\"text\": \"Ann\", \"entities\": [{\"start\": 0, \"end\": 2}]}, \"qas\": "
         "[{\"query\": \"@placeholder\", \"answers\": [{\"text\": \"Bob\"}]}]}\n",
         "qas[0]: the right answer 'Bob' is not among the row's options"},
        {"record",
         "{\"passage\": {\"text\": \"Ann\", \"entities\": [{\"start\": 0, \"end\": 2}]}, \"qas\": "
         "[{\"query\": \"@placeholder\", \"answers\": []}]}\n",
         "qas[0]: 'answers[].text' has no right answer"},
        {"squad", "{\"title\": \"T\", \"context\": \"C\", \"question\": \"Q?\", \"answers\": []}\n",
         "val.jsonl:1: the row has no 'answers[0].text'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_dataset *d = NULL;
        struct zg_error err = {0};
        const struct made_up task = {.task = cases[i].task, .file = "val.jsonl"};
        check_failure(open_made_up(&d, &task, cases[i].text, &err), ZG_INPUT, &err,
                      cases[i].message);
        CU_ASSERT_PTR_NULL(d);
    }
}

/* Losses, metrics and sizes of the protocol, and the fingerprints of the two older tasks, by which
 * results are told to be of the same. */
static void test_protocol(void)
{
    static const struct {
        const char *name;
        enum zg_loss loss;
        enum zg_task_metric metric;
        int64_t train, dev, eval, max_new_tokens;
        uint64_t fingerprint; /* 0: any */
    } cases[] = {
        {"embedded", ZG_LOSS_CLASSIFICATION, ZG_TASK_ACCURACY, 358, 100, 114, 0,
         UINT64_C(0x8fee2ac3a436967e)},
        {"sst2", ZG_LOSS_CLASSIFICATION, ZG_TASK_ACCURACY, 1000, 500, 1000, 0,
         UINT64_C(0x8fee2ac3a436967e)},
        {"rte", ZG_LOSS_CLASSIFICATION, ZG_TASK_ACCURACY, 1000, 500, 1000, 0, 0},
        {"boolq", ZG_LOSS_CLASSIFICATION, ZG_TASK_ACCURACY, 1000, 500, 1000, 0, 0},
        {"cb", ZG_LOSS_CLASSIFICATION, ZG_TASK_MACRO_F1, 150, 100, 1000, 0, 0},
        {"copa", ZG_LOSS_LM, ZG_TASK_ACCURACY, 300, 100, 1000, 0, 0},
        {"wic", ZG_LOSS_CLASSIFICATION, ZG_TASK_ACCURACY, 1000, 500, 1000, 0, 0},
        {"wsc", ZG_LOSS_CLASSIFICATION, ZG_TASK_ACCURACY, 54, 500, 1000, 0, 0},
        {"multirc", ZG_LOSS_CLASSIFICATION, ZG_TASK_ACCURACY, 1000, 500, 1000, 0, 0},
        {"record", ZG_LOSS_LM, ZG_TASK_ACCURACY, 1000, 500, 1000, 0, 0},
        {"squad", ZG_LOSS_LM, ZG_TASK_F1, 1000, 500, 1000, 50, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_task *task = NULL;
        CU_ASSERT_STRING_EQUAL(zg_task_builtin((int64_t)i), cases[i].name);
        CU_ASSERT_EQUAL_FATAL(zg_task_open(&task, cases[i].name, i ? "/d" : NULL, NULL), ZG_OK);
        CU_ASSERT_EQUAL(task->loss, cases[i].loss);
        CU_ASSERT_EQUAL(task->metric, cases[i].metric);
        CU_ASSERT_TRUE(task->sizes.train == cases[i].train && task->sizes.dev == cases[i].dev &&
                       task->sizes.eval == cases[i].eval);
        CU_ASSERT_EQUAL(task->max_new_tokens, cases[i].max_new_tokens);
        if (cases[i].fingerprint)
            CU_ASSERT_EQUAL(task->fingerprint, cases[i].fingerprint);
        zg_task_close(&task);
    }
    CU_ASSERT_PTR_NULL(zg_task_builtin(11));
}

/* ---- the official prompts -------------------------------------------------------------------- */

enum { MAX_GOLDEN = 8 }; /* prompts of a task */

struct golden {
    const char *name, *task; /* in the golden file, and here */
    const char *dir;         /* of the data; NULL: a temporary one */
    enum zg_split split;
    json_t *rows[MAX_GOLDEN];
    int64_t n;
};

/* The row's sequences, option lengths and right options are those of the golden one. */
static void check_golden(const struct zg_dataset *d, int64_t i, const json_t *golden)
{
    const json_t *ids = json_object_get(golden, "ids"),
                 *lens = json_object_get(golden, "option_len"),
                 *correct = json_object_get(golden, "correct");
    const struct zg_example *e = &zg_dataset_examples(d)[i];
    CU_ASSERT_EQUAL_FATAL(e->n_options, (int64_t)json_array_size(ids));
    CU_ASSERT_EQUAL(e->gold, json_integer_value(json_array_get(correct, 0)));
    int same = 1;
    for (int64_t o = 0; o < e->n_options; o++) {
        const struct zg_option *option = &e->options[o];
        const json_t *want = json_array_get(ids, (size_t)o);
        same &= option->n_tokens == json_integer_value(json_array_get(lens, (size_t)o)) &&
                e->n_stem + option->n_tokens == (int64_t)json_array_size(want);
        for (int64_t t = 0; same && t < e->n_stem + option->n_tokens; t++)
            same &= (t < e->n_stem ? e->stem[t] : option->tokens[t - e->n_stem]) ==
                    json_integer_value(json_array_get(want, (size_t)t));
        int is_right = 0;
        for (size_t c = 0; c < json_array_size(correct); c++)
            is_right |= json_integer_value(json_array_get(correct, c)) == o;
        CU_ASSERT_EQUAL(zg_dataset_right(d, i, o), is_right);
    }
    if (!same)
        printf("\n    %s, row %lld: other tokens\n", zg_dataset_task_name(d),
               (long long)zg_dataset_row(d, i));
    CU_ASSERT_TRUE(same);
}

static void check_task(struct golden *g, const char *dir, const struct zg_tokenizer *tokenizer)
{
    int64_t ids[MAX_GOLDEN];
    for (int64_t i = 0; i < g->n; i++)
        ids[i] = json_integer_value(json_object_get(g->rows[i], "row"));
    const struct zg_dataset_request request = {.task = g->task,
                                               .data_dir = dir,
                                               .split = g->split,
                                               .bos = ZG_BOS_OFFICIAL,
                                               .tokenizer = tokenizer,
                                               .max_length = 2048,
                                               .n_vocab = 50272,
                                               .rows = ids,
                                               .n_rows = g->n};
    struct zg_dataset *d = NULL;
    struct zg_error err = {0};
    if (zg_dataset_open(&d, &request, &err))
        printf("\n    %s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    CU_ASSERT_EQUAL_FATAL(zg_dataset_n_examples(d), g->n);
    for (int64_t i = 0; i < g->n; i++) {
        CU_ASSERT_EQUAL(zg_dataset_row(d, i), ids[i]);
        check_golden(d, i, g->rows[i]);
    }
    zg_dataset_close(&d);
}

static void append_file(FILE *out, const char *name)
{
    char bytes[4096];
    FILE *const in = fopen(zg_test_data(name), "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, in)) > 0;)
        CU_ASSERT_EQUAL(fwrite(bytes, 1, n, out), n);
    fclose(in);
}

/* The golden rows of ReCoRD are those of both small files; those of SQuAD are the ones that have an
 * answer, as all of v1.1 have. */
static void make_record(const char *dir)
{
    FILE *const out = fopen(temp_path(dir, "val.jsonl"), "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    append_file(out, "superglue/ReCoRD/train32.jsonl");
    append_file(out, "superglue/ReCoRD/dev32.jsonl");
    fclose(out);
}

static void make_squad(const char *dir)
{
    json_t *const root = json_load_file(zg_test_data("squad/cs224n-dev-v2.0.json"), 0, NULL),
                  *article, *paragraph;
    size_t a, p;
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    json_array_foreach(json_object_get(root, "data"), a, article)
        json_array_foreach(json_object_get(article, "paragraphs"), p, paragraph)
    {
        json_t *const list = json_object_get(paragraph, "qas");
        for (size_t q = json_array_size(list); q-- > 0;)
            if (json_array_size(json_object_get(json_array_get(list, q), "answers")) == 0)
                json_array_remove(list, q);
    }
    CU_ASSERT_EQUAL(json_dump_file(root, temp_path(dir, "dev-v1.1.json"), 0), 0);
    json_decref(root);
}

static void read_golden(struct golden *tasks, size_t n)
{
    FILE *file = fopen(zg_test_data("templates/golden_prompts.jsonl"), "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, file) > 0) {
        json_t *row = json_loads(line, 0, NULL);
        const char *name = json_string_value(json_object_get(row, "task"));
        size_t t = 0;
        while (t < n && strcmp(tasks[t].name, name) != 0)
            t++;
        CU_ASSERT_TRUE_FATAL(t < n && tasks[t].n < MAX_GOLDEN);
        tasks[t].rows[tasks[t].n++] = row;
    }
    free(line);
    fclose(file);
}

static void test_official(void)
{
    struct golden tasks[] = {
        {.name = "SST2", .task = "sst2", .dir = "sst2"},
        {.name = "RTE", .task = "rte", .dir = "superglue/RTE"},
        {.name = "CB", .task = "cb", .dir = "superglue"}, /* CB/val.jsonl is found there too */
        {.name = "BoolQ", .task = "boolq", .dir = "superglue/BoolQ"},
        {.name = "WSC", .task = "wsc", .dir = "superglue/WSC"},
        {.name = "WIC", .task = "wic", .dir = "superglue/WiC"},
        {.name = "MultiRC", .task = "multirc", .dir = "superglue/MultiRC"},
        {.name = "Copa", .task = "copa", .dir = "superglue/COPA"},
        {.name = "ReCoRD", .task = "record"},
        {.name = "SQuAD", .task = "squad"},
    };
    enum { N = sizeof tasks / sizeof *tasks };
    const char *found = zg_test_data("opt-tokenizer/vocab.json");
    if (!found)
        return;
    char data[4096], dir[4200], temp[64];
    snprintf(data, sizeof data, "%.*s", (int)(strrchr(found, '/') - found), found);
    struct zg_tokenizer *tokenizer = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_tokenizer_open(&tokenizer, data, NULL), ZG_OK);
    read_golden(tasks, N);
    make_temp_dir(temp);
    make_record(temp);
    make_squad(temp);
    int64_t n = 0;
    for (size_t t = 0; t < N; t++) {
        tasks[t].split = ZG_SPLIT_DEV;
        if (tasks[t].dir)
            snprintf(dir, sizeof dir, "%.*s/%s", (int)(strrchr(data, '/') - data), data,
                     tasks[t].dir);
        else
            snprintf(dir, sizeof dir, "%s", temp);
        check_task(&tasks[t], dir, tokenizer);
        n += tasks[t].n;
        for (int64_t i = 0; i < tasks[t].n; i++)
            json_decref(tasks[t].rows[i]);
    }
    CU_ASSERT_EQUAL(n, 50);
    remove_temp_dir(temp);
    zg_tokenizer_close(&tokenizer);
}

/* Every row of the sets that lie there is read: their numbers are the published ones. */
static void test_all_rows(void)
{
    static const struct {
        const char *task, *dir;
        enum zg_split split;
        int64_t n;
    } cases[] = {
        {"rte", "superglue", ZG_SPLIT_TRAIN, 2490},   {"rte", "superglue", ZG_SPLIT_DEV, 277},
        {"boolq", "superglue", ZG_SPLIT_DEV, 3270},   {"cb", "superglue", ZG_SPLIT_TRAIN, 250},
        {"cb", "superglue", ZG_SPLIT_DEV, 56},        {"copa", "superglue", ZG_SPLIT_DEV, 100},
        {"wic", "superglue", ZG_SPLIT_DEV, 638},      {"wsc", "superglue", ZG_SPLIT_DEV, 104},
        {"multirc", "superglue", ZG_SPLIT_DEV, 4848},
    };
    const char *found = zg_test_data("superglue/RTE/val.jsonl");
    if (!found)
        return;
    char data[4096], dir[4200];
    snprintf(data, sizeof data, "%.*s", (int)(strlen(found) - strlen("superglue/RTE/val.jsonl")),
             found);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_task *task = NULL;
        struct zg_error err = {0};
        int64_t n = 0;
        snprintf(dir, sizeof dir, "%s%s", data, cases[i].dir);
        CU_ASSERT_EQUAL_FATAL(zg_task_open(&task, cases[i].task, dir, &err), ZG_OK);
        CU_ASSERT_EQUAL(zg_dataset_count_rows(task, cases[i].split, &n, &err), ZG_OK);
        if (n != cases[i].n)
            printf("\n    %s: %lld rows\n", cases[i].task, (long long)n);
        CU_ASSERT_EQUAL(n, cases[i].n);
        zg_task_close(&task);
    }
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"rows made up for each task", test_made_up},
        {"broken rows", test_broken},
        {"losses, metrics, sizes, fingerprints", test_protocol},
        {"the official prompts", test_official},
        {"all rows of the sets", test_all_rows},
        {NULL, NULL},
    };
    return zg_test_run("tasks", tests);
}
