/*
 * file_kind.h - what a file is by its first bytes: for the message of a reader that was given
 * something else than it reads.
 *
 * Downloads leave a pointer in place of the file, tools compress it or save it as UTF-16; "not
 * valid JSON" is then true and no help.
 */
#ifndef ZG_BASE_FILE_KIND_H
#define ZG_BASE_FILE_KIND_H

#include <stddef.h>

#include "engines/error.h"

/* Enough for zg_file_kind(). */
enum { ZG_FILE_KIND_BYTES = 264 };

/* What a file is that begins with bytes[n], and what to do about it: "a Git LFS pointer; ...".
 * NULL: text, or nothing that is known. */
const char *zg_file_kind(const void *bytes, size_t n);

/* ZG_INPUT where a text file that begins with bytes[n] is of a known other kind; `what` names
 * it. */
enum zg_status zg_file_expect_text(const void *bytes, size_t n, const char *what,
                                   struct zg_error *err);

/* Bytes of the UTF-8 byte-order mark that a text begins with: 3, or 0. */
size_t zg_utf8_mark(const void *bytes, size_t n);

#endif
