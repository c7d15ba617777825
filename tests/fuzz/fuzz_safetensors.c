/*
 * fuzz_safetensors.c - the safetensors header parser and the config.json parser on arbitrary bytes.
 *
 * The first byte chooses: 'F' what follows is a whole file; 'C' it is a config.json; 'H' the next
 * byte is the length of the data and the rest is the JSON header, to which the length field is put,
 * so that mutations need not guess it. What the parser accepts must hold: every entry lies inside
 * the file and its bytes can be read.
 */
#include <stdlib.h>
#include <string.h>

#include "engines/model/config.h"
#include "engines/model/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *file, size_t size)
{
    struct zg_safetensors table;
    struct zg_error err = {0};
    const enum zg_status status = zg_safetensors_parse(&table, file, (int64_t)size, "input", &err);
    if ((status == ZG_OK) != (err.text[0] == '\0') || (status != ZG_OK && table.n_tensors != 0))
        abort();
    unsigned sum = 0;
    for (int64_t i = 0; i < table.n_tensors; i++) {
        const struct zg_safetensor *const t = &table.tensors[i];
        if (zg_safetensors_find(&table, t->name) != t)
            abort();
        for (int64_t b = 0; b < t->n_bytes; b++)
            sum += file[t->begin + b];
    }
    volatile unsigned sink = sum; /* the reads must happen */
    (void)sink;
    zg_safetensors_free(&table);
}

/* A file in a buffer of exactly its size, so that ASan sees a read past its end. */
static void check_header(const uint8_t *header, size_t n, size_t n_data)
{
    uint8_t *const file = calloc(1, 8 + n + n_data);
    if (!file)
        return;
    for (int i = 0; i < 8; i++)
        file[i] = (uint8_t)((uint64_t)n >> (8 * i) & 0xff);
    memcpy(file + 8, header, n);
    check(file, 8 + n + n_data);
    free(file);
}

static void check_config(const uint8_t *text, size_t n)
{
    struct zg_model_shape shape;
    struct zg_error err = {0};
    if (zg_config_parse(&shape, text, (int64_t)n, "input", &err) != ZG_OK)
        return;
    /* An accepted shape has no size that overflows. */
    if (zg_model_n_params(&shape) <= 0 || zg_tensor_end(shape.n_layers) <= 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 1 && data[0] == 'F')
        check(data + 1, size - 1);
    else if (size >= 1 && data[0] == 'C')
        check_config(data + 1, size - 1);
    else if (size >= 2 && data[0] == 'H')
        check_header(data + 2, size - 2, data[1]);
    return 0;
}
