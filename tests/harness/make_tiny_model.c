/* make_tiny_model.c - writes a Hugging Face directory of a tiny OPT for the command-line tests:
 * make_tiny_model DIR. */
#include <stdio.h>

#include "tests/support/safetensors_writer.h"
#include "workloads/tokenizer.h"

int main(int argc, char **argv)
{
    struct zg_error err = {0};
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_model *model = NULL;
    if (argc != 2 || zg_tokenizer_open_embedded(&tokenizer, &err) != ZG_OK) {
        fprintf(stderr, "usage: make_tiny_model DIR; %s\n", err.text);
        return 1;
    }
    const struct zg_model_shape shape = {.n_layers = 2,
                                         .d_model = 32,
                                         .n_heads = 4,
                                         .d_ffn = 64,
                                         .n_vocab = zg_tokenizer_n_vocab(tokenizer),
                                         .n_positions = 128,
                                         .tied_head = true};
    const struct zg_write_options options = {.dtype = ZG_FP32, .prefix = true};
    const bool written = zg_model_open_shape(&model, "tiny", &shape, 7, &err) == ZG_OK &&
                         zg_write_model(argv[1], model, &options);
    if (!written)
        fprintf(stderr, "make_tiny_model: %s\n", err.text);
    zg_model_close(&model);
    zg_tokenizer_close(&tokenizer);
    return written ? 0 : 1;
}
