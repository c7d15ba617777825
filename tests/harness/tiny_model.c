/* tiny_model.c - see tiny_model.h. */
#include "tests/harness/tiny_model.h"

#include "engines/model.h"
#include "tests/support/safetensors_writer.h"
#include "workloads/tokenizer.h"

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
    if (!status && !zg_write_model(directory, model, &options))
        status = zg_fail(err, ZG_ENV, "%s: cannot write the model", directory);
    zg_model_close(&model);
    zg_tokenizer_close(&tokenizer);
    return status;
}
