/*
 * variables.h - what environment_table.h lists, in this process: taken out, recorded, warned of.
 *
 *     zg_variables_take_out();                     // first in main(); the restart does the rest
 *     json_t *process = json_object();
 *     zg_variables_record(process);                // "environment", ...: of meta.json's machine
 *     zg_variables_warn(process, warnings);
 *
 * Values are recorded without the directories in them: results are meant to be published.
 */
#ifndef ZG_HARNESS_VARIABLES_H
#define ZG_HARNESS_VARIABLES_H

#include <jansson.h>
#include <stdbool.h>

/* Unsets what is to be taken out and remembers it in ZOGAP_TAKEN_OUT, which outlives the restart
 * and tells children.  What a library read when it loaded is only undone by the restart. */
void zg_variables_take_out(void);
/* Was anything taken out, by this process or the one before it? */
bool zg_variables_were_taken_out(void);

/* Sets in `process`, each an object of names and values:
 *   environment            what is in effect and changes what is measured: equal in equal runs
 *   environment_kernels    caps of kernels; what came of them is in "kernels"
 *   environment_taken_out  what the user had set and zogap did not let count */
void zg_variables_record(json_t *process);
/* Every variable of the table that is set in this process, without effect or not.  A new
 * reference. */
json_t *zg_variables_all(void);

/* Adds a sentence to the array for each of the "environment" and "environment_taken_out" of
 * `process`, and one for all that the table does not know. */
void zg_variables_warn(const json_t *process, json_t *warnings);

#endif
