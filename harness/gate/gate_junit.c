/*
 * gate_junit.c - a judged gate as JUnit XML, as CI systems read it: gate.h.
 *
 * The format has no standard; this is the common part that Jenkins, GitLab and junitparser share.
 * A worse case is a failure, an undecided one is skipped: neither failed nor passed.  No times of
 * day: the same results give the same bytes.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/gate/gate.h"

/* Length of the UTF-8 character at `text`, 0 if it is none, or one that XML 1.0 forbids. */
static size_t character(const unsigned char *text)
{
    static const struct {
        unsigned char mask, lead;
        unsigned least;
    } forms[] = {
        {0x80, 0x00, 0x20}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    for (size_t n = 1; n <= 4; n++) {
        if ((text[0] & forms[n - 1].mask) != forms[n - 1].lead)
            continue;
        unsigned code = text[0] & (unsigned char)~forms[n - 1].mask;
        for (size_t i = 1; i < n; i++) {
            if ((text[i] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (text[i] & 0x3f);
        }
        const bool forbidden = (code >= 0xd800 && code < 0xe000) || code == 0xfffe ||
                               code == 0xffff || code > 0x10ffff || code == 0x7f;
        return code < forms[n - 1].least || forbidden ? 0 : n;
    }
    return 0;
}

/* As the value of an attribute, or as text between tags. */
static void append_escaped(FILE *out, const char *text)
{
    static const char special[] = "&<>\"'";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    for (size_t n; *text; text += n) {
        const char *const found = strchr(special, *text);
        n = character((const unsigned char *)text);
        if (found)
            fputs(entities[found - special], out);
        else
            fwrite(n ? text : "?", 1, n ? n : 1, out);
        n = n ? n : 1;
    }
}

static void append_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    append_escaped(out, value);
    fputs("\"", out);
}

static void append_counts(FILE *out, const char *tag, const struct zg_gate *gate)
{
    fprintf(out,
            "<%s name=\"zogap gate\" tests=\"%lld\" failures=\"%lld\" errors=\"0\" "
            "skipped=\"%lld\">\n",
            tag, (long long)gate->n_cases, (long long)zg_gate_count(gate, ZG_JUDGED_WORSE),
            (long long)zg_gate_count(gate, ZG_JUDGED_UNDECIDED));
}

static void append_case(FILE *out, const struct zg_gate_case *c)
{
    const struct zg_judged *const judged = &c->judged;
    char message[512];
    if (judged->pairing == ZG_COUNTED)
        snprintf(message, sizeof message, "%s: %.4f times the baseline's, counted: %s",
                 zg_judgement_name(judged->judgement), judged->ratio, judged->reason);
    else
        snprintf(message, sizeof message,
                 "%s: %.3f times the baseline's [%.3f, %.3f] at %.4g %%: %s",
                 zg_judgement_name(judged->judgement), judged->ratio, judged->low, judged->high,
                 100 * judged->confidence, judged->reason);
    fputs("    <testcase classname=\"zogap.gate\"", out);
    append_attribute(out, "name", c->name);
    fputs(">\n", out);
    if (judged->judgement == ZG_JUDGED_WORSE)
        fputs("      <failure type=\"worse\"", out);
    else if (judged->judgement == ZG_JUDGED_UNDECIDED)
        fputs("      <skipped type=\"undecided\"", out);
    else
        fputs("      <system-out>", out);
    if (judged->judgement == ZG_JUDGED_WORSE || judged->judgement == ZG_JUDGED_UNDECIDED) {
        append_attribute(out, "message", message);
        fputs("/>\n", out);
    } else {
        append_escaped(out, message);
        fputs("</system-out>\n", out);
    }
    fputs("    </testcase>\n", out);
}

enum zg_status zg_gate_junit(const struct zg_gate *gate, FILE *out, struct zg_error *err)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    append_counts(out, "testsuites", gate);
    fputs("  ", out);
    append_counts(out, "testsuite", gate);
    for (int64_t i = 0; i < gate->n_cases; i++)
        append_case(out, &gate->cases[i]);
    fputs("  </testsuite>\n</testsuites>\n", out);
    (void)err;
    return ZG_OK;
}
