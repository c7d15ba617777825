/* offered.c - asks every engine of the registry. */
#include "harness/request/offered.h"

#include <stdio.h>
#include <string.h>

#include "harness/rows/precision.h"

static uint32_t dtypes_of_build(void)
{
    uint32_t dtypes = 0;
    const struct zg_engine *engine;
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++)
        dtypes |= engine->missing ? 0 : engine->dtypes;
    return dtypes;
}

enum zg_status zg_offered_check_dtypes(const char *what, enum zg_dtype dtype, enum zg_dtype dtype_d,
                                       struct zg_error *err)
{
    const uint32_t has = dtypes_of_build(), asked = 1u << dtype | 1u << dtype_d;
    char names[64] = "";
    if (!(asked & ~has))
        return ZG_OK;
    for (int d = 0; d < ZG_N_DTYPES; d++)
        if (has & 1u << d) {
            const size_t n = strlen(names);
            snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "",
                     zg_dtype_name((enum zg_dtype)d));
        }
    return zg_fail(err, ZG_USAGE, "%s %s: no engine of this build has %s; they have %s", what,
                   zg_dtypes_name(dtype, dtype_d),
                   zg_dtype_name((enum zg_dtype)__builtin_ctz(asked & ~has)), names);
}

static uint32_t scopes_of(const struct zg_engine *engine)
{
    return engine->scopes;
}
static uint32_t kinds_of(const struct zg_engine *engine)
{
    return engine->direction_kinds;
}
static uint32_t features_of(const struct zg_engine *engine)
{
    return engine->features;
}

static const char *who_has(uint32_t (*declared)(const struct zg_engine *), uint32_t bit, char *text,
                           size_t size)
{
    const struct zg_engine *engine;
    size_t n = 0;
    int n_engines = 0;
    text[0] = '\0';
    for (int64_t i = 0; (engine = zg_engine_at(i)) && n < size; i++)
        if (!engine->missing && declared(engine) & bit)
            n += (size_t)snprintf(text + n, size - n, "%s%s", n_engines++ ? " and " : "",
                                  engine->name);
    if (n < size)
        snprintf(text + n, size - n, "%s",
                 n_engines == 0   ? "no engine of this build has it"
                 : n_engines == 1 ? " has it"
                                  : " have it");
    return text;
}

const char *zg_offered_scope(enum zg_scope scope, char *text, size_t size)
{
    return who_has(scopes_of, 1u << scope, text, size);
}

const char *zg_offered_kind(enum zg_direction_kind kind, char *text, size_t size)
{
    return who_has(kinds_of, 1u << kind, text, size);
}

const char *zg_offered_feature(enum zg_feature feature, char *text, size_t size)
{
    return who_has(features_of, ZG_FEATURE_BIT(feature), text, size);
}
