/* step.c - a program on libzogap: three LoZO steps of a synthetic model through the ZO interface.
 *
 *     step [ENGINE]        prints the losses L+ and L- of each step; default: naive
 */
#include <stdio.h>

#include <zogap/algorithm.h>
#include <zogap/step.h>
#include <zogap/zo.h>

int main(int argc, char **argv)
{
    struct zg_error err = {ZG_OK, ""};
    struct zg_model *model = NULL;
    struct zg_engine_state *state = NULL;
    const char *const name = argc > 1 ? argv[1] : "naive";
    const struct zg_engine *const engine = zg_engine_find(name);
    if (!engine || engine->missing) {
        fprintf(stderr, "step: no engine %s: %s\n", name, engine ? engine->missing : "unknown");
        return ZG_USAGE;
    }

    /* Two examples with two options each, of one token; gold says which is right. */
    const int32_t first[] = {0, 7, 8, 9}, second[] = {0, 7, 5}, bad[] = {20}, good[] = {21};
    const struct zg_option words[] = {{bad, 1}, {good, 1}};
    const struct zg_example examples[] = {{first, 4, words, 2, 1}, {second, 3, words, 2, 0}};
    const struct zg_batch batch = {examples, 2, ZG_LOSS_CLASSIFICATION, 1};

    struct zg_algorithm_choice choice;
    struct zg_engine_options options = zg_engine_options_default(engine);
    zg_engine_limits_include(&options.limits, &batch);
    enum zg_status status = zg_algorithm_parse("lozo:rank=2+lr=0.001", &choice, &err);
    if (!status) {
        zg_algorithm_needs(&choice, &options.limits);
        status = zg_model_open(&model, "opt-mini", 1, &err);
    }
    if (!status)
        status = engine->open(&state, model, &options, &err);
    for (uint64_t t = 0; !status && t < 3; t++) {
        struct zg_step step;
        status = zg_step_run(&choice, engine, state, t, &batch, NULL, &step, &err);
        if (!status)
            printf("%s step %d: L+ %.6f, L- %.6f\n", engine->name, (int)t, step.loss[0],
                   step.loss[1]);
    }
    if (status)
        fprintf(stderr, "step: %s\n", err.text);
    engine->close(&state);
    zg_model_close(&model);
    return (int)status;
}
