/*
 * fuzz_steps.c - steps.zo from arbitrary bytes.
 *
 * The first byte chooses: 'F' what follows is a whole file; 'J' it is the JSON of a head, to which
 * length and hash are put, so that mutations need not guess them; 'R' it is records behind a good
 * head, whose checks are put right.  What the reader accepts must hold: its records lie inside the
 * bytes, their losses are finite, and the image of the whole ones alone is the same.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "harness/train/steps_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *bytes, int64_t n)
{
    struct zg_steps_image image, whole;
    struct zg_error err = {0};
    const enum zg_status status = zg_steps_image_read(&image, bytes, n, "input", &err);
    if ((status == ZG_OK) != (err.text[0] == '\0'))
        abort();
    if (status)
        return;
    const int64_t end = image.n_head_bytes + image.n_records * image.n_record_bytes;
    if (end + image.n_torn != n || image.n_steps > image.n_records)
        abort();
    for (int64_t i = 0; i < image.n_records; i++) {
        struct zg_steps_record record;
        zg_steps_record_read(bytes + image.n_head_bytes + i * image.n_record_bytes,
                             image.head.n_losses, &record);
        for (int p = 0; p < ZG_MAX_PROBES; p++)
            if (!isfinite(record.loss[p]))
                abort();
    }
    if (zg_steps_image_read(&whole, bytes, end, "input", NULL) || whole.n_torn != 0 ||
        whole.chain != image.chain)
        abort();
    zg_steps_image_free(&whole);
    zg_steps_image_free(&image);
}

/* A file in a buffer of exactly its size, so that ASan sees a read past its end. */
static void check_copy(const uint8_t *bytes, size_t n)
{
    uint8_t *const copy = malloc(n ? n : 1);
    if (!copy)
        return;
    memcpy(copy, bytes, n);
    check(copy, (int64_t)n);
    free(copy);
}

static void check_json(const uint8_t *json, size_t n)
{
    static const uint8_t magic[12] = {0x89, 'Z', 'O', 'S', '\r', '\n', 0x1a, '\n', 1};
    uint8_t *const file = malloc(24 + n);
    const uint32_t length = (uint32_t)n;
    if (!file)
        return;
    memcpy(file, magic, sizeof magic);
    memcpy(file + 12, &length, sizeof length);
    memcpy(file + 16, json, n);
    const uint64_t hash = XXH3_64bits(file, 16 + n);
    memcpy(file + 16 + n, &hash, sizeof hash);
    check(file, (int64_t)(24 + n));
    free(file);
}

static void check_records(const uint8_t *records, size_t n)
{
    const struct zg_steps_head head = {.batch = 4, .threads = 1, .n_losses = 2};
    const size_t size = (size_t)zg_steps_record_bytes(2);
    unsigned char *bytes = NULL;
    int64_t n_head;
    uint64_t chain;
    if (zg_steps_head_write(&head, &bytes, &n_head, &chain, NULL))
        abort();
    uint8_t *const file = realloc(bytes, (size_t)n_head + n);
    if (!file)
        abort();
    memcpy(file + n_head, records, n);
    for (size_t at = 0; at + size <= n; at += size) {
        uint8_t *const record = file + (size_t)n_head + at;
        memset(record + 4, 0, 4);
        chain = XXH3_64bits_withSeed(record, size, chain);
        const uint32_t low = (uint32_t)chain;
        memcpy(record + 4, &low, sizeof low);
    }
    check(file, n_head + (int64_t)n);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 1 && data[0] == 'F')
        check_copy(data + 1, size - 1);
    else if (size >= 1 && data[0] == 'J')
        check_json(data + 1, size - 1);
    else if (size >= 1 && data[0] == 'R')
        check_records(data + 1, size - 1);
    return 0;
}
