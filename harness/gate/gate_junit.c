/*
 * gate_junit.c - a judged gate as JUnit XML, as CI systems read it: gate.h.
 *
 * The format has no standard; this is the common part that Jenkins, GitLab and junitparser share.
 * A worse case is a failure, an undecided one is skipped: neither failed nor passed.  Of
 * directories the time of day and all else is what they have: the same ones give the same bytes.
 */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/gate/gate.h"
#include "harness/rows/cell.h"

static void append_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    zg_xml_put(out, value);
    fputs("\"", out);
}

struct counts {
    int64_t tests, failures, errors, skipped;
    double seconds;
    const char *timestamp, *host; /* NULL: not known */
};

static void append_counts(FILE *out, const char *tag, const struct counts *counts)
{
    fprintf(out,
            "<%s name=\"zogap gate\" tests=\"%lld\" failures=\"%lld\" errors=\"%lld\" "
            "skipped=\"%lld\" time=\"%.3f\"",
            tag, (long long)counts->tests, (long long)counts->failures, (long long)counts->errors,
            (long long)counts->skipped, counts->seconds);
    if (counts->timestamp) { /* the schema has no zone; it is UTC */
        char text[32];
        snprintf(text, sizeof text, "%.*s", (int)strcspn(counts->timestamp, "Z"),
                 counts->timestamp);
        append_attribute(out, "timestamp", text);
    }
    append_attribute(out, "hostname", counts->host ? counts->host : "localhost");
    fputs(">\n", out);
}

static void append_property(FILE *out, const char *name, const char *value)
{
    if (!value)
        return;
    fputs("      <property", out);
    append_attribute(out, "name", name);
    append_attribute(out, "value", value);
    fputs("/>\n", out);
}

__attribute__((format(printf, 3, 4))) static void append_number(FILE *out, const char *name,
                                                                const char *format, ...)
{
    char text[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    append_property(out, name, text);
}

/* What one would ask of a verdict that looks odd. */
static void append_properties(FILE *out, const struct zg_gate *gate)
{
    const struct zg_result_meta *const old = &gate->sets[ZG_GATE_BASELINE]->meta,
                                       *const new = &gate->sets[ZG_GATE_CANDIDATE]->meta;
    fputs("    <properties>\n", out);
    append_number(out, "threshold", "%g %%", 100 * gate->threshold);
    append_property(out, "measured", gate->measured);
    append_property(out, "cpu", old->cpu_name);
    append_property(out, "isa", old->isa);
    if (old->threads != ZG_NO_INTEGER)
        append_number(out, "threads", "%lld", (long long)old->threads);
    append_property(out, "baseline.version", old->version);
    append_property(out, "baseline.git", old->git);
    append_property(out, "candidate.version", new->version);
    append_property(out, "candidate.git", new->git);
    if (gate->paired) {
        append_number(out, "blocks.busy", "%lld", (long long)gate->n_busy);
        append_number(out, "samples.share", "%.3f", zg_gate_samples_share(gate));
    }
    for (int64_t i = 0; i < gate->n_warnings; i++)
        append_property(out, "warning", gate->warnings[i]);
    fputs("    </properties>\n", out);
}

/* In samples, of both sides. */
static double seconds_of(const struct zg_gate *gate, const struct zg_gate_case *c)
{
    double sum_s = c->samples_s;
    for (int side = 0; side < 2 && !gate->paired; side++) {
        const struct zg_result_case *const from = zg_result_reader_find(gate->sets[side], &c->id);
        for (int64_t i = 0; from && i < from->n; i++)
            if (isfinite(from->wall_s[i]))
                sum_s += from->wall_s[i] * (double)from->steps[i];
    }
    return sum_s;
}

static void append_case(FILE *out, const struct zg_gate *gate, const struct zg_gate_case *c)
{
    const struct zg_judged *const judged = &c->judged;
    char message[640];
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
    fprintf(out, " time=\"%.3f\">\n", seconds_of(gate, c));
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
        zg_xml_put(out, message);
        fputs("</system-out>\n", out);
    }
    fputs("    </testcase>\n", out);
}

enum zg_status zg_gate_junit(const struct zg_gate *gate, FILE *out, struct zg_error *err)
{
    struct counts counts = {.tests = gate->n_cases,
                            .failures = zg_gate_count(gate, ZG_JUDGED_WORSE),
                            .skipped = zg_gate_count(gate, ZG_JUDGED_UNDECIDED),
                            .seconds = gate->wall_s,
                            .timestamp = gate->sets[ZG_GATE_CANDIDATE]->meta.started_utc,
                            .host = gate->host[0] ? gate->host : NULL};
    for (int64_t i = 0; i < gate->n_cases && !gate->paired; i++)
        counts.seconds += seconds_of(gate, &gate->cases[i]);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    append_counts(out, "testsuites", &counts);
    fputs("  ", out);
    append_counts(out, "testsuite", &counts);
    append_properties(out, gate);
    for (int64_t i = 0; i < gate->n_cases; i++)
        append_case(out, gate, &gate->cases[i]);
    fputs("  </testsuite>\n</testsuites>\n", out);
    (void)err;
    return ZG_OK;
}

const char *zg_gate_host(char *text, size_t size)
{
    text[0] = text[size - 1] = '\0';
    if (gethostname(text, size - 1) != 0 || !text[0])
        snprintf(text, size, "localhost");
    return text;
}

void zg_gate_junit_error(FILE *out, enum zg_status status, const char *message)
{
    static const char *const types[] = {"none", "check", "usage", "input", "environment"};
    char host[256], now[32];
    const time_t seconds = time(NULL);
    struct tm utc;
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));
    const struct counts counts = {
        .tests = 1, .errors = 1, .timestamp = now, .host = zg_gate_host(host, sizeof host)};
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    append_counts(out, "testsuites", &counts);
    fputs("  ", out);
    append_counts(out, "testsuite", &counts);
    fputs("    <testcase classname=\"zogap.gate\" name=\"gate\" time=\"0.000\">\n"
          "      <error",
          out);
    append_attribute(out, "type", types[status]);
    append_attribute(out, "message", message);
    fputs("/>\n    </testcase>\n  </testsuite>\n</testsuites>\n", out);
}
