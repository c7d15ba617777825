/*
 * engine_list.c - cuts the list at commas, an item at colons, mechanisms at plus signs, and has
 * each item checked by its engine.  A setting's text stays in the list's own words.
 */
#include "harness/request/engine_list.h"

#include <stdio.h>
#include <string.h>

#include "engines/base/nearest.h"
#include "harness/rows/precision.h"

/* ---- mechanisms ------------------------------------------------------------------------------ */

static const uint32_t all_mechanisms = (1u << ZG_N_MECHANISMS) - 1;

static int mechanism_find(const char *name)
{
    for (int m = 0; m < ZG_N_MECHANISMS; m++)
        if (strcmp(zg_mechanism_name((enum zg_mechanism)m), name) == 0)
            return m;
    return -1;
}

/* Without m and without whatever needs it: -scored leaves no cancel and no last. */
static uint32_t without(uint32_t bits, unsigned m)
{
    bits &= ~ZG_MECHANISM_BIT(m);
    for (unsigned other = 0; other < ZG_N_MECHANISMS; other++)
        if ((bits & ZG_MECHANISM_BIT(other)) &&
            (zg_mechanism_needs((enum zg_mechanism)other) & ZG_MECHANISM_BIT(m)))
            bits = without(bits, other);
    return bits;
}

uint32_t zg_mechanisms_without(uint32_t mechanisms, uint32_t removed)
{
    for (unsigned m = 0; m < ZG_N_MECHANISMS; m++)
        if (removed & ZG_MECHANISM_BIT(m))
            mechanisms = without(mechanisms, m);
    return mechanisms;
}

static const struct zg_mechanism_choice default_choice = {.from_default = true};

/* Takes the next name of a list into account: later ones win. */
static bool take_name(struct zg_mechanism_choice *choice, const char *name)
{
    const bool remove = name[0] == '-';
    const int m = mechanism_find(name + remove);
    if (m >= 0 && remove) {
        choice->removed |= ZG_MECHANISM_BIT((unsigned)m);
        choice->added = without(choice->added, (unsigned)m);
    } else if (m >= 0) {
        choice->added |= ZG_MECHANISM_BIT((unsigned)m);
    } else if (strcmp(name, "all") == 0) {
        *choice = (struct zg_mechanism_choice){.bits = all_mechanisms};
    } else if (strcmp(name, "default") == 0) {
        *choice = default_choice;
    } else {
        return false;
    }
    return true;
}

enum zg_status zg_mechanisms_parse(const char *what, const char *text, char separator,
                                   struct zg_mechanism_choice *out, struct zg_error *err)
{
    struct zg_words names;
    enum zg_status status = zg_words_split(&names, what, text, separator, err);
    if (status)
        return status;
    struct zg_mechanism_choice choice = {.from_default = names.words[0][0] == '-'};
    for (int64_t i = 0; i < names.n_words && !status; i++)
        if (!take_name(&choice, names.words[i]) &&
            (strcmp(names.words[i], "none") != 0 || names.n_words > 1)) {
            char known[256] = "none default all ";
            const size_t n = strlen(known), n_none = strlen("none ");
            const char *const name = names.words[i] + (names.words[i][0] == '-');
            zg_mechanisms_show(all_mechanisms, ' ', known + n, sizeof known - n);
            status = zg_fail(err, ZG_USAGE,
                             "%s %s: must be one of %s, or -name to remove, or none alone%s", what,
                             names.words[i], known + n_none, zg_nearest_word(name, known).hint);
        }
    if (!status)
        *out = choice;
    zg_words_close(&names);
    return status;
}

uint32_t zg_mechanisms_choose(const struct zg_mechanism_choice *choice,
                              const struct zg_engine *engine, enum zg_dtype dtype,
                              enum zg_dtype dtype_d)
{
    uint32_t bits =
        choice->from_default ? zg_engine_default_mechanisms(engine, dtype, dtype_d) : choice->bits;
    return (zg_mechanisms_without(bits, choice->removed) | choice->added) & engine->mechanisms;
}

const char *zg_mechanisms_show(uint32_t mechanisms, char separator, char *text, size_t size)
{
    size_t n = 0;
    snprintf(text, size, "none");
    for (int m = 0; m < ZG_N_MECHANISMS && n < size; m++)
        if (mechanisms & ZG_MECHANISM_BIT((unsigned)m)) {
            const char join[2] = {n > 0 ? separator : '\0', '\0'};
            n += (size_t)snprintf(text + n, size - n, "%s%s", join,
                                  zg_mechanism_name((enum zg_mechanism)m));
        }
    return text;
}

/* ---- items ----------------------------------------------------------------------------------- */

static enum zg_status fail_unknown_engine(const char *name, struct zg_error *err)
{
    char known[256] = "";
    size_t n = 0;
    const struct zg_engine *engine;
    for (int64_t i = 0; (engine = zg_engine_at(i)) && n < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", engine->name);
    return zg_fail(err, ZG_USAGE, "--engines %s: unknown engine; this build knows %s%s", name,
                   known, zg_nearest_word(name, known).hint);
}

/* `default`, `all` and -NAME speak of what an engine has; a mechanism asked for by name must be
 * there. */
static enum zg_status check_has_mechanisms(const struct zg_engine_item *item, const char *text,
                                           struct zg_error *err)
{
    char lacking[256], has[256];
    const struct zg_mechanism_choice *const choice = &item->mechanisms;
    const uint32_t missing = choice->added & ~item->engine->mechanisms;
    const bool speaks_of_some = choice->removed || choice->bits || missing;
    if (!missing && (item->engine->mechanisms || !speaks_of_some))
        return ZG_OK;
    return zg_fail(err, ZG_USAGE, "--engines %s: engine %s has not %s; its mechanisms are: %s",
                   item->label, item->engine->name,
                   missing ? zg_mechanisms_show(missing, ' ', lacking, sizeof lacking) : text,
                   zg_mechanisms_show(item->engine->mechanisms, ' ', has, sizeof has));
}

static enum zg_status parse_setting(struct zg_engine_item *item, char *text, struct zg_error *err)
{
    char *const equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1])
        return zg_fail(err, ZG_USAGE, "--engines %s: '%s' must be KEY=VALUE", item->label, text);
    *equals = '\0';
    const char *const value = equals + 1;
    char what[sizeof item->label + 32];
    if (strcmp(text, "dtype") == 0) {
        snprintf(what, sizeof what, "--engines %s: dtype", item->label);
        if (item->has_dtype)
            return zg_fail(err, ZG_USAGE, "%s is given twice", what);
        item->has_dtype = true;
        return zg_dtypes_parse(what, value, &item->dtype, &item->dtype_d, err);
    }
    if (strcmp(text, "mechanisms") == 0) {
        snprintf(what, sizeof what, "--engines %s: mechanism", item->label);
        if (item->has_mechanisms)
            return zg_fail(err, ZG_USAGE, "--engines %s: mechanisms is given twice", item->label);
        item->has_mechanisms = true;
        const enum zg_status status = zg_mechanisms_parse(what, value, '+', &item->mechanisms, err);
        return status ? status : check_has_mechanisms(item, value, err);
    }
    if (item->n_settings == ZG_MAX_SETTINGS)
        return zg_fail(err, ZG_USAGE, "--engines %s: more than %d settings", item->label,
                       ZG_MAX_SETTINGS);
    item->settings[item->n_settings++] = (struct zg_engine_setting){text, value};
    return ZG_OK;
}

/* Appends the names of the bits, each behind `before`, joined by +. */
static void append_names(char *text, size_t size, uint32_t bits, const char *before)
{
    for (int m = 0; m < ZG_N_MECHANISMS; m++) {
        const size_t n = strlen(text);
        if (bits & ZG_MECHANISM_BIT((unsigned)m))
            snprintf(text + n, size - n, "%s%s%s", n ? "+" : "", before,
                     zg_mechanism_name((enum zg_mechanism)m));
    }
}

/* A choice as an item has it, whatever its order was: "-trie", "default+centred", "all+-trie",
 * "adapter+paired". */
static void show_choice(const struct zg_mechanism_choice *choice, char *text, size_t size)
{
    const bool is_list = !choice->from_default && !choice->bits;
    snprintf(text, size, "%s",
             choice->bits                               ? "all"
             : choice->from_default && !choice->removed ? "default"
                                                        : "");
    if (!is_list)
        append_names(text, size, choice->removed, "-");
    append_names(text, size, choice->added, "");
    if (!text[0])
        snprintf(text, size, "none");
}

static bool is_default(const struct zg_mechanism_choice *choice, const struct zg_engine *engine)
{
    for (int dtype = 0; dtype < ZG_N_DTYPES; dtype++)
        for (int dtype_d = 0; dtype_d < ZG_N_DTYPES; dtype_d++)
            if (zg_mechanisms_choose(choice, engine, (enum zg_dtype)dtype,
                                     (enum zg_dtype)dtype_d) !=
                zg_engine_default_mechanisms(engine, (enum zg_dtype)dtype, (enum zg_dtype)dtype_d))
                return false;
    return true;
}

/* What --mechanisms makes of an engine is not what its name alone stands for: the label says so, as
 * if the item did. */
static void label_mechanisms(struct zg_engine_item *item,
                             const struct zg_mechanism_choice *mechanisms)
{
    char text[128 + 16];
    const size_t n = strlen(item->label);
    if (item->has_mechanisms || is_default(mechanisms, item->engine))
        return;
    show_choice(mechanisms, text, sizeof text);
    snprintf(item->label + n, sizeof item->label - n, ":mechanisms=%s", text);
}

/* An item that is listed again is #2, #3, ... */
static void number(struct zg_engine_list *list, struct zg_engine_item *item)
{
    const size_t n = strlen(item->label);
    int64_t n_same = 0;
    for (int64_t i = 0; i < list->n_items; i++) {
        const size_t length = strcspn(list->items[i].label, "#");
        n_same += length == n && strncmp(list->items[i].label, item->label, length) == 0;
    }
    if (n_same > 0)
        snprintf(item->label + n, sizeof item->label - n, "#%d", (int)n_same + 1);
}

static enum zg_status parse_item(struct zg_engine_list *list, const char *text,
                                 const struct zg_mechanism_choice *mechanisms, struct zg_error *err)
{
    struct zg_engine_item *const item = &list->items[list->n_items];
    *item = (struct zg_engine_item){.mechanisms = *mechanisms};
    if ((size_t)snprintf(item->label, sizeof item->label, "%s", text) >= ZG_MAX_ITEM)
        return zg_fail(err, ZG_USAGE, "--engines %.40s...: an item must be shorter", text);
    struct zg_words *const words = &list->words[list->n_words];
    enum zg_status status = zg_words_split(words, "--engines", text, ':', err);
    if (status)
        return status;
    list->n_words++;
    item->engine = zg_engine_find(words->words[0]);
    if (!item->engine)
        return fail_unknown_engine(words->words[0], err);
    for (int64_t i = 1; i < words->n_words && !status; i++)
        status = parse_setting(item, words->words[i], err);
    if (!status) {
        const struct zg_engine_options options = zg_engine_item_options(item, ZG_FP32, ZG_FP32);
        status = zg_engine_options_check(item->engine, &options, err);
        if (status)
            zg_fail_within(err, status, "--engines %s", item->label);
    }
    if (!status) {
        label_mechanisms(item, mechanisms);
        number(list, item);
    }
    list->n_items++;
    return status;
}

/* A mechanism that --mechanisms asks for by name must be one of an engine's. */
static enum zg_status check_common(const struct zg_engine_list *list,
                                   const struct zg_mechanism_choice *choice, const char *text,
                                   struct zg_error *err)
{
    uint32_t has = 0;
    for (int64_t i = 0; i < list->n_items; i++)
        has |= list->items[i].has_mechanisms ? 0 : list->items[i].engine->mechanisms;
    char names[256];
    if (!(choice->added & ~has))
        return ZG_OK;
    return zg_fail(err, ZG_USAGE, "--mechanisms %s: no engine of this list that takes it has %s",
                   text, zg_mechanisms_show(choice->added & ~has, ' ', names, sizeof names));
}

enum zg_status zg_engine_list_parse(struct zg_engine_list *out, const char *text,
                                    const char *mechanisms, struct zg_error *err)
{
    *out = (struct zg_engine_list){0};
    struct zg_mechanism_choice choice = default_choice;
    enum zg_status status = ZG_OK;
    if (mechanisms)
        status = zg_mechanisms_parse("--mechanisms", mechanisms, ',', &choice, err);
    if (!status && !text) {
        const struct zg_engine *engine;
        for (int64_t i = 0; (engine = zg_engine_at(i)) && !status; i++)
            if (!engine->missing && out->n_items < ZG_MAX_ENGINES)
                status = parse_item(out, engine->name, &choice, err);
        if (!status && out->n_items == 0)
            status = zg_fail(err, ZG_ENV, "this build has no engine");
    } else if (!status) {
        struct zg_words *const words = &out->words[out->n_words];
        status = zg_words_split(words, "--engines", text, ',', err);
        out->n_words += !status;
        if (!status && words->n_words > ZG_MAX_ENGINES)
            status = zg_fail(err, ZG_USAGE, "--engines: %d items; must be at most %d",
                             (int)words->n_words, ZG_MAX_ENGINES);
        for (int64_t i = 0; !status && i < words->n_words; i++)
            status = parse_item(out, words->words[i], &choice, err);
    }
    if (!status && mechanisms)
        status = check_common(out, &choice, mechanisms, err);
    if (status)
        zg_engine_list_close(out);
    return status;
}

void zg_engine_list_close(struct zg_engine_list *list)
{
    for (int64_t i = 0; i < list->n_words; i++)
        zg_words_close(&list->words[i]);
    list->n_words = 0;
    list->n_items = 0;
}

int64_t zg_engine_list_find(const struct zg_engine_list *list, const char *name)
{
    for (int64_t i = 0; i < list->n_items; i++)
        if (strcmp(list->items[i].label, name) == 0)
            return i;
    for (int64_t i = 0; i < list->n_items; i++)
        if (strcmp(list->items[i].engine->name, name) == 0)
            return i;
    return -1;
}

struct zg_engine_options zg_engine_item_options(const struct zg_engine_item *item,
                                                enum zg_dtype case_dtype,
                                                enum zg_dtype case_dtype_d)
{
    struct zg_engine_options options = zg_engine_options_default(item->engine);
    options.dtype = item->has_dtype ? item->dtype : case_dtype;
    options.dtype_d = item->has_dtype ? item->dtype_d : case_dtype_d;
    options.mechanisms =
        zg_mechanisms_choose(&item->mechanisms, item->engine, options.dtype, options.dtype_d);
    options.settings = item->settings;
    options.n_settings = item->n_settings;
    return options;
}

const char *zg_engine_usual(void)
{
    const struct zg_engine *engine = zg_engine_of_role(ZG_ROLE_RUNTIME);
    for (int64_t i = 0; !engine || engine->missing; i++)
        if (!(engine = zg_engine_at(i)))
            return NULL;
    return engine->name;
}
