#include "publish_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* One row a course: few enough to go in one text. */
static char *matches_text(const struct marts *marts, size_t *bytes)
{
    char *text = NULL;
    char row[MARTS_ROW_BYTES];
    FILE *out = open_memstream(&text, bytes);
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < marts->match_count && ferror(out) == 0; i++) {
        marts_format_match(&marts->matches[i], row);
        fprintf(out, "%s\n", row);
    }
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

int publish_postgres_stage_matches(struct postgres *session, const struct marts *marts,
                                   struct failure *failure)
{
    static const char what[] = "Copying rows to a staging table";
    char sql[200];
    uint64_t taken = 0;
    size_t bytes = 0;
    char *text = matches_text(marts, &bytes);
    if (text == NULL)
        return failure_memory(failure, "rows on their way to PostgreSQL", bytes);
    snprintf(sql, sizeof sql,
             "COPY pg_temp.course_funnel_session_match (%s) FROM STDIN (FORMAT csv)",
             marts_matches_header);
    int status = -1;
    if (postgres_copy_in_begin(session, what, sql, failure) == 0 &&
        (bytes == 0 || postgres_copy_in_send(session, what, text, bytes, failure) == 0) &&
        postgres_copy_in_end(session, what, &taken, failure) == 0)
        status = 0;
    free(text);
    if (status == 0 && taken != marts->match_count)
        return failure_set(failure, EXIT_BUG,
                           "%zu rows were sent for course_funnel_session_match, but the server "
                           "took %" PRIu64 ". Nothing was published; please report this.",
                           marts->match_count, taken);
    return status;
}
