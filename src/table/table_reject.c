#include "table_internal.h"

#include "table_time.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static bool add_value(cJSON *object, enum table_column column, const char *text, size_t bytes)
{
    const char *name = table_columns_name(column);
    if (text == NULL)
        return cJSON_AddNullToObject(object, name) != NULL;
    char *copy = strndup(text, bytes);
    bool added = copy != NULL && cJSON_AddStringToObject(object, name, copy) != NULL;
    free(copy);
    return added;
}

/* The row as one JSON object with the columns as texts, or NULL when there is no memory. */
static char *row_json(const struct table_row *from)
{
    const struct decode_row *row = &from->columns;
    char time[TABLE_TIME_TEXT_BYTES] = "";
    if (from->time != NULL)
        table_time_format(from->time, time);
    char *json = NULL;
    cJSON *object = cJSON_CreateObject();
    if (object != NULL &&
        add_value(object, TABLE_EVENT_TYPE, row->event_type, row->event_type_bytes) &&
        add_value(object, TABLE_USER_ID, row->user_id, row->user_id_bytes) &&
        (from->time != NULL
             ? add_value(object, TABLE_EVENT_TIME, time, strlen(time))
             : add_value(object, TABLE_EVENT_TIME, row->event_time, row->event_time_bytes)) &&
        add_value(object, TABLE_EVENT_PROPERTIES, row->event_properties,
                  row->event_properties_bytes) &&
        add_value(object, TABLE_UUID, row->uuid, row->uuid_bytes) &&
        add_value(object, TABLE_INSERT_ID, row->insert_id, row->insert_id_bytes))
        json = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return json;
}

int table_reject(const struct table_reader *reader, const struct table_row *row,
                 const char **source, char **text, size_t *bytes, struct failure *failure)
{
    *source = reader->relation->name;
    *text = row->record != NULL ? malloc(row->record_bytes + 1) : row_json(row);
    if (*text == NULL)
        return failure_memory(failure, "a rejected row", row->bytes);
    if (row->record != NULL)
        memcpy(*text, row->record, row->record_bytes);
    *bytes = row->record != NULL ? row->record_bytes : strlen(*text);
    return 0;
}
