/* directory.c - a Hugging Face directory as a source of weights. */
#include "engines/model/source.h"

enum zg_status zg_model_open_directory(struct zg_model **out, const char *path,
                                       struct zg_error *err)
{
    *out = NULL;
    return zg_fail(err, ZG_INPUT, "model %s: this build reads shape names only", path);
}
