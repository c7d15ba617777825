/*
 * sessions.h - a run that was cut off and gone on with has several sessions: when each was, what
 * the machine did meanwhile, and the peaks that it found.
 *
 *     "sessions": [{"started_utc", "finished_utc", "status", "n_samples", "during", "warnings",
 *                   "peak"}, ...]
 *
 * What meta.json says of the whole run ("during", "warnings") is put together from them.
 */
#ifndef ZG_HARNESS_SESSIONS_H
#define ZG_HARNESS_SESSIONS_H

#include <jansson.h>
#include <stdio.h>

/* Begins another one, the document's "sessions" kept. */
void zg_sessions_begin(json_t *meta);

/* The last one's "status", "finished_utc", "peak" and samples from the document, and what the
 * machine did and is warned of, which are borrowed; then the whole run's "during" and "warnings".
 * Does nothing where there are no sessions. */
void zg_sessions_update(json_t *meta, json_t *during, json_t *warnings);

/* A line about several of them; nothing of one. */
void zg_sessions_print(const json_t *meta, FILE *out);

#endif
