/* registry.c - finds and lists the engines of engines.def. */
#include "engines/zo.h"

#include <string.h>

#define ZG_ENGINE(name) extern const struct zg_engine zg_engine_##name;
#include "engines/engines.def"
#undef ZG_ENGINE

static const struct zg_engine *const engines[] = {
#define ZG_ENGINE(name) &zg_engine_##name,
#include "engines/engines.def"
#undef ZG_ENGINE
};

const struct zg_engine *zg_engine_at(int64_t index)
{
    const int64_t n = (int64_t)(sizeof engines / sizeof engines[0]);
    return index >= 0 && index < n ? engines[index] : NULL;
}

const struct zg_engine *zg_engine_find(const char *name)
{
    const struct zg_engine *engine;
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++)
        if (strcmp(engine->name, name) == 0)
            return engine;
    return NULL;
}

const struct zg_engine *zg_engine_of_role(enum zg_engine_role role)
{
    const struct zg_engine *engine;
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++)
        if (engine->role == role && !engine->missing)
            return engine;
    return NULL;
}
