/* tiny_model.c - writes a model directory of two small layers with random weights. */
#include "tests/harness/tiny_model.h"

#include "engines/model.h"
#include "tests/support/safetensors_writer.h"
#include "workloads/embedded/embedded.h"
#include "workloads/tokenizer.h"

static bool write_embedded(const char *directory, const char *name,
                           const struct zg_embedded_file *file)
{
    return zg_write_file(directory, name, file->bytes, (size_t)file->n_bytes);
}

enum zg_status tiny_model_write(const char *directory, struct zg_error *err)
{
    const struct zg_write_options options = {.dtype = ZG_FP32, .prefix = true};
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_model *model = NULL;
    enum zg_status status = zg_tokenizer_open_embedded(&tokenizer, err);
    if (status)
        return status;
    const struct zg_model_shape shape = {.n_layers = 2,
                                         .d_model = 32,
                                         .n_heads = 4,
                                         .d_ffn = 64,
                                         .n_vocab = zg_tokenizer_n_vocab(tokenizer),
                                         .n_positions = 128,
                                         .tied_head = true};
    status = zg_model_open_shape(&model, "tiny", &shape, 7, err);
    if (!status && !(zg_write_model(directory, model, &options) &&
                     write_embedded(directory, "vocab.json", &zg_embedded_vocab) &&
                     write_embedded(directory, "merges.txt", &zg_embedded_merges)))
        status = zg_fail(err, ZG_ENV, "%s: cannot write the model", directory);
    zg_model_close(&model);
    zg_tokenizer_close(&tokenizer);
    return status;
}
