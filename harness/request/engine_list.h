/*
 * engine_list.h - the engines of a run: `naive,openblas:mechanisms=-trie,fused,fused`.
 *
 * An item is an engine's name and, after colons, KEY=VALUE: `dtype=` (precision.h) and
 * `mechanisms=` (items joined by +) are everybody's, other keys are the engine's own settings.
 * Its label, as written, names it in every table; an item that is listed twice gets #2, #3, ...
 * (that is an A/A comparison).  Where --mechanisms makes of it something else than its default, the
 * label has them, `fused:mechanisms=-trie`, as if the item did.
 */
#ifndef ZG_HARNESS_ENGINE_LIST_H
#define ZG_HARNESS_ENGINE_LIST_H

#include "engines/zo.h"
#include "harness/request/options.h"
#include "harness/rows/case_row.h"

enum { ZG_MAX_SETTINGS = 8, ZG_MAX_ITEM = 124 /* bytes of an item */ };

/* A list of mechanisms as written.  What it means for an engine at a dtype is
 * zg_mechanisms_choose(). */
struct zg_mechanism_choice {
    bool from_default; /* starts from what the engine has on by default at the dtype in use */
    uint32_t bits;     /* else from these */
    uint32_t removed;  /* then without these, and without what needs them */
    uint32_t added;    /* then with these */
};

struct zg_engine_item {
    const struct zg_engine *engine;
    char label[ZG_MAX_ITEM + 160]; /* the item, --mechanisms where they matter, its number */
    bool has_dtype;                /* else the case's */
    enum zg_dtype dtype, dtype_d;
    bool has_mechanisms; /* else those of --mechanisms */
    struct zg_mechanism_choice mechanisms;
    struct zg_engine_setting settings[ZG_MAX_SETTINGS];
    int64_t n_settings;
};

struct zg_engine_list {
    struct zg_engine_item items[ZG_MAX_ENGINES];
    int64_t n_items;
    struct zg_words words[1 + ZG_MAX_ENGINES]; /* what the settings point into */
    int64_t n_words;
};

/* `text` NULL: every engine that this build has.  `mechanisms` NULL: each engine's default.
 * ZG_USAGE: unknown or missing engine, unknown mechanism, a setting that the engine has not. */
enum zg_status zg_engine_list_parse(struct zg_engine_list *out, const char *text,
                                    const char *mechanisms, struct zg_error *err);
void zg_engine_list_close(struct zg_engine_list *list);

/* The engine that a command takes which needs one and was given none: the runtime of the build,
 * else its first.  NULL: it has none. */
const char *zg_engine_usual(void);

/* Index of the item with that label, else of the first of that engine; -1: none. */
int64_t zg_engine_list_find(const struct zg_engine_list *list, const char *name);

/* The options of open() for an item where the case has these dtypes, on one thread, limits left at
 * their defaults. */
struct zg_engine_options zg_engine_item_options(const struct zg_engine_item *item,
                                                enum zg_dtype case_dtype,
                                                enum zg_dtype case_dtype_d);

/* Names cut by `separator`: exactly those; `default`, `all`, `none`; -name removes, from the
 * default if it comes first, and with it whatever needs it. */
enum zg_status zg_mechanisms_parse(const char *what, const char *text, char separator,
                                   struct zg_mechanism_choice *out, struct zg_error *err);
/* Those of the choice that the engine has. */
uint32_t zg_mechanisms_choose(const struct zg_mechanism_choice *choice,
                              const struct zg_engine *engine, enum zg_dtype dtype,
                              enum zg_dtype dtype_d);
/* The bits without the removed ones and without whatever needs those. */
uint32_t zg_mechanisms_without(uint32_t mechanisms, uint32_t removed);
/* Names of the bits joined by `separator`, "none" for 0, into text[size]. */
const char *zg_mechanisms_show(uint32_t mechanisms, char separator, char *text, size_t size);

#endif
