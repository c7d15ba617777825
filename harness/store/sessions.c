/* sessions.c - the sessions of a run, and what they come to together. */
#include "harness/store/sessions.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/page.h"

static json_t *last_of(const json_t *meta)
{
    const json_t *const sessions = json_object_get(meta, "sessions");
    const size_t n = json_array_size(sessions);
    return n > 0 ? json_array_get(sessions, n - 1) : NULL;
}

/* The first one began when the run did. */
static json_t *start_of(const json_t *meta, const json_t *sessions)
{
    json_t *const of_run = json_object_get(meta, "started_utc");
    return json_array_size(sessions) == 0 && of_run ? json_incref(of_run) : zg_json_utc_now();
}

void zg_sessions_begin(json_t *meta)
{
    json_t *sessions = json_object_get(meta, "sessions");
    if (!sessions) {
        sessions = json_array();
        json_object_set_new(meta, "sessions", sessions);
    }
    json_array_append_new(sessions,
                          json_pack("{s:o, s:n, s:s, s:i}", "started_utc", start_of(meta, sessions),
                                    "finished_utc", "status", "running", "n_samples", 0));
}

/* ---- together -------------------------------------------------------------------------------- */

static double number(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* By the name of what it is: a share is weighted by the time, what was before or after is the
 * first's or the last's, and the rest are amounts. */
static double together(const json_t *sessions, const char *key)
{
    size_t i;
    json_t *session;
    double sum = 0, weights = 0, first = NAN, last = NAN;
    json_array_foreach(sessions, i, session)
    {
        const json_t *const during = json_object_get(session, "during");
        if (!during) /* it was ended before it wrote one */
            continue;
        const double value = number(json_object_get(during, key));
        const double wall_s = number(json_object_get(during, "wall_s"));
        first = isnan(first) ? value : first;
        last = value;
        sum += ends_in(key, "_share") ? value * wall_s : value;
        weights += wall_s;
    }
    return ends_in(key, "_share")    ? sum / weights
           : ends_in(key, "_before") ? first
           : ends_in(key, "_after")  ? last
                                     : sum;
}

static json_t *during_all(const json_t *sessions, const json_t *during)
{
    json_t *const all = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)during, key, value)
    {
        if (json_is_object(value))
            json_object_set(all, key, value); /* of samples: the last session's */
        else
            json_object_set_new(all, key, zg_json_real(together(sessions, key)));
    }
    return all;
}

static bool has_text(const json_t *list, const json_t *text)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) if (json_equal(item, text)) return true;
    return false;
}

/* The last session's come last, in their order; of the others what it does not say. */
static json_t *warnings_all(const json_t *sessions, json_t *warnings)
{
    json_t *const all = json_array();
    size_t i, j;
    json_t *session, *text;
    json_array_foreach(sessions, i, session)
        json_array_foreach(json_object_get(session, "warnings"), j,
                           text) if (i + 1 < json_array_size(sessions) && !has_text(all, text) &&
                                     !has_text(warnings, text)) json_array_append(all, text);
    json_array_extend(all, warnings);
    return all;
}

void zg_sessions_update(json_t *meta, json_t *during, json_t *warnings)
{
    json_t *const last = last_of(meta), *const sessions = json_object_get(meta, "sessions");
    static const char *const copied[] = {"status", "finished_utc", "peak"};
    if (!last)
        return;
    for (int i = 0; i < 3; i++)
        if (json_object_get(meta, copied[i]))
            json_object_set(last, copied[i], json_object_get(meta, copied[i]));
    json_t *const n = json_object_get(json_object_get(meta, "sampling"), "n_samples");
    if (n)
        json_object_set(last, "n_samples", n);
    json_object_set(last, "during", during);
    json_object_set(last, "warnings", warnings);
    json_object_set_new(meta, "during", during_all(sessions, during));
    json_object_set_new(meta, "warnings", warnings_all(sessions, warnings));
}

/* ---- told ------------------------------------------------------------------------------------ */

enum { MOST_TOLD = 6 };

static const char *text_of(const json_t *session, const char *key)
{
    const char *const text = json_string_value(json_object_get(session, key));
    return text ? text : "?";
}

static void put_session(const json_t *session, FILE *out)
{
    const json_t *const during = json_object_get(session, "during");
    const double steal = number(json_object_get(during, "steal_share")),
                 throttled_s = number(json_object_get(during, "throttled_s")),
                 preempted = number(json_object_get(during, "involuntary_switches"));
    const long long n_samples = json_integer_value(json_object_get(session, "n_samples"));
    const bool ended = json_is_string(json_object_get(session, "finished_utc"));
    fprintf(out, " %s to %s, %s", text_of(session, "started_utc"),
            ended ? text_of(session, "finished_utc") : "its end (killed)",
            text_of(session, "status"));
    if (n_samples > 0)
        fprintf(out, ", %lld samples", n_samples);
    if (isfinite(steal))
        fprintf(out, ", steal %.2g %%", 100 * steal);
    if (throttled_s > 0)
        fprintf(out, ", throttled %.2g s", throttled_s);
    if (isfinite(preempted))
        fprintf(out, ", preempted %.0f times", preempted);
}

void zg_sessions_print(const json_t *meta, FILE *out)
{
    const json_t *const sessions = json_object_get(meta, "sessions");
    const size_t n = json_array_size(sessions), first = n > MOST_TOLD ? n - MOST_TOLD : 0;
    char *text = NULL;
    size_t n_bytes;
    FILE *const line = n > 1 ? open_memstream(&text, &n_bytes) : NULL;
    if (!line)
        return;
    for (size_t i = first; i < n; i++) {
        fputs(i > first ? ";" : "", line);
        put_session(json_array_get(sessions, i), line);
    }
    if (fclose(line) == 0)
        zg_page_print(out, "note: measured in %d sessions:%s", (int)n, text);
    free(text);
}
