/* test_dataset.c - rows to examples: labels, options, limits, messages; SST-2 against its published
 * token lengths. */
#include "workloads/dataset.h"

#include <math.h>
#include <time.h>

#include "tests/support/temp_dir.h"
#include "tests/workloads/characters.h"
#include "tests/workloads/support.h"

/* Opens `csv` under `json`, whose data is in t.csv. */
static enum zg_status open_rows(struct zg_dataset **out, const char *json, const char *csv,
                                struct zg_dataset_request request, struct zg_error *err)
{
    char dir[64];
    struct zg_task *task = NULL;
    struct zg_tokenizer *tokenizer = open_character_tokenizer();
    make_temp_dir(dir);
    write_temp_file(dir, "t.csv", csv, strlen(csv));
    request.tokenizer = tokenizer;
    enum zg_status status = zg_task_open_memory(&task, "T", json, (int64_t)strlen(json), dir, err);
    if (!status)
        status = zg_dataset_open_task(out, task, &request, err);
    zg_task_close(&task);
    zg_tokenizer_close(&tokenizer);
    remove_temp_dir(dir);
    return status;
}

static const struct zg_dataset_request plain = {
    .split = ZG_SPLIT_TRAIN, .max_length = 64, .n_vocab = CHARACTERS_N_VOCAB};

#define HEAD "{\"name\": \"m\", \"data\": {\"train\": \"t.csv\"}, \"template\": \"{s}:\", "
#define HEAD2                                                                                      \
    "{\"name\": \"m\", \"data\": {\"train\": \"t.csv\"}, \"template\": \"{txt}:\", \"options\": "  \
    "[\" n\", \" yy\"], \"label\": \"label\""
#define TWO HEAD "\"options\": [\" n\", \" yy\"], \"label\": \"l\""

static void test_examples(void)
{
    struct zg_dataset *d = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(open_rows(&d, TWO "}", "l,s\n1, ab \n\n0,c\nyy,\"d,\re\"\n", plain, &err),
                          ZG_INPUT);
    check_failure(err.status, ZG_INPUT, &err,
                  "t.csv:5: byte 0x0d at byte 2 of the text has no token");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL_FATAL(open_rows(&d, TWO "}", "l,s\n1, ab \n\n0,c\nyy,\"d, e\"\n", plain, &err),
                          ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_dataset_n_examples(d), 3);
    CU_ASSERT_EQUAL(zg_dataset_loss(d), ZG_LOSS_CLASSIFICATION);
    CU_ASSERT_STRING_EQUAL(zg_dataset_task_name(d), "m");
    static const struct {
        const char *stem;
        int64_t gold;
    } want[] = {{"^ab:", 1}, {"^c:", 0}, {"^d, e:", 1}};
    for (int64_t i = 0; i < 3; i++) {
        const struct zg_example *e = &zg_dataset_examples(d)[i];
        check_characters(e->stem, e->n_stem, want[i].stem);
        CU_ASSERT_EQUAL_FATAL(e->n_options, 2);
        check_characters(e->options[0].tokens, e->options[0].n_tokens, " n");
        check_characters(e->options[1].tokens, e->options[1].n_tokens, " yy");
        CU_ASSERT_EQUAL(e->gold, want[i].gold);
    }
    const struct zg_batch slice = zg_dataset_slice(d, 1, 2);
    CU_ASSERT_TRUE(slice.n_examples == 2 && slice.examples == zg_dataset_examples(d) + 1 &&
                   slice.pad_id == ZG_TOKEN_PAD);
    /* ^ab: yy, ^c: n, ^d, e: yy = 7, 5, 9 tokens */
    struct zg_dataset_stats stats;
    CU_ASSERT_EQUAL(zg_dataset_stats(d, &stats, &err), ZG_OK);
    CU_ASSERT_TRUE(stats.n_examples == 3 && stats.p50_tokens == 7 && stats.p95_tokens == 9 &&
                   stats.max_tokens == 9);
    CU_ASSERT_DOUBLE_EQUAL(stats.mean_tokens, 7.0, 0.0);
    zg_dataset_close(&d);
    CU_ASSERT_PTR_NULL(d);
    zg_dataset_close(&d);
    zg_dataset_close(NULL);
}

static uint64_t data_print(const char *csv, int64_t limit)
{
    struct zg_dataset *d = NULL;
    struct zg_dataset_request request = plain;
    request.limit = limit;
    CU_ASSERT_EQUAL_FATAL(open_rows(&d, TWO "}", csv, request, NULL), ZG_OK);
    const uint64_t print = zg_dataset_fingerprints(d)->data;
    CU_ASSERT_NOT_EQUAL(zg_dataset_fingerprints(d)->task, 0);
    CU_ASSERT_NOT_EQUAL(zg_dataset_fingerprints(d)->tokenizer, 0);
    zg_dataset_close(&d);
    return print;
}

/* Cells count, of the rows that were read; how the file ends its lines does not. */
static void test_fingerprint(void)
{
    const uint64_t print = data_print("l,s\n1,ab\n0,c\n", 0);
    CU_ASSERT_EQUAL(data_print("l,s\r\n1,ab\r\n\r\n0,\"c\"", 0), print);
    CU_ASSERT_EQUAL(data_print("l,s\n1,ab\n0,c\n0,d\n", 2), print);
    CU_ASSERT_NOT_EQUAL(data_print("l,s\n1,ab\n0,c\n0,d\n", 0), print);
    CU_ASSERT_NOT_EQUAL(data_print("l,s\n1,ab\n1,c\n", 0), print); /* a label */
    CU_ASSERT_NOT_EQUAL(data_print("l,s\n0,c\n1,ab\n", 0), print); /* the order */
    CU_ASSERT_NOT_EQUAL(data_print("s,l\nab,1\nc,0\n", 0), print); /* the columns */
    CU_ASSERT_NOT_EQUAL(data_print("l,s\n1,a\n0,bc\n", 0), print); /* where a cell ends */
}

static void test_forms(void)
{
    struct zg_dataset *d = NULL;
    struct zg_error err = {0};
    /* options from columns, their text as label */
    CU_ASSERT_EQUAL_FATAL(
        open_rows(&d, HEAD "\"options_from\": [\"x\", \"y\"], \"label\": \"l\", \"loss\": \"lm\"}",
                  "s,x,y,l\na,p,qr,qr\nb,0,1,1\n", plain, &err),
        ZG_OK);
    CU_ASSERT_EQUAL(zg_dataset_loss(d), ZG_LOSS_LM);
    check_characters(zg_dataset_examples(d)[0].options[1].tokens,
                     zg_dataset_examples(d)[0].options[1].n_tokens, "qr");
    CU_ASSERT_EQUAL(zg_dataset_examples(d)[0].gold, 1);
    CU_ASSERT_EQUAL(zg_dataset_examples(d)[1].gold, 1);
    zg_dataset_close(&d);
    /* one option, made from a column; strip off keeps the blanks inside */
    CU_ASSERT_EQUAL_FATAL(
        open_rows(&d, HEAD "\"options\": [\" {y}.\"], \"loss\": \"lm\", \"strip\": false}",
                  "s,y\n a , b \n", plain, &err),
        ZG_OK);
    check_characters(zg_dataset_examples(d)[0].stem, zg_dataset_examples(d)[0].n_stem, "^a :");
    check_characters(zg_dataset_examples(d)[0].options[0].tokens,
                     zg_dataset_examples(d)[0].options[0].n_tokens, "  b .");
    zg_dataset_close(&d);
    /* labels map, limit, another BOS */
    struct zg_dataset_request request = plain;
    request.limit = 1;
    request.bos = ZG_BOS_STOCK;
    CU_ASSERT_EQUAL_FATAL(open_rows(&d, TWO ", \"labels\": {\"0\": \"yy\", \"neg\": 0}}",
                                    "s,l\na,0\nb,never read\n", request, &err),
                          ZG_OK);
    CU_ASSERT_EQUAL(zg_dataset_n_examples(d), 1);
    CU_ASSERT_EQUAL(zg_dataset_examples(d)[0].gold, 1);
    CU_ASSERT_EQUAL(zg_dataset_examples(d)[0].stem[0], 2);
    zg_dataset_close(&d);
    /* the prompt alone: no label is read */
    request = plain;
    request.objective = ZG_OBJECTIVE_LM_PROMPT;
    CU_ASSERT_EQUAL_FATAL(open_rows(&d, TWO "}", "s\nab\n", request, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_dataset_loss(d), ZG_LOSS_LM);
    check_characters(zg_dataset_examples(d)[0].stem, zg_dataset_examples(d)[0].n_stem, "^");
    check_characters(zg_dataset_examples(d)[0].options[0].tokens,
                     zg_dataset_examples(d)[0].options[0].n_tokens, "ab:");
    zg_dataset_close(&d);
}

static void test_hostile(void)
{
    static const struct {
        const char *json, *csv, *message;
    } cases[] = {
        {TWO "}", "s,x\na,1\n", "t.csv: task 'm' needs column 'l'"},
        {TWO "}", "x,l\na,1\n", "t.csv: task 'm' needs column 's', the header has 2: 'x', 'l'"},
        {HEAD2 "}", "the text,label,id\na,n,1\n",
         "needs column 'txt', the header has 3: 'the text', 'label', 'id'"},
        {HEAD2 "}", "id,text,label\n1,a,n\n", "'label'; did you mean 'text'?"},
        {HEAD "\"options\": [\" never\", \" always\"], \"label\": \"l\", "
              "\"labels\": {\"x\": \"alway\"}}",
         "s,l\na,x\n", "or an index 0 .. 1; did you mean 'always'?"},
        {TWO ", \"labels\": {\"never\": 0, \"always\": 1}}", "s,l\na,Alway\n",
         "label 'Alway' is not among the keys of \"labels\"; did you mean 'always'?"},
        {TWO "}", "s,l\n", "t.csv: no row"},
        {TWO "}", "", "t.csv: empty"},
        {TWO "}", "s,l\na,1\nb\n", "t.csv:3: 1 field"},
        {TWO "}", "s,l\na,1\nb,\"1\n", "t.csv:3: the file ends inside"},
        {TWO "}", "s,l\na,2\n", "t.csv:2: label '2' is not among the options"},
        {TWO "}", "s,l\na,-1\n", "t.csv:2: label '-1' is not among"},
        {TWO "}", "s,l\na,\n", "t.csv:2: label '' is not among"},
        {TWO "}", "s,l\na,99999999999999999999\n",
         "t.csv:2: label '99999999999999999999' is not among"},
        {TWO ", \"labels\": {\"x\": 0}}", "s,l\na,x\nb,1\n",
         "t.csv:3: label '1' is not among the keys"},
        {HEAD "\"options\": [\" 1\", \" 0\"], \"label\": \"l\"}", "s,l\na,1\n",
         "t.csv:2: label '1' is the text of option 0 and the index"},
        {HEAD "\"options_from\": [\"x\", \"y\"], \"label\": \"l\"}", "s,x,y,l\na,p,p,p\n",
         "t.csv:2: label 'p' is the text of options 0 and 1"},
        {HEAD "\"options_from\": [\"x\", \"y\"], \"label\": \"l\"}", "s,x,y,l\na,p,,0\n",
         "t.csv:2: option 1 adds no token"},
        {HEAD "\"options_from\": [\"x\", \"z\"], \"label\": \"l\"}", "s,x,y,l\na,p,q,0\n",
         "needs column 'z'"},
        {TWO "}", "s,l\na,1\n0123456789012345678901234567890123456789012345678901234567890123,1\n",
         "t.csv:3: a sequence of 68 tokens, the model takes at most 64"},
        {TWO "}", "s,l\na\xff,1\n", "t.csv:2: invalid UTF-8 at byte 1"},
        {TWO "}", "s,l\n\xc3\xa9,1\n", "t.csv:2: byte 0xc3 at byte 0 of the text has no token"},
        {TWO "}", "s,l\n~,1\n", ""}, /* the last id of the vocabulary: good */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_dataset *d = NULL;
        struct zg_error err = {0};
        const enum zg_status status = open_rows(&d, cases[i].json, cases[i].csv, plain, &err);
        if (*cases[i].message)
            check_failure(status, ZG_INPUT, &err, cases[i].message);
        else
            CU_ASSERT_EQUAL(status, ZG_OK);
        CU_ASSERT_EQUAL(d == NULL, status != ZG_OK);
        zg_dataset_close(&d);
    }
    struct zg_dataset *d = NULL;
    struct zg_error err = {0};
    struct zg_dataset_request request = plain;
    request.n_vocab = 98;
    check_failure(open_rows(&d, TWO "}", "s,l\na,1\n~,1\n", request, &err), ZG_INPUT, &err,
                  "t.csv:3: token id 98");
    zg_error_clear(&err);
    request = plain;
    request.split = ZG_SPLIT_DEV;
    check_failure(open_rows(&d, TWO "}", "s,l\na,1\n", request, &err), ZG_USAGE, &err,
                  "no split 'dev'");
    zg_error_clear(&err);
    request = plain;
    request.limit = -1;
    check_failure(open_rows(&d, TWO "}", "s,l\na,1\n", request, &err), ZG_USAGE, &err,
                  "limit of -1");
    zg_error_clear(&err);
    request = plain;
    request.bos = CHARACTERS_N_VOCAB;
    check_failure(open_rows(&d, TWO "}", "s,l\na,1\n", request, &err), ZG_USAGE, &err,
                  "BOS token 100");
}

static void test_names(void)
{
    static const struct {
        const char *text;
        int32_t id; /* -2: refused */
    } cases[] = {{"official", 0}, {"stock", 2}, {"none", -1}, {"7", 7},
                 {"-1", -2},      {"", -2},     {"x", -2},    {"1234567890", -2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t id = -2;
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(zg_bos_parse(&id, cases[i].text, &err),
                        cases[i].id == -2 ? ZG_USAGE : ZG_OK);
        CU_ASSERT_EQUAL(id, cases[i].id);
    }
    CU_ASSERT_STRING_EQUAL(zg_objective_name(ZG_OBJECTIVE_TASK), "task");
    CU_ASSERT_STRING_EQUAL(zg_objective_name(ZG_OBJECTIVE_LM_PROMPT), "lm-prompt");
}

/* ---- rows of one's choice, several right answers, cutting ------------------------------------ */

static void test_chosen_rows(void)
{
    static const char csv[] = "l,s\n1,a\n0,b\nnever read,c\n0,d\n";
    static const int64_t rows[] = {1, 3}, beyond[] = {1, 4}, twice[] = {1, 1}, negative[] = {-1};
    struct zg_dataset *d = NULL;
    struct zg_error err = {0};
    struct zg_dataset_request request = plain;
    request.rows = rows;
    request.n_rows = 2;
    CU_ASSERT_EQUAL_FATAL(open_rows(&d, TWO "}", csv, request, &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_dataset_n_examples(d), 2);
    check_characters(zg_dataset_examples(d)[0].stem, 3, "^b:");
    check_characters(zg_dataset_examples(d)[1].stem, 3, "^d:");
    CU_ASSERT_TRUE(zg_dataset_row(d, 0) == 1 && zg_dataset_row(d, 1) == 3);
    CU_ASSERT_TRUE(zg_dataset_find_row(d, 1) == 0 && zg_dataset_find_row(d, 3) == 1);
    CU_ASSERT_TRUE(zg_dataset_find_row(d, 0) == -1 && zg_dataset_find_row(d, 2) == -1 &&
                   zg_dataset_find_row(d, 4) == -1 && zg_dataset_find_row(d, -1) == -1);
    CU_ASSERT_TRUE(zg_dataset_right(d, 0, 0) && !zg_dataset_right(d, 0, 1));
    /* the file is read to its end, so its fingerprint is that of all its rows */
    const uint64_t print = zg_dataset_fingerprints(d)->data;
    zg_dataset_close(&d);
    request.n_rows = 1;
    CU_ASSERT_EQUAL_FATAL(open_rows(&d, TWO "}", csv, request, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_dataset_fingerprints(d)->data, print);
    zg_dataset_close(&d);
    request.n_rows = 0;
    check_failure(open_rows(&d, TWO "}", csv, request, &err), ZG_USAGE, &err, "no row is asked");
    zg_error_clear(&err);
    request.n_rows = 2;
    request.rows = beyond;
    check_failure(open_rows(&d, TWO "}", csv, request, &err), ZG_USAGE, &err,
                  "row 4 is wanted, and the data has 4");
    zg_error_clear(&err);
    request.rows = twice;
    check_failure(open_rows(&d, TWO "}", csv, request, &err), ZG_USAGE, &err, "row ids ascend");
    zg_error_clear(&err);
    request.rows = negative;
    request.n_rows = 1;
    check_failure(open_rows(&d, TWO "}", csv, request, &err), ZG_USAGE, &err, "row ids ascend");
    zg_error_clear(&err);
    request.rows = rows;
    request.limit = 1;
    check_failure(open_rows(&d, TWO "}", csv, request, &err), ZG_USAGE, &err, "no limit");
}

/* Delimited text has the same filters, names and answers as JSON. */
static void test_more_of_rows(void)
{
    struct zg_dataset *d = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(
        open_rows(&d,
                  "{\"name\": \"m\", \"data\": {\"train\": \"t.csv\"}, \"template\": "
                  "\"{{{q|ask|capital}{k|word} {w|fill:k}\", \"fields\": {\"q\": [\"Q\", "
                  "\"question\"]}, \"words\": {\"x\": \"so\", \"y\": \"because\"}, "
                  "\"options\": [\" {a}\"], \"answers\": \"a\", \"loss\": \"lm\"}",
                  "question,k,w,a\nis it,y,<@placeholder>, b \n", plain, &err),
        ZG_OK);
    check_characters(zg_dataset_examples(d)[0].stem, zg_dataset_examples(d)[0].n_stem,
                     "^{Is it?because <y>");
    int64_t n = 0;
    const char *const *answers = zg_dataset_answers(d, 0, &n);
    CU_ASSERT_EQUAL_FATAL(n, 1);
    CU_ASSERT_STRING_EQUAL(answers[0], " b ");
    CU_ASSERT_TRUE(zg_dataset_right(d, 0, 0));
    zg_dataset_close(&d);
}

/* BOS, and the last tokens, for the same stem before options of any length. */
static void test_truncate(void)
{
    struct zg_dataset *d = NULL;
    struct zg_error err = {0};
    struct zg_dataset_request request = plain;
    request.max_length = 8;
    check_failure(open_rows(&d, TWO "}", "s,l\na,1\nabcdef,1\n", request, &err), ZG_INPUT, &err,
                  "t.csv:3: a sequence of 10 tokens, the model takes at most 8; --truncate left");
    zg_error_clear(&err);
    request.truncate = ZG_TRUNCATE_LEFT;
    CU_ASSERT_EQUAL_FATAL(open_rows(&d, TWO "}", "s,l\na,1\nabcdef,1\n", request, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_dataset_n_truncated(d), 1);
    check_characters(zg_dataset_examples(d)[0].stem, zg_dataset_examples(d)[0].n_stem, "^a:");
    check_characters(zg_dataset_examples(d)[1].stem, zg_dataset_examples(d)[1].n_stem, "^def:");
    check_characters(zg_dataset_examples(d)[1].options[0].tokens, 2, " n");
    check_characters(zg_dataset_examples(d)[1].options[1].tokens, 3, " yy");
    zg_dataset_close(&d);
    request.objective = ZG_OBJECTIVE_LM_PROMPT;
    request.max_length = 4;
    CU_ASSERT_EQUAL_FATAL(open_rows(&d, TWO "}", "s,l\na,1\nabcdef,1\n", request, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_dataset_n_truncated(d), 1);
    check_characters(zg_dataset_examples(d)[1].options[0].tokens,
                     zg_dataset_examples(d)[1].options[0].n_tokens, "ef:");
    zg_dataset_close(&d);
    /* room for what is generated */
    static const char json[] = HEAD "\"options\": [\" {a}\"], \"answers\": \"a\", \"loss\": "
                                    "\"lm\", \"metric\": \"f1\", \"generate\": 5}";
    request = plain;
    request.truncate = ZG_TRUNCATE_LEFT;
    request.max_length = 12;
    CU_ASSERT_EQUAL_FATAL(open_rows(&d, json, "s,a\nabcdef,b\n", request, &err), ZG_OK);
    check_characters(zg_dataset_examples(d)[0].stem, zg_dataset_examples(d)[0].n_stem, "^def:");
    CU_ASSERT_EQUAL(zg_dataset_max_new_tokens(d), 5);
    CU_ASSERT_EQUAL(zg_dataset_metric(d), ZG_TASK_F1);
    CU_ASSERT_EQUAL(zg_dataset_sizes(d).dev, 500);
    zg_dataset_close(&d);
    request.max_length = 6;
    check_failure(open_rows(&d, json, "s,a\nabcdef,b\n", request, &err), ZG_INPUT, &err,
                  "generates up to 5 tokens, and the model takes 6");
    CU_ASSERT_STRING_EQUAL(zg_truncate_name(ZG_TRUNCATE_REFUSE), "refuse");
    CU_ASSERT_STRING_EQUAL(zg_truncate_name(ZG_TRUNCATE_LEFT), "left");
}

/* All of SST-2 with OPT's tokenizer, against lengths measured with the official tokenizer. */
static void test_sst2(void)
{
    static const struct {
        enum zg_split split;
        int64_t n, n_positive, p50, p95, max;
        double mean; /* published to one decimal */
    } cases[] = {{ZG_SPLIT_TRAIN, 67349, 37569, 12, 35, 68, 15.4},
                 {ZG_SPLIT_DEV, 872, 444, 0, 46, 64, 27.0}};
    const char *found = zg_test_data("sst2/train.tsv");
    if (!found)
        return;
    char data[4096], vocab[4200];
    snprintf(data, sizeof data, "%.*s", (int)(strrchr(found, '/') - found), found);
    snprintf(vocab, sizeof vocab, "%s/../opt-tokenizer", data);
    struct zg_tokenizer *tokenizer = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_tokenizer_open(&tokenizer, vocab, NULL), ZG_OK);
    for (size_t i = 0; i < 2; i++) {
        struct zg_dataset *d = NULL;
        struct zg_error err = {0};
        const struct zg_dataset_request request = {.task = "sst2",
                                                   .data_dir = data,
                                                   .split = cases[i].split,
                                                   .tokenizer = tokenizer,
                                                   .max_length = 2048,
                                                   .n_vocab = 50272};
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        CU_ASSERT_EQUAL_FATAL(zg_dataset_open(&d, &request, &err), ZG_OK);
        clock_gettime(CLOCK_MONOTONIC, &end);
        printf("%s: %.3f s; ", zg_split_name(cases[i].split),
               (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec));
        struct zg_dataset_stats stats;
        CU_ASSERT_EQUAL(zg_dataset_stats(d, &stats, &err), ZG_OK);
        CU_ASSERT_EQUAL(stats.n_examples, cases[i].n);
        CU_ASSERT_DOUBLE_EQUAL(stats.mean_tokens, cases[i].mean, 0.05);
        if (cases[i].p50)
            CU_ASSERT_EQUAL(stats.p50_tokens, cases[i].p50);
        CU_ASSERT_EQUAL(stats.p95_tokens, cases[i].p95);
        CU_ASSERT_EQUAL(stats.max_tokens, cases[i].max);
        int64_t n_positive = 0;
        for (int64_t k = 0; k < stats.n_examples; k++) {
            const struct zg_example *e = &zg_dataset_examples(d)[k];
            n_positive += e->gold;
            CU_ASSERT_TRUE_FATAL(e->n_options == 2 && e->options[0].n_tokens == 1 &&
                                 e->options[1].n_tokens == 1);
            CU_ASSERT_TRUE_FATAL(e->options[0].tokens[0] == 6587 && e->options[1].tokens[0] == 372);
        }
        CU_ASSERT_EQUAL(n_positive, cases[i].n_positive);
        zg_dataset_close(&d);
    }
    zg_tokenizer_close(&tokenizer);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"fingerprints", test_fingerprint},
        {"examples of a task", test_examples},
        {"options from columns, one option, labels, prompt alone", test_forms},
        {"hostile rows", test_hostile},
        {"rows by id", test_chosen_rows},
        {"filters, names and answers of delimited text", test_more_of_rows},
        {"long rows", test_truncate},
        {"names of objectives and BOS tokens", test_names},
        {"SST-2", test_sst2},
        {NULL, NULL},
    };
    return zg_test_run("dataset", tests);
}
