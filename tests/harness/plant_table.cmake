# plant_table.cmake - the defects of plants.cmake.

# ---- the algorithm ----

zogap_plant(minus-sign engines/algorithm/lozo.c [[{0, `-options->eps`}]] [[options->eps]]
            "the minus probe has the sign of the plus probe")
zogap_plant(stale-v engines/runtime/adapter.c [[`s->seed_v != directions[0].seed_v`]] [[0]]
            "V is drawn once and a redraw not noticed")
zogap_plant(relu-missing engines/runtime/forward.c [[s->h, `ZG_EPILOGUE_RELU`, s->wide]]
            [[layer == &s->layers[0] ? ZG_EPILOGUE_NONE : ZG_EPILOGUE_RELU]]
            "one layer has no ReLU")
