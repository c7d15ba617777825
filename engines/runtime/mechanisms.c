/* mechanisms.c - which combinations of the runtime's mechanisms make sense. */
#include "engines/runtime/mechanisms.h"

enum zg_status zg_mechanisms_check(uint32_t mechanisms, struct zg_error *err)
{
    for (enum zg_mechanism m = 0; m < ZG_N_MECHANISMS; m++) {
        if (!(mechanisms & ZG_MECHANISM_BIT(m)))
            continue;
        const uint32_t lacking = zg_mechanism_needs(m) & ~mechanisms;
        for (enum zg_mechanism n = 0; n < ZG_N_MECHANISMS; n++)
            if (lacking & ZG_MECHANISM_BIT(n))
                return zg_fail(err, ZG_USAGE,
                               "mechanism '%s' needs '%s': switch both on, or '%s' off",
                               zg_mechanism_name(m), zg_mechanism_name(n), zg_mechanism_name(m));
    }
    return ZG_OK;
}
