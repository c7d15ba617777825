/* small_directory.h - a directory of small_model.h's, changed: what tests of directories share. */
#ifndef ZG_TESTS_SMALL_DIRECTORY_H
#define ZG_TESTS_SMALL_DIRECTORY_H

#include "tests/engines/model/small_model.h"
#include "tests/support/safetensors_writer.h"

/* Of a model in three shards. */
#define INDEX "model.safetensors.index.json"
#define FIRST "model-00001-of-00003.safetensors"

/* Rewrites the good model with one tensor more, or another in its place. */
void with_tensor(const char *dir, const struct zg_written_tensor *extra);
/* Values for it. */
extern const float zeros[600];

/* Changes a name in the header of model.safetensors to another of the same length. */
void rename_tensor(const char *dir, const char *from, const char *to);

#endif
