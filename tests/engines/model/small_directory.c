/* small_directory.c - writes the small model otherwise than it is: small_directory.h. */
#define _GNU_SOURCE /* memmem */
#include "tests/engines/model/small_directory.h"

#include <stdio.h>
#include <string.h>

const float zeros[600];

void with_tensor(const char *dir, const struct zg_written_tensor *extra)
{
    struct zg_model *model = open_small(true);
    struct zg_written_tensor tensors[64];
    static char names[64][128];
    static float values[64][600];
    int64_t n = 0;
    for (int32_t id = 0; id < zg_tensor_end(small.n_layers); id++) {
        int64_t rows, cols;
        if (id == ZG_T_HEAD || !zg_model_tensor_size(&small, id, &rows, &cols))
            continue;
        zg_model_tensor_name(&small, id, names[n], sizeof names[n]);
        zg_model_read(model, id, 0, rows, values[n], cols);
        tensors[n] = (struct zg_written_tensor){names[n], ZG_FP32, rows, cols, values[n]};
        if (strcmp(names[n], extra->name) != 0)
            n++;
    }
    tensors[n++] = *extra;
    CU_ASSERT(zg_write_safetensors(dir, "model.safetensors", tensors, n));
    zg_model_close(&model);
}

void rename_tensor(const char *dir, const char *from, const char *to)
{
    char path[4096];
    static char bytes[1 << 17];
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    FILE *f = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    const size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    char *const at = memmem(bytes, n, from, strlen(from));
    CU_ASSERT_FATAL(at && strlen(from) == strlen(to));
    memcpy(at, to, strlen(to));
    CU_ASSERT(zg_write_file(dir, "model.safetensors", bytes, n));
}
