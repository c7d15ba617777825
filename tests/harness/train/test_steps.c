/* test_steps.c - steps.zo: what is written is read; a file that is torn, at any byte, loses its end
 * and no more; one that is damaged elsewhere, in any bit, is refused. */
#include "harness/train/steps.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/cunit_run.h"
#include "tests/support/safetensors_writer.h"

enum { N_STEPS = 5, N_RECORDS = N_STEPS + 2 }; /* weights after the third step, and after all */

static const struct zg_steps_head sample = {.model = "opt-mini",
                                            .weights = "0123456789abcdef",
                                            .algorithm = "lozo:rank=2+nu=50",
                                            .scope = "linear",
                                            .label = "fused",
                                            .engine = "fused",
                                            .settings = "",
                                            .mechanisms = "adapter+lazy",
                                            .dtype = "fp32",
                                            .isa = "avx512",
                                            .task = "1",
                                            .data = "2",
                                            .tokenizer = "3",
                                            .rows = "4",
                                            .seed = -7, /* a seed has 64 bits */
                                            .data_seed = 9,
                                            .batch = 16,
                                            .max_rows = 4096,
                                            .layers_resident = 0,
                                            .threads = 2,
                                            .n_losses = 2};

static struct zg_steps_record step_record(int64_t t)
{
    struct zg_steps_record record = {.n_passes = 1 + t % 3,
                                     .rows = 0xfedcba9876543210u + (uint64_t)t,
                                     .wall_s = 0.1 * (double)t};
    record.loss[0] = 0.1 + (double)t / 3;
    record.loss[1] = -0x1.23456789abcdep-30 * (double)(t + 1);
    return record;
}

static struct zg_steps_record weights_record(int64_t n_steps)
{
    return (struct zg_steps_record){
        .is_weights = true, .n_steps = n_steps, .weights = 0x8000000000000001u * (uint64_t)n_steps};
}

static bool same_record(const struct zg_steps_record *a, const struct zg_steps_record *b)
{
    return a->is_weights == b->is_weights && a->n_passes == b->n_passes && a->rows == b->rows &&
           a->wall_s == b->wall_s && a->n_steps == b->n_steps && a->weights == b->weights &&
           memcmp(a->loss, b->loss, sizeof a->loss) == 0;
}

/* The bytes of the sample file, in static room. */
struct sample_file {
    unsigned char bytes[8192];
    int64_t n, n_head, n_record;
};

static struct sample_file make_sample(void)
{
    struct sample_file file = {0};
    unsigned char *head = NULL;
    uint64_t chain = 0;
    CU_ASSERT_EQUAL_FATAL(zg_steps_head_write(&sample, &head, &file.n_head, &chain, NULL), ZG_OK);
    memcpy(file.bytes, head, (size_t)file.n_head);
    free(head);
    file.n = file.n_head;
    file.n_record = zg_steps_record_bytes(2);
    for (int64_t t = 0; t < N_STEPS; t++) {
        struct zg_steps_record record = step_record(t);
        zg_steps_record_write(&record, 2, &chain, file.bytes + file.n);
        file.n += file.n_record;
        if (t != 2 && t != N_STEPS - 1)
            continue;
        record = weights_record(t + 1);
        zg_steps_record_write(&record, 2, &chain, file.bytes + file.n);
        file.n += file.n_record;
    }
    return file;
}

static enum zg_status read_image(struct zg_steps_image *image, const unsigned char *bytes,
                                 int64_t n, struct zg_error *err)
{
    /* of exactly its size, so that a sanitizer sees a read past the end */
    unsigned char *const copy = malloc((size_t)n + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    unsigned char *const exact = realloc(copy, (size_t)(n > 0 ? n : 1));
    memcpy(exact, bytes, (size_t)n);
    const enum zg_status status = zg_steps_image_read(image, exact, n, "f", err);
    free(exact);
    return status;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void test_round_trip(void)
{
    const struct sample_file file = make_sample();
    struct zg_steps_image image;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(read_image(&image, file.bytes, file.n, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_steps_head_check(&image.head, &sample, "f", NULL), ZG_OK);
    CU_ASSERT_STRING_EQUAL(image.head.model, "opt-mini");
    CU_ASSERT_EQUAL(image.head.seed, -7);
    CU_ASSERT_EQUAL(image.n_records, N_RECORDS);
    CU_ASSERT_EQUAL(image.n_steps, N_STEPS);
    CU_ASSERT_EQUAL(image.n_torn, 0);
    CU_ASSERT_EQUAL(file.n_record, 40);
    /* what is promised: 20,000 steps of two probes, and their hashes, below 1 MiB */
    CU_ASSERT(file.n_head + 20000 * 40 + 20 * 40 < 1 << 20);
    int64_t t = 0;
    for (int64_t i = 0; i < N_RECORDS; i++) {
        struct zg_steps_record record;
        zg_steps_record_read(file.bytes + file.n_head + i * 40, 2, &record);
        const struct zg_steps_record want = record.is_weights ? weights_record(t) : step_record(t);
        t += !record.is_weights;
        CU_ASSERT(same_record(&record, &want));
    }
    zg_steps_image_free(&image);
}

static void test_torn(void)
{
    const struct sample_file file = make_sample();
    for (int64_t n = 0; n < file.n; n++) {
        struct zg_steps_image image;
        struct zg_error err = {0};
        const enum zg_status status = read_image(&image, file.bytes, n, &err);
        CU_ASSERT_EQUAL(status, n < file.n_head ? ZG_INPUT : ZG_OK);
        CU_ASSERT_EQUAL(image.n_records, n < file.n_head ? 0 : (n - file.n_head) / file.n_record);
        CU_ASSERT_EQUAL(image.n_torn, n < file.n_head ? 0 : (n - file.n_head) % file.n_record);
        CU_ASSERT_EQUAL(strchr(err.text, '\n'), NULL);
        zg_steps_image_free(&image);
    }
}

/* What was appended and not synced reads as zeros after a power cut. */
static void test_zeros(void)
{
    for (int64_t n = 0; n < 3 * 40; n++) {
        struct sample_file file = make_sample();
        struct zg_steps_image image;
        memset(file.bytes + file.n - n, 0, (size_t)n);
        CU_ASSERT_EQUAL(read_image(&image, file.bytes, file.n + 100, NULL), ZG_OK);
        /* a record may end in zeros of its own */
        CU_ASSERT(image.n_records >= N_RECORDS - (n + 39) / 40);
        CU_ASSERT(image.n_records <= N_RECORDS - (n - 16) / 40);
        zg_steps_image_free(&image);
    }
}

static void test_flipped(void)
{
    const struct sample_file file = make_sample();
    const int64_t last = file.n - file.n_record;
    for (int64_t bit = 0; bit < 8 * file.n; bit++) {
        struct sample_file bad = file;
        struct zg_steps_image image;
        struct zg_error err = {0};
        bad.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        const enum zg_status status = read_image(&image, bad.bytes, bad.n, &err);
        if (bit / 8 < last) {
            CU_ASSERT_EQUAL(status, ZG_INPUT);
            CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
        } else {
            CU_ASSERT_EQUAL(status, ZG_OK);
            CU_ASSERT_EQUAL(image.n_records, N_RECORDS - 1);
            CU_ASSERT_EQUAL(image.n_torn, file.n_record);
        }
        zg_steps_image_free(&image);
    }
}

static void expect_bad(const struct sample_file *file, const char *words)
{
    struct zg_steps_image image;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(read_image(&image, file->bytes, file->n, &err), ZG_INPUT);
    zg_test_expect_words(err.text, words);
    zg_steps_image_free(&image);
}

/* Whole records that are not where they were. */
static void test_moved(void)
{
    const struct sample_file file = make_sample();
    struct sample_file bad = file;
    unsigned char *const first = bad.bytes + bad.n_head;
    memcpy(first + 40, file.bytes + file.n_head, 40); /* twice */
    expect_bad(&bad, "f: is damaged at byte");
    bad = file;
    memmove(first, first + 40, (size_t)(file.n - file.n_head - 40)); /* lost */
    bad.n -= 40;
    expect_bad(&bad, "after step 0: a check sum is wrong");
    bad = file;
    memcpy(first, file.bytes + file.n_head + 40, 40); /* exchanged */
    memcpy(first + 40, file.bytes + file.n_head, 40);
    expect_bad(&bad, "is damaged");
}

/* Right check sums, and no file that a writer makes. */
static void test_forged(void)
{
    static const struct {
        const char *words;
        struct zg_steps_record record;
    } known[] = {
        {"its number of passes is wrong", {.n_passes = 0}},
        {"its number of passes is wrong", {.n_passes = 17}},
        {"its time is no time", {.n_passes = 1, .wall_s = -1}},
        {"its time is no time", {.n_passes = 1, .wall_s = NAN}},
        {"its time is no time", {.n_passes = 1, .wall_s = INFINITY}},
        {"a loss is not finite", {.n_passes = 1, .loss = {0, NAN}}},
        {"a loss is not finite", {.n_passes = 1, .loss = {-INFINITY}}},
        {"its number of steps is wrong", {.is_weights = true, .n_steps = 1}},
        {"its number of steps is wrong", {.is_weights = true, .n_steps = -1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct sample_file file = {0};
        unsigned char *head = NULL;
        uint64_t chain = 0;
        CU_ASSERT_EQUAL_FATAL(zg_steps_head_write(&sample, &head, &file.n, &chain, NULL), ZG_OK);
        memcpy(file.bytes, head, (size_t)file.n);
        free(head);
        zg_steps_record_write(&known[i].record, 2, &chain, file.bytes + file.n);
        file.n += 40;
        expect_bad(&file, known[i].words);
    }
}

static void test_bad_heads(void)
{
    struct sample_file file = make_sample();
    struct zg_steps_head head = sample;
    unsigned char *bytes = NULL;
    int64_t n;
    uint64_t chain;
    file.bytes[8] = 2;
    expect_bad(&file, "f: has version 2; this zogap reads version 1");
    file = make_sample();
    file.bytes[0] = 'P';
    expect_bad(&file, "f: is no file of steps that `zogap train` wrote");
    file = make_sample();
    memset(file.bytes + 12, 0xff, 4);
    expect_bad(&file, "has 4294967295 bytes; must be at most 65536");
    static const struct {
        const char *words;
        int64_t n_losses, threads, batch;
    } numbers[] = {{"\"n_losses\" 0; must be 1 to 128", 0, 1, 1},
                   {"\"n_losses\" 129; must be 1 to 128", 129, 1, 1},
                   {"\"threads\" 0", 1, 0, 1},
                   {"\"batch\" -1", 1, 1, -1}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        head = sample;
        head.n_losses = numbers[i].n_losses;
        head.threads = numbers[i].threads;
        head.batch = numbers[i].batch;
        CU_ASSERT_EQUAL_FATAL(zg_steps_head_write(&head, &bytes, &n, &chain, NULL), ZG_OK);
        memcpy(file.bytes, bytes, (size_t)n);
        free(bytes);
        file.n = n;
        expect_bad(&file, numbers[i].words);
    }
    char *const longest = calloc(1, 70000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(longest);
    memset(longest, 'x', 69999);
    head = sample;
    head.model = longest;
    CU_ASSERT_EQUAL(zg_steps_head_write(&head, &bytes, &n, &chain, NULL), ZG_INPUT);
    free(longest);
}

/* Each member that decides the weights, with its name and both values. */
static void test_other_training(void)
{
    struct zg_error err = {0};
    struct zg_steps_head other;
#define X(member, what, decides)                                                                   \
    other = sample;                                                                                \
    other.member = "another";                                                                      \
    zg_error_clear(&err);                                                                          \
    CU_ASSERT_EQUAL(zg_steps_head_check(&sample, &other, "f", &err), decides ? ZG_INPUT : ZG_OK);  \
    if (decides)                                                                                   \
        zg_test_expect_words(err.text, what " was ");                                              \
    if (decides)                                                                                   \
        zg_test_expect_words(err.text, "is now \"another\"");
    ZG_STEPS_TEXTS(X)
#undef X
#define X(member, what, decides)                                                                   \
    other = sample;                                                                                \
    other.member = 31;                                                                             \
    zg_error_clear(&err);                                                                          \
    CU_ASSERT_EQUAL(zg_steps_head_check(&sample, &other, "f", &err), decides ? ZG_INPUT : ZG_OK);  \
    if (decides)                                                                                   \
        zg_test_expect_words(err.text, what " was ");                                              \
    if (decides)                                                                                   \
        zg_test_expect_words(err.text, "is now 31");
    ZG_STEPS_NUMBERS(X)
#undef X
}

/* ---- the file -------------------------------------------------------------------------------- */

static char *dir;
static char note[1400];

static struct zg_steps *create(void)
{
    struct zg_steps *steps = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(zg_steps_create(&steps, dir, "steps.zo", &sample, &err), ZG_OK);
    return steps;
}

static void add(struct zg_steps *steps, int64_t t)
{
    const struct zg_steps_record record = step_record(t);
    CU_ASSERT_EQUAL(zg_steps_add(steps, &record, NULL), ZG_OK);
}

static struct zg_steps *open_steps(bool go_on)
{
    struct zg_steps *steps = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_steps_open(&steps, dir, "steps.zo", go_on, note, sizeof note, &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(steps);
    return steps;
}

static void test_file(void)
{
    struct zg_steps *steps = create();
    CU_ASSERT_EQUAL(zg_steps_n(steps), 0);
    for (int64_t t = 0; t < 3; t++)
        add(steps, t);
    struct zg_steps_record record = weights_record(3), got;
    CU_ASSERT_EQUAL(zg_steps_add(steps, &record, NULL), ZG_OK);
    add(steps, 3);
    CU_ASSERT_EQUAL(zg_steps_sync(steps, NULL), ZG_OK);
    zg_steps_close(&steps);
    CU_ASSERT_PTR_NULL(steps);
    zg_steps_close(&steps);

    uint64_t hash = 0;
    struct zg_error err = {0};
    steps = open_steps(false);
    CU_ASSERT_STRING_EQUAL(note, "");
    CU_ASSERT_EQUAL(zg_steps_n(steps), 4);
    for (int64_t t = 0; t < 4; t++) {
        const struct zg_steps_record want = step_record(t);
        zg_steps_at(steps, t, &got);
        CU_ASSERT(same_record(&got, &want));
    }
    for (int64_t n = -1; n < 6; n++)
        CU_ASSERT_EQUAL(zg_steps_weights(steps, n, &hash), n == 3);
    CU_ASSERT_EQUAL(zg_steps_check_weights(steps, 3, record.weights, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_steps_check_weights(steps, 2, 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_steps_check_weights(steps, 3, 1, &err), ZG_CHECK);
    zg_test_expect_words(err.text, "after step 3 the weights have XXH3 0000000000000001");
    CU_ASSERT_EQUAL(zg_steps_check(steps, &sample, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_steps_add(steps, &record, NULL), ZG_ENV); /* open for reading */
    zg_steps_close(&steps);
}

/* Torn at each byte of its last two records, and gone on with: what follows is read. */
static void test_go_on(void)
{
    char path[300];
    snprintf(path, sizeof path, "%s/steps.zo", dir);
    for (int64_t n = 0; n <= 80; n++) {
        struct zg_steps *steps = create();
        struct stat info;
        for (int64_t t = 0; t < 4; t++)
            add(steps, t);
        zg_steps_close(&steps);
        CU_ASSERT_EQUAL_FATAL(stat(path, &info), 0);
        CU_ASSERT_EQUAL_FATAL(truncate(path, info.st_size - n), 0);
        const int64_t n_left = 4 - (n + 39) / 40;
        steps = open_steps(false); /* a reader changes nothing */
        CU_ASSERT_EQUAL(zg_steps_n(steps), n_left);
        CU_ASSERT_EQUAL(note[0] != '\0', n % 40 != 0);
        zg_steps_close(&steps);
        steps = open_steps(true);
        CU_ASSERT_EQUAL(zg_steps_n(steps), n_left);
        if (n % 40 != 0)
            zg_test_expect_words(note, "cut off; it has");
        for (int64_t t = n_left; t < 6; t++)
            add(steps, t);
        zg_steps_close(&steps);
        steps = open_steps(false);
        CU_ASSERT_STRING_EQUAL(note, "");
        CU_ASSERT_EQUAL(zg_steps_n(steps), 6);
        zg_steps_close(&steps);
    }
}

static void test_no_file(void)
{
    struct zg_steps *steps = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_steps_open(&steps, dir, "none.zo", false, note, sizeof note, &err),
                    ZG_INPUT);
    CU_ASSERT_PTR_NULL(steps);
    zg_test_expect_words(err.text, "none.zo: cannot read: No such file or directory");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_steps_open(&steps, dir, ".", false, note, sizeof note, &err), ZG_INPUT);
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_steps_create(&steps, "/nowhere", "steps.zo", &sample, &err), ZG_ENV);
    CU_ASSERT_PTR_NULL(steps);
    CU_ASSERT(zg_write_file(dir, "empty.zo", "", 0));
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_steps_open(&steps, dir, "empty.zo", true, note, sizeof note, &err),
                    ZG_INPUT);
}

/* A disk that is full in the middle of a record. */
static void test_full_disk(void)
{
    char path[300];
    struct stat info;
    struct rlimit before, little;
    struct zg_error err = {0};
    snprintf(path, sizeof path, "%s/steps.zo", dir);
    struct zg_steps *steps = create();
    add(steps, 0);
    CU_ASSERT_EQUAL_FATAL(stat(path, &info), 0);
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    little = before;
    little.rlim_cur = (rlim_t)info.st_size + 15;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &little), 0);
    const struct zg_steps_record record = step_record(1);
    const enum zg_status status = zg_steps_add(steps, &record, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    CU_ASSERT_EQUAL(status, ZG_ENV);
    zg_test_expect_words(err.text, "steps.zo: cannot write: File too large");
    CU_ASSERT_EQUAL(zg_steps_add(steps, &record, NULL), ZG_ENV); /* would stand behind a torn one */
    zg_steps_close(&steps);
    steps = open_steps(true);
    CU_ASSERT_EQUAL(zg_steps_n(steps), 1);
    zg_test_expect_words(
        note, "steps.zo: 15 bytes at its end, no whole record, were cut off; it has 1 step");
    zg_steps_close(&steps);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"what is written is read", test_round_trip},
        {"torn at every byte", test_torn},
        {"zeros at the end", test_zeros},
        {"every bit flipped", test_flipped},
        {"records lost, doubled, exchanged", test_moved},
        {"records that no writer writes", test_forged},
        {"heads that no writer writes", test_bad_heads},
        {"another training's", test_other_training},
        {"a file, appended to and read", test_file},
        {"a torn file that is gone on with", test_go_on},
        {"no such file", test_no_file},
        {"a full disk", test_full_disk},
        {NULL, NULL},
    };
    dir = zg_temp_directory_make();
    if (!dir)
        return 1;
    const int code = zg_test_run("steps", tests);
    zg_temp_directory_remove(&dir);
    return code;
}
