/* temp_dir.h - a temporary directory of a test, and files in it. */
#ifndef ZG_TESTS_TEMP_DIR_H
#define ZG_TESTS_TEMP_DIR_H

#include <stddef.h>

/* Makes dir[64] a fresh directory; remove_temp_dir() removes it with the files in it. */
void make_temp_dir(char dir[64]);
void remove_temp_dir(const char *dir);

/* dir/name, in a buffer that lives until the next call. */
const char *temp_path(const char *dir, const char *name);
void write_temp_file(const char *dir, const char *name, const char *bytes, size_t n);
/* The file's content, malloc'ed and terminated; NULL if absent. */
char *read_temp_file(const char *dir, const char *name);
/* Directory entries but . and .. */
int count_temp_files(const char *dir);

#endif
