/* trained_model.c - opens the small trained model where the test data has it. */
#include "tests/support/trained_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/cunit_run.h"
#include "tests/support/safetensors_writer.h"

char *zg_trained_model_directory(void)
{
    static const char *const links[][2] = {
        {"models/shakespeare-char-826k/opt_layout.config.json", "config.json"},
        {"models/shakespeare-char-826k/opt_layout.safetensors", "model.safetensors"}};
    char *directory = zg_temp_directory_make();
    if (!directory) {
        fprintf(stderr, "trained_model: no temporary directory\n");
        abort();
    }
    for (int i = 0; i < 2; i++) {
        const char *const from = zg_test_data(links[i][0]);
        char to[4096], absolute[4096];
        if (!from) {
            zg_temp_directory_remove(&directory);
            return NULL;
        }
        snprintf(to, sizeof to, "%s/%s", directory, links[i][1]);
        if (!realpath(from, absolute) || symlink(absolute, to) != 0) {
            fprintf(stderr, "trained_model: cannot link %s\n", to);
            abort();
        }
    }
    return directory;
}

/* Token i is the i-th of these. */
static const char alphabet[] = "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* Coriolanus, Romeo and Juliet, Hamlet, Macbeth, As You Like It. */
static const char passage[] =
    "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak.\n\n"
    "First Citizen:\nYou are all resolved rather to die than to famish?\n\n"
    "ROMEO:\nBut, soft! what light through yonder window breaks?\nIt is the east, and Juliet is "
    "the sun.\nArise, fair sun, and kill the envious moon,\nWho is already sick and pale with "
    "grief,\nThat thou her maid art far more fair than she.\n\n"
    "HAMLET:\nTo be, or not to be: that is the question:\nWhether 'tis nobler in the mind to "
    "suffer\nThe slings and arrows of outrageous fortune,\nOr to take arms against a sea of "
    "troubles,\nAnd by opposing end them? To die: to sleep;\nNo more; and by a sleep to say we "
    "end\nThe heart-ache and the thousand natural shocks\nThat flesh is heir to.\n\n"
    "MACBETH:\nTo-morrow, and to-morrow, and to-morrow,\nCreeps in this petty pace from day to "
    "day\nTo the last syllable of recorded time,\nAnd all our yesterdays have lighted fools\nThe "
    "way to dusty death. Out, out, brief candle!\nLife's but a walking shadow, a poor player\n"
    "That struts and frets his hour upon the stage\nAnd then is heard no more.\n\n"
    "JAQUES:\nAll the world's a stage,\nAnd all the men and women merely players:\nThey have "
    "their exits and their entrances;\nAnd one man in his time plays many parts,\nHis acts being "
    "seven ages.\n";

const int32_t *zg_trained_model_text(int64_t *n_tokens)
{
    static int32_t tokens[sizeof passage - 1];
    *n_tokens = (int64_t)sizeof passage - 1;
    for (int64_t i = 0; i < *n_tokens; i++)
        tokens[i] = (int32_t)(strchr(alphabet, passage[i]) - alphabet);
    return tokens;
}
