/* names.c - the words that options, CSV columns and messages use for zo.h's enumerations. */
#include "engines/zo.h"

#include <assert.h>

const char *zg_phase_name(enum zg_phase phase)
{
    static const char *const names[ZG_N_PHASES] = {
#define X(NAME, name) #name,
        ZG_PHASES(X)
#undef X
    };
    assert(phase >= 0 && phase < ZG_N_PHASES);
    return names[phase];
}

const char *zg_mechanism_name(enum zg_mechanism mechanism)
{
    static const char *const names[ZG_N_MECHANISMS] = {
#define X(NAME, name, summary) #name,
        ZG_MECHANISMS(X)
#undef X
    };
    assert(mechanism >= 0 && mechanism < ZG_N_MECHANISMS);
    return names[mechanism];
}

const char *zg_mechanism_summary(enum zg_mechanism mechanism)
{
    static const char *const summaries[ZG_N_MECHANISMS] = {
#define X(NAME, name, summary) summary,
        ZG_MECHANISMS(X)
#undef X
    };
    assert(mechanism >= 0 && mechanism < ZG_N_MECHANISMS);
    return summaries[mechanism];
}

const char *zg_feature_name(enum zg_feature feature)
{
    static const char *const names[ZG_N_FEATURES] = {
#define X(NAME, name, words) #name,
        ZG_FEATURES(X)
#undef X
    };
    assert(feature >= 0 && feature < ZG_N_FEATURES);
    return names[feature];
}

const char *zg_feature_words(enum zg_feature feature)
{
    static const char *const list[ZG_N_FEATURES] = {
#define X(NAME, name, words) words,
        ZG_FEATURES(X)
#undef X
    };
    assert(feature >= 0 && feature < ZG_N_FEATURES);
    return list[feature];
}

uint32_t zg_mechanism_needs(enum zg_mechanism mechanism)
{
    switch (mechanism) {
    case ZG_M_PAIRED:
    case ZG_M_LAZY:
        return ZG_MECHANISM_BIT(ZG_M_ADAPTER);
    case ZG_M_BANK:
        return ZG_MECHANISM_BIT(ZG_M_LAZY);
    case ZG_M_COMMON:
    case ZG_M_CENTRED:
        return ZG_MECHANISM_BIT(ZG_M_PAIRED);
    case ZG_M_TRIE:
        return ZG_MECHANISM_BIT(ZG_M_RAGGED);
    case ZG_M_CANCEL:
    case ZG_M_LAST:
        return ZG_MECHANISM_BIT(ZG_M_SCORED);
    default:
        return 0;
    }
}
