# plant_table.cmake - the defects of plants.cmake.
#
# What the case does not show is no defect of it: a row before the option is the same for both options of the embedded task
# and cancels, so `padding` has options of several tokens; and a term of second order in eps is a few times the tolerance at
# eps 1e-3, so pair-norm has 1e-2.

# ---- the algorithm ----

zogap_plant(minus-sign engines/algorithm/queries.c [[(struct zg_probe){i, `-eps`}]] [[eps]]
            "the minus probe has the sign of the plus probe")
zogap_plant(no-half engines/algorithm/queries.c [[loss[base]) / `distance`;]] [[0.5 * distance]]
            "the projected gradient is L+ - L- over eps, not 2 eps")
zogap_plant(lr-missing engines/algorithm/queries.c [=[`rate * out->gradient[i]` / (double)n]=] [=[out->gradient[i]]=]
            "the update has no learning rate")

# ---- directions and updates ----

zogap_plant(stale-v engines/runtime/adapter.c [[`low->seed_v[n_v++] != directions[j].seed_v`]] [[n_v++ < 0]]
            "V is drawn once and a redraw not noticed")
zogap_plant(same-v engines/runtime/adapter.c [[zg_direction_v(direction, `linear->tensors[group]`, begin]]
            [[zg_tensor_layer(0, (enum zg_tensor_kind)(linear->tensors[group] % ZG_N_TENSOR_KINDS))]]
            "all layers have the V of the first")
zogap_plant(not-folded engines/runtime/adapter.c
            [[write_panel(s, linear, `1.0f`, visit_u]] [[0.0f]]
            "pending updates are dropped where V is redrawn")
zogap_plant(a-unscored engines/runtime/adapter.c [[memcpy(e, a + o * n, `(size_t)n * sizeof *e`);]]
            [[(memset(e, 0, (size_t)n * sizeof *e), (size_t)0)]]
            "pending updates are left out of the losses")
zogap_plant(no-scale engines/runtime/adapter.c [[*e++ = `low->directions[j].scale` * linear->u]] [[1.0f]]
            "the probe lacks the scale 1/sqrt(rank) of its direction" --direction-scale rms)
zogap_plant(nan-update engines/runtime/adapter.c [[sum[e] = `a`;]]
            [[zg_plant_step == 9 && layer == 1 && e == 5 && linear->shape.n_groups == 1 ? NAN : a]]
            "the last update makes one weight NaN")
zogap_plant(stale-u engines/runtime/adapter.c [[`transpose_u(s)`;]]
            [[zg_plant_step == 0 ? transpose_u(s) : (void)0]]
            "the part that both probes share meets the U of the first step")
zogap_plant(k-for-v engines/runtime/project.c [[moved + present_column(s, linear, `group`, low->v_of[j]);]]
            [[group > 0 && group == linear->shape.n_groups - 1 ? group - 1 : group]]
            "v gets the adapter's product of k")
zogap_plant(eps-101 engines/runtime/project.c [[extra[e] = `coefficient` * t]] [[1.01f * coefficient]]
            "probes are at 1.01 eps")
zogap_plant(eps-101 engines/runtime/project.c [[scaled[e] = `probe->coefficient` * own]] [[1.01f * probe->coefficient]] "")
zogap_plant(pair-cross engines/runtime/project.c [[*moved = `centred ? zg_row(s->act.t, rows[1 - i]) : own`;]] [[own]]
            "a centred mean is moved by itself, not by the half difference" --mechanisms default,centred)

# ---- the forward pass ----

zogap_plant(position engines/runtime/forward.c [[(position + `ZG_POSITION_OFFSET`)]] [[ZG_POSITION_OFFSET - 1]]
            "positions are off by one")
zogap_plant(no-bias engines/runtime/forward.c [[.bias = `linear->bias`,]]
            [[linear == &s->weights.layers[1].linear[ZG_L_OUT] ? NULL : linear->bias]]
            "one linear layer has no bias")
zogap_plant(nan-weight engines/runtime/weights.c
            [[`read_vector(s, zg_tensor_bias(&s->shape, linear->tensors[g]), n_out, bias + g * n_out)`;]]
            [[read_vector(s, zg_tensor_bias(&s->shape, linear->tensors[g]), n_out, bias + g * n_out),
              (void)(layer == 1 && kind == ZG_L_FC1 ? (bias[7] = NAN) : 0.0f)]]
            "one value of a bias before a ReLU is NaN")
zogap_plant(relu-missing engines/runtime/forward.c [[s->act.h, `ZG_EPILOGUE_RELU`, s->act.wide]]
            [[layer == &s->weights.layers[0] ? ZG_EPILOGUE_NONE : ZG_EPILOGUE_RELU]]
            "one layer has no ReLU")
zogap_plant(norm-swapped engines/runtime/forward.c [[`&layer->norm2`]]
            [[layer == &s->weights.layers[1] ? &layer->norm1 : &layer->norm2]]
            "one layer's norms are swapped")
zogap_plant(norm-eps engines/runtime/kernels_rows.h [[`(double)ZG_LAYER_NORM_EPS`]] [[1e-6]]
            "layer norms have an eps of 1e-6, not 1e-5")
zogap_plant(pair-norm engines/runtime/kernels_centred.h [[(`a * im + b * id`) * g + vec_load]] [[a * im]]
            "a centred norm lacks the mean's term of second order" --mechanisms default,centred --eps 1e-2)
zogap_plant(pair-relu engines/runtime/kernels_centred.h [[const ivec both = `a > size`;]] [[a > 0.0f]]
            "a centred ReLU forgets that one sign may be cut off" --mechanisms default,centred)
zogap_plant(attention-scale engines/runtime/attention.c [[`1.0f / sqrtf((float)head_dim)`]] [[1.0f]]
            "attention scores are not scaled")
zogap_plant(mask engines/runtime/attention.c [[`(int32_t)zg_trie_depth(&plan->trie, row) + 1`]]
            [[(int32_t)zg_min64(zg_trie_depth(&plan->trie, row) + 2,
                                zg_trie_depth(&plan->trie, scored ? plan->scored_row[block->end - 1] : block->end - 1) + 1)]]
            "a query sees the next token")
zogap_plant(wrong-row engines/runtime/forward.c [[`s->plan.scored_row[i % n_scored]`]]
            [[s->plan.scored_row[i % n_scored] - (i % n_scored == 1)]]
            "the last layer takes the residual of the row before, once")

# ---- the batch and its losses ----

zogap_plant(shared engines/layout/trie.c [[parent, `token`, trie->n_rows);]] [[parent == 0 ? 0 : token]]
            "sequences that differ in their first word share its row")
zogap_plant(other-stem engines/layout/plan.c [[option, `stem_row`, !cancels]] [[stem_row - (o > 0)]]
            "the second option is scored one row early")
zogap_plant(option-sum engines/layout/plan_loss.c [[cancels, logit, lse) / `(double)n`;]] [[1.0]]
            "an option's score is its sum, not its mean" --task words.json)
zogap_plant(lm-mean engines/layout/plan_loss.c [[n_tokens += `n`;]] [[1]]
            "the mean is over examples, not tokens" --objective lm-prompt)
zogap_plant(padding engines/naive/batch.c [=[t = `T - 1 - batch->n_option[s]`;]=] [=[T - 2 - batch->n_option[s]]=]
            "a row before the option counts in its score" --task words.json)
zogap_plant(not-restored engines/naive/engine.c [[`perturb_to(state, (struct zg_probe){0, 0})`;
    zg_naive_phase(state, ZG_PHASE_OTHER);
    state->cost]] [[(void)0]]
            "the loop leaves its weights at the last probe")

# ---- scope full ----

zogap_plant(full-bias engines/runtime/project.c
            [[*extra++ = `probe && probe->direction == j && !is_mean ? probe->coefficient : 0.0f`;]] [[0.0f]]
            "biases do not move with their probe" --scope full)
zogap_plant(full-norm engines/runtime/vectors.c [[base[i], `&probe->coefficient`, 1,]] [[&(const float){0.0f}]]
            "norms do not move with their probe" --scope full)
zogap_plant(full-head engines/runtime/logits.c [[return sum + `coefficient * moved`;]] [[0.0f]]
            "the head does not move with its probe" --scope full)
zogap_plant(full-embedding engines/runtime/tables.c [[a[e] -= `scaled * u[e]`;]]
            [=[table->tensor == ZG_T_EMBED_TOKENS ? 0.0f : scaled * u[e]]=]
            "an update leaves the embedding out" --scope full)
zogap_plant(full-position engines/runtime/forward.c [[tables[t].tensor, `table_row[t]`, 1,]] [[table_row[t] + (t == 1)]]
            "a position's row moves as the next one's" --scope full)
zogap_plant(full-pair engines/runtime/kernels_centred.h [[vec_store(yd + i, q * g + (`p * e` + vec_load(x.dbias + i)));]]
            [[q * e]]
            "a centred norm's half difference lacks the mean times the gain's" --scope full --mechanisms default,centred)

# ---- directions, in both engines ----

zogap_plant(both-one-noise engines/interface/direction.c [[(direction->seed_u, `tensor`, ZG_STREAM_U]]
            [[tensor % ZG_N_TENSOR_KINDS + ZG_N_TENSOR_KINDS]]
            "the seed restarts in every layer: equal tensors share their noise")
zogap_plant(both-one-noise engines/interface/direction.c [[(direction->seed_v, `tensor`, ZG_STREAM_V]]
            [[tensor % ZG_N_TENSOR_KINDS + ZG_N_TENSOR_KINDS]] "")
zogap_plant(both-one-u engines/interface/direction.c [[{
    zg_philox_normal(`direction->seed_u`,]] [[direction->seed_v]]
            "the directions of a step are one")
zogap_plant(both-same-step engines/algorithm/lowrank.c [[zg_seed_derive(choice->seed, `step`)]] [[step / 2]]
            "every second step repeats the direction of the one before")
zogap_plant(both-other-update engines/runtime/adapter.c [[updates[i].direction * n_elements + `e`]]
            [[(e + low->rank) % n_elements]]
            "an update goes along another U than its probe")
zogap_plant(both-far-probe engines/runtime/project.c [[direction == j ? `probe->coefficient` : 0.0f;]]
            [[2.0f * probe->coefficient]]
            "a probe goes twice as far as it says")
zogap_plant(both-not-undone engines/runtime/adapter.c [[overwrite ? 0.0f : `sum[e]`;]] [=[0.9f * sum[e]]=]
            "what is pending is not what was added")
