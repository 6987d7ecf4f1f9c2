-- Course events of all files; event_properties are read to a struct in every line. What has
-- neither id is never the same as another.
create temp view event as
select user_id, course_id, lesson_id, kind, event_time,
       case when kind = 1 then cast(round(time_spent_sec * 1000000) as bigint) end as spent_us,
       coalesce(uuid, insert_id, cast(uuid() as varchar)) as id
from (select user_id, event_properties.course_id, event_properties.lesson_id,
             event_properties.time_spent_sec, event_time, uuid, "$insert_id" as insert_id,
             case event_type when 'course_lesson_started' then 0
                             when 'course_lesson_completed' then 1
                             when 'course_completed' then 2 end as kind
      from read_json(:files, format = 'newline_delimited', columns = {
               user_id: 'VARCHAR', event_type: 'VARCHAR', event_time: 'TIMESTAMP', uuid: 'VARCHAR',
               "$insert_id": 'VARCHAR',
               event_properties: 'STRUCT(course_id INTEGER, lesson_id INTEGER,
                                         time_spent_sec DOUBLE)'})
      where event_type in ('course_lesson_started', 'course_lesson_completed',
                           'course_completed'));
