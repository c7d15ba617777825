/*
 * older_schema.h - files of schema versions 1 and 2, read as rows of this version.
 *
 * Until version 2 the algorithm's options had columns of their own, which were LoZO's:
 *
 *     algorithm direction direction_scale rank nu eps   lr
 *     lozo      correct   none            2    50 0.001 1e-06
 *
 * That is the text of version 3, in the order in which zg_algorithm_text() writes it: rank, nu, eps
 * and lr where the cells are filled, then direction unless it is `correct` and direction-scale
 * unless it is `none`, for these are the defaults:
 *
 *     lozo:rank=2+nu=50+eps=0.001+lr=1e-06
 *
 * so that a case is the same case whichever version its file has.  Version 1 had no layers_resident
 * and no layers: empty cells.
 *
 * An older row is read into a struct that is longer than its schema's: behind the row struct lie
 * the cells that are gone.
 */
#ifndef ZG_HARNESS_OLDER_SCHEMA_H
#define ZG_HARNESS_OLDER_SCHEMA_H

#include "harness/rows/schema.h"

enum { ZG_MOST_COLUMNS = 96, ZG_OLDER_TEXT = 256 };

struct zg_older_schema {
    struct zg_schema schema; /* row_size: with the cells that are gone */
    struct zg_column columns[ZG_MOST_COLUMNS];
};

/* What the file of a schema had in version 2 or 1; false: there was no such version, or file. */
bool zg_older_schema_of(struct zg_older_schema *out, const struct zg_schema *schema, int version);

/* The algorithm's text of version 3, from a row struct of the older schema; "": it has none. */
const char *zg_older_algorithm(const struct zg_older_schema *older, const void *row,
                               char text[ZG_OLDER_TEXT]);

#endif
