-- What an events table would hold, as a CSV file for COPY.
copy (select user_id, event_type, event_time, event_properties, uuid
      from read_json(:files, format = 'newline_delimited', columns = {
               user_id: 'VARCHAR', event_type: 'VARCHAR', event_time: 'VARCHAR', uuid: 'VARCHAR',
               event_properties: 'JSON'}))
to :rows (format csv, header false);
