#include "course_funnel/publish.h"

#include "publish_internal.h"

#include <stdlib.h>
#include <string.h>

bool publish_is_postgres(const char *target)
{
    return postgres_is_target(target);
}

int publish_describe(const char *target, char **text, struct failure *failure)
{
    *text = NULL;
    if (publish_is_postgres(target))
        return postgres_describe(target, text, failure);
    /* A URI of another kind would become a directory of that name, password included. */
    if (strstr(target, "://") != NULL)
        return failure_set(failure, EXIT_USAGE,
                           "The target looks like a URI, but does not begin with postgresql:// or "
                           "postgres://; other databases are not supported. A directory of such a "
                           "name can be given as ./NAME.");
    if (target[0] == '\0')
        return failure_set(failure, EXIT_USAGE,
                           "The target is empty; name a directory or a PostgreSQL database.");
    *text = strdup(target);
    return *text != NULL ? 0 : failure_memory(failure, "the name of the target", strlen(target));
}

int publish_check(const struct publish_target *target, const struct run_record *record,
                  int64_t *planned_us, struct failure *failure)
{
    char *text = NULL;
    *planned_us = 0;
    if (publish_describe(target->target, &text, failure) != 0)
        return -1;
    free(text);
    if (publish_is_postgres(target->target))
        return publish_postgres_check(target, record, planned_us, failure);
    return publish_csv_check(target->target, planned_us, failure);
}

int publish_known(const struct publish_target *target, const char *const *run_ids, size_t count,
                  bool *known, char newest[37], struct failure *failure)
{
    newest[0] = '\0';
    memset(known, 0, count * sizeof *known);
    if (publish_is_postgres(target->target))
        return publish_postgres_known(target, run_ids, count, known, newest, failure);
    if (publish_csv_newest(target->target, newest, failure) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        known[i] = strcmp(run_ids[i], newest) == 0;
    return 0;
}

int publish(const struct publish_target *target, const struct marts *marts,
            struct run_record *record, struct failure *failure)
{
    if (strcmp(marts->cohorts_digest, record->cohorts_digest) != 0 ||
        strcmp(marts->lessons_digest, record->lessons_digest) != 0 ||
        record->cohort_rows != marts->cohort_count || record->lesson_rows != marts->lesson_count ||
        record->has_further != target->further || strlen(record->run_id) != 36)
        return failure_set(failure, EXIT_BUG,
                           "The record of the run does not belong to the marts. Nothing was "
                           "published; please report this.");
    if (publish_is_postgres(target->target))
        return publish_postgres(target, marts, record, failure);
    return publish_csv(target, marts, record, failure);
}
