/*
 * algorithm_cell.h - the options in the column `algorithm`, for those who know no algorithm:
 * lozo:rank=2+nu=50 is algorithm lozo, rank 2, nu 50.
 *
 *     struct zg_option_cell option;
 *     for (const char *at = text; zg_option_cell_next(&at, &option);)
 *         printf("%s %s\n", option.key, option.value);
 *
 * The first option is the name, of key "algorithm".
 */
#ifndef ZG_HARNESS_ALGORITHM_CELL_H
#define ZG_HARNESS_ALGORITHM_CELL_H

#include <stdbool.h>

struct zg_option_cell {
    char key[32], value[96]; /* cut to fit */
};

/* The option at *at, which moves behind it; false: there is none.  NULL is a text without any. */
bool zg_option_cell_next(const char **at, struct zg_option_cell *out);

/* The option of that key; false: the text has none. */
bool zg_option_cell_find(const char *text, const char *key, struct zg_option_cell *out);

/* The same but for _ and -: direction_scale, a column of schema version 2, is direction-scale. */
bool zg_option_key_same(const char *a, const char *b);

#endif
