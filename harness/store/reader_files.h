/* reader_files.h - what reader.c asks of a directory before it reads it, so that the message says
 * what is missing, and what may have been meant. */
#ifndef ZG_HARNESS_READER_FILES_H
#define ZG_HARNESS_READER_FILES_H

#include "engines/error.h"

/* ZG_INPUT: there is no such directory. */
enum zg_status zg_result_directory_check(const char *dir, struct zg_error *err);

/* ZG_INPUT: meta.json is not there. */
enum zg_status zg_result_meta_check(const char *dir, struct zg_error *err);
/* ZG_INPUT: the other files of a run are not all there; `command` is meta.json's, or NULL. */
enum zg_status zg_result_files_check(const char *dir, const char *command, struct zg_error *err);

#endif
