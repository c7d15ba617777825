/* mechanisms.c - which combinations of the runtime's mechanisms make sense. */
#include "engines/runtime/runtime.h"

enum zg_status zg_mechanisms_check(uint32_t mechanisms, struct zg_error *err)
{
    static const struct {
        enum zg_mechanism needing, needed;
    } rules[] = {
        {ZG_M_PAIRED, ZG_M_ADAPTER}, {ZG_M_LAZY, ZG_M_ADAPTER},  {ZG_M_COMMON, ZG_M_PAIRED},
        {ZG_M_TRIE, ZG_M_RAGGED},    {ZG_M_CANCEL, ZG_M_SCORED}, {ZG_M_LAST, ZG_M_SCORED},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if ((mechanisms & ZG_MECHANISM_BIT(rules[i].needing)) &&
            !(mechanisms & ZG_MECHANISM_BIT(rules[i].needed)))
            return zg_fail(err, ZG_USAGE, "mechanism '%s' needs '%s': switch both on, or '%s' off",
                           zg_mechanism_name(rules[i].needing), zg_mechanism_name(rules[i].needed),
                           zg_mechanism_name(rules[i].needing));
    return ZG_OK;
}
