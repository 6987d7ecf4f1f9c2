#include "course_funnel/table_columns.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COURSE_EVENTS "'course_lesson_started', 'course_lesson_completed', 'course_completed'"

/* Names that loaders give, in the order of preference, and the types that can hold the thing. */
static const struct {
    const char *name;
    const char *usual[4];
    const char *types[8];
    char category; /* all types of this category too, 0 for none */
    const char *expected;
} wanted[TABLE_COLUMNS] = {
    [TABLE_EVENT_TYPE] = {"event_type", {"event_type"}, {NULL}, 'S', "text, varchar or an enum"},
    [TABLE_USER_ID] = {"user_id",
                       {"user_id"},
                       {"uuid", "int2", "int4", "int8", "numeric"},
                       'S',
                       "text, varchar, uuid, an integer type, numeric or an enum"},
    [TABLE_EVENT_TIME] = {"event_time",
                          {"event_time"},
                          {"timestamptz", "timestamp"},
                          'S',
                          "timestamptz, timestamp, text or varchar"},
    [TABLE_EVENT_PROPERTIES] = {"event_properties",
                                {"event_properties"},
                                {"json", "jsonb"},
                                'S',
                                "json, jsonb, text or varchar"},
    [TABLE_UUID] = {"uuid",
                    {"uuid"},
                    {"uuid", "int2", "int4", "int8", "numeric"},
                    'S',
                    "uuid, text, varchar or a number"},
    [TABLE_INSERT_ID] = {"insert_id",
                         {"$insert_id", "_insert_id", "insert_id"},
                         {"uuid", "int2", "int4", "int8", "numeric"},
                         'S',
                         "text, varchar, uuid or a number"},
    [TABLE_RECORD] =
        {"record", {"_airbyte_data"}, {"json", "jsonb"}, 'S', "jsonb, json, text or varchar"},
    [TABLE_PROFILE_ID] = {"profile_id",
                          {"profile_id"},
                          {"uuid", "int2", "int4", "int8", "numeric"},
                          'S',
                          "text, varchar, uuid, an integer type, numeric or an enum"},
};

const char *table_columns_name(enum table_column column)
{
    return wanted[column].name;
}

int table_columns_override(const char *text, const char *overrides[TABLE_COLUMNS],
                           struct failure *failure)
{
    const char *equals = strchr(text, '=');
    size_t bytes = equals != NULL ? (size_t)(equals - text) : 0;
    for (int i = 0; i < TABLE_COLUMNS && equals != NULL; i++) {
        if (strlen(wanted[i].name) != bytes || memcmp(text, wanted[i].name, bytes) != 0)
            continue;
        if (overrides[i] != NULL)
            return failure_set(failure, EXIT_USAGE, "--column %s=... is given twice.",
                               wanted[i].name);
        overrides[i] = equals + 1;
        return 0;
    }
    return failure_set(failure, EXIT_USAGE,
                       "--column takes NAME=COLUMN, where NAME is event_type, user_id, event_time, "
                       "event_properties, uuid, insert_id, record or profile_id, not \"%.100s\".",
                       text);
}

static const struct table_column_fact *find_column(const struct table_column_fact *facts,
                                                   size_t fact_count, const char *name,
                                                   bool any_case)
{
    for (size_t i = 0; i < fact_count; i++)
        if (any_case ? strcasecmp(facts[i].name, name) == 0 : strcmp(facts[i].name, name) == 0)
            return &facts[i];
    return NULL;
}

static const struct table_column_fact *find_usual(const struct table_column_fact *facts,
                                                  size_t fact_count, enum table_column column)
{
    const size_t names = sizeof wanted[column].usual / sizeof *wanted[column].usual;
    for (int any_case = 0; any_case < 2; any_case++)
        for (size_t i = 0; i < names && wanted[column].usual[i] != NULL; i++) {
            const struct table_column_fact *fact =
                find_column(facts, fact_count, wanted[column].usual[i], any_case != 0);
            if (fact != NULL)
                return fact;
        }
    return NULL;
}

/* The columns that there are, for a message that something is not among them. */
static void list_columns(const struct table_column_fact *facts, size_t fact_count, char *text,
                         size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < fact_count; i++) {
        int length = snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", facts[i].name);
        if (length < 0 || (size_t)length >= size - used) {
            text[used] = '\0';
            return;
        }
        used += (size_t)length;
    }
}

static int fail_missing(const char *table, const struct table_column_fact *facts, size_t fact_count,
                        enum table_column column, const char *name, struct failure *failure)
{
    char columns[700];
    list_columns(facts, fact_count, columns, sizeof columns);
    if (name != NULL)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: there is no column \"%.100s\" for %s. It has %s. Name another with "
                           "--column %s=COLUMN.",
                           table, name, wanted[column].name, columns, wanted[column].name);
    return failure_set(failure, EXIT_SOURCE,
                       "%s: there is no column for %s. It has %s. Name it with --column "
                       "%s=COLUMN, or name another table.",
                       table, wanted[column].name, columns, wanted[column].name);
}

static bool can_hold(enum table_column column, const struct table_column_fact *fact)
{
    /* Enums are read as the texts that they stand for. */
    bool enums =
        column == TABLE_EVENT_TYPE || column == TABLE_USER_ID || column == TABLE_PROFILE_ID;
    if (fact->category == wanted[column].category || (enums && fact->category == 'E'))
        return true;
    const size_t types = sizeof wanted[column].types / sizeof *wanted[column].types;
    for (size_t i = 0; i < types && wanted[column].types[i] != NULL; i++)
        if (strcmp(fact->type, wanted[column].types[i]) == 0)
            return true;
    return false;
}

static int check_column(const char *table, enum table_column column,
                        const struct table_column_fact *fact, struct failure *failure)
{
    if (!can_hold(column, fact))
        return failure_set(failure, EXIT_SOURCE,
                           "%s: the column \"%s\" for %s is of type %s, where %s is expected. Name "
                           "another with --column %s=COLUMN, or a view that converts it in place "
                           "of the table.",
                           table, fact->name, wanted[column].name, fact->type,
                           wanted[column].expected, wanted[column].name);
    if (!fact->readable)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: the column \"%s\" may not be read by this role. Let the owner "
                           "GRANT SELECT on the table.",
                           table, fact->name);
    return 0;
}

static bool is_optional(enum table_column column)
{
    return column == TABLE_UUID || column == TABLE_INSERT_ID || column == TABLE_RECORD;
}

static int find_all(const char *table, const struct table_column_fact *facts, size_t fact_count,
                    const char *const overrides[TABLE_COLUMNS],
                    const struct table_column_fact *chosen[TABLE_COLUMNS], int first, int end,
                    struct failure *failure)
{
    for (int i = first; i < end; i++) {
        enum table_column column = (enum table_column)i;
        if (overrides[i] == NULL) {
            chosen[i] = find_usual(facts, fact_count, column);
        } else if (overrides[i][0] != '\0') {
            chosen[i] = find_column(facts, fact_count, overrides[i], false);
            if (chosen[i] == NULL)
                return fail_missing(table, facts, fact_count, column, overrides[i], failure);
        } else if (!is_optional(column)) {
            return failure_set(failure, EXIT_USAGE,
                               "--column %s= leaves out what every event must have.",
                               wanted[i].name);
        }
    }
    return 0;
}

/* The quoted name of a column at the end of ${text}. */
static void add_name(char *text, size_t size, const char *name)
{
    size_t used = strlen(text);
    if (used + 1 < size)
        text[used++] = '"';
    for (; *name != '\0' && used + 3 < size; name++) {
        if (*name == '"')
            text[used++] = '"';
        text[used++] = *name;
    }
    if (used + 1 < size)
        text[used++] = '"';
    text[used] = '\0';
}

static void add_text(char *text, size_t size, const char *more)
{
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", more);
}

/* Both count from the same moment: the time zone of a connection is UTC. */
static bool is_time(const char *type)
{
    return strcmp(type, "timestamptz") == 0 || strcmp(type, "timestamp") == 0;
}

/*
 * The text of a column. Of numeric, which keeps the zeros that it was given behind the point, one
 * text for each number: 1 and 1.0 are one user.
 */
static void add_as_text(char *text, size_t size, const struct table_column_fact *fact)
{
    bool is_numeric = strcmp(fact->type, "numeric") == 0;
    if (is_numeric) {
        add_text(text, size, "CASE WHEN scale(");
        add_name(text, size, fact->name);
        add_text(text, size, ") > 0 THEN rtrim(rtrim(");
        add_name(text, size, fact->name);
        add_text(text, size, "::text, '0'), '.') ELSE ");
    }
    add_name(text, size, fact->name);
    add_text(text, size, is_numeric ? "::text END" : "::text");
}

static void describe_fields(const struct table_column_fact *const chosen[TABLE_COLUMNS],
                            struct table_shape *shape)
{
    for (int i = 0; i < TABLE_FIELDS; i++) {
        add_text(shape->select, sizeof shape->select, i > 0 ? ", " : "");
        if (chosen[i] == NULL) {
            add_text(shape->select, sizeof shape->select, "NULL::text");
            continue;
        }
        const char *type = chosen[i]->type;
        bool is_binary_time = i == TABLE_EVENT_TIME && is_time(type);
        bool is_binary_json = i == TABLE_EVENT_PROPERTIES && strcmp(type, "jsonb") == 0;
        shape->is_binary_time |= is_binary_time;
        shape->is_binary_json |= is_binary_json;
        if (is_binary_time || is_binary_json)
            add_name(shape->select, sizeof shape->select, chosen[i]->name);
        else
            add_as_text(shape->select, sizeof shape->select, chosen[i]);
    }
    add_name(shape->filter, sizeof shape->filter, chosen[TABLE_EVENT_TYPE]->name);
    add_text(shape->filter, sizeof shape->filter, "::text COLLATE \"C\" IN (" COURSE_EVENTS ")");
}

/*
 * Of a record in jsonb the server can tell the type of an event. What has no type that is a string
 * is no event, and comes here where it names a course event, to be rejected. In json the server
 * cannot tell without failing at a text that PostgreSQL has no form for (\u0000 anywhere in it), so
 * all that names a course event comes here, and is told apart here, as a line of a file is.
 */
static void describe_record(const struct table_column_fact *fact, struct table_shape *shape)
{
    static const char *const names[] = {"course_lesson_started", "course_lesson_completed",
                                        "course_completed"};
    char *filter = shape->filter;
    const size_t size = sizeof shape->filter;
    shape->is_binary_json = strcmp(fact->type, "jsonb") == 0;
    add_name(shape->select, sizeof shape->select, fact->name);
    if (!shape->is_binary_json)
        add_text(shape->select, sizeof shape->select, "::text");
    if (shape->is_binary_json) {
        add_text(filter, size, "CASE jsonb_typeof(");
        add_name(filter, size, fact->name);
        add_text(filter, size, " -> 'event_type') WHEN 'string' THEN (");
        add_name(filter, size, fact->name);
        add_text(filter, size, " ->> 'event_type') COLLATE \"C\" IN (" COURSE_EVENTS ") ELSE ");
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        add_text(filter, size, i > 0 ? " OR strpos(" : "(strpos(");
        add_name(filter, size, fact->name);
        add_text(filter, size, "::text COLLATE \"C\", '");
        add_text(filter, size, names[i]);
        add_text(filter, size, "') > 0");
    }
    add_text(filter, size, shape->is_binary_json ? ") END" : ")");
}

/*
 * Loaders mark rows that are gone at the source instead of deleting them: by true, as a boolean, a
 * text or a number, or by the time. The last field of a row is NULL for all others.
 */
static void describe_deleted(const struct table_column_fact *facts, size_t fact_count,
                             struct table_shape *shape)
{
    static const char *const names[] = {"_fivetran_deleted",  "_sdc_deleted_at",
                                        "_ab_cdc_deleted_at", "__deleted",
                                        "_peerdb_is_deleted", "__hevo__marked_deleted"};
    for (size_t i = 0; i < sizeof names / sizeof *names && shape->deleted[0] == '\0'; i++) {
        const struct table_column_fact *fact = find_column(facts, fact_count, names[i], true);
        if (fact == NULL || !fact->readable)
            continue;
        snprintf(shape->deleted, sizeof shape->deleted, "%s", fact->name);
        add_text(shape->select, sizeof shape->select, ", CASE WHEN lower(");
        add_name(shape->select, sizeof shape->select, fact->name);
        add_text(shape->select, sizeof shape->select,
                 "::text) NOT IN ('', 'f', 'false', '0') THEN '' END");
    }
}

/* A text that did not fit was cut, and fills its room. */
static int check_length(const char *table, const struct table_shape *shape, struct failure *failure)
{
    if (strlen(shape->select) + 1 < sizeof shape->select &&
        strlen(shape->filter) + 1 < sizeof shape->filter)
        return 0;
    return failure_set(failure, EXIT_SOURCE,
                       "%s: the names of its columns are too long to be asked for. Name a view "
                       "with shorter ones in its place.",
                       table);
}

int table_columns_choose(const char *table, const struct table_column_fact *facts,
                         size_t fact_count, const char *const overrides[TABLE_COLUMNS],
                         struct table_shape *shape, struct failure *failure)
{
    const struct table_column_fact *chosen[TABLE_COLUMNS] = {NULL};
    memset(shape, 0, sizeof *shape);
    if (find_all(table, facts, fact_count, overrides, chosen, 0, TABLE_PROFILE_ID, failure) != 0)
        return -1;

    /* A record serves where the event has no columns of its own, or where it is asked for. */
    shape->is_record = chosen[TABLE_RECORD] != NULL &&
                       (overrides[TABLE_RECORD] != NULL || chosen[TABLE_EVENT_TYPE] == NULL);
    int first = shape->is_record ? TABLE_RECORD : 0;
    int end = shape->is_record ? TABLE_RECORD + 1 : TABLE_FIELDS;
    for (int i = first; i < end; i++) {
        enum table_column column = (enum table_column)i;
        if (chosen[i] == NULL && !is_optional(column))
            return fail_missing(table, facts, fact_count, column, NULL, failure);
        if (chosen[i] != NULL && check_column(table, column, chosen[i], failure) != 0)
            return -1;
    }
    shape->has_id =
        shape->is_record || chosen[TABLE_UUID] != NULL || chosen[TABLE_INSERT_ID] != NULL;
    if (shape->is_record)
        describe_record(chosen[TABLE_RECORD], shape);
    else
        describe_fields(chosen, shape);
    describe_deleted(facts, fact_count, shape);
    return check_length(table, shape, failure);
}

int table_columns_choose_profile(const char *table, const struct table_column_fact *facts,
                                 size_t fact_count, const char *const overrides[TABLE_COLUMNS],
                                 struct table_shape *shape, struct failure *failure)
{
    const struct table_column_fact *chosen[TABLE_COLUMNS] = {NULL};
    memset(shape, 0, sizeof *shape);
    if (find_all(table, facts, fact_count, overrides, chosen, TABLE_PROFILE_ID, TABLE_COLUMNS,
                 failure) != 0)
        return -1;
    const struct table_column_fact *profile = chosen[TABLE_PROFILE_ID];
    if (profile == NULL)
        return fail_missing(table, facts, fact_count, TABLE_PROFILE_ID, NULL, failure);
    if (check_column(table, TABLE_PROFILE_ID, profile, failure) != 0)
        return -1;
    shape->is_record = true;
    shape->has_id = true;
    add_as_text(shape->select, sizeof shape->select, profile);
    add_name(shape->filter, sizeof shape->filter, profile->name);
    add_text(shape->filter, sizeof shape->filter, " IS NOT NULL");
    return check_length(table, shape, failure);
}
