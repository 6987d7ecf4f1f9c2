-- What an events table would hold, as a CSV file for COPY, with one column for an event's id.
copy (select user_id, event_type, event_time, event_properties, coalesce(uuid, "$insert_id")
      from read_json(:files, format = 'newline_delimited', columns = {
               user_id: 'VARCHAR', event_type: 'VARCHAR', event_time: 'VARCHAR', uuid: 'VARCHAR',
               "$insert_id": 'VARCHAR', event_properties: 'JSON'}))
to :rows (format csv, header false);
