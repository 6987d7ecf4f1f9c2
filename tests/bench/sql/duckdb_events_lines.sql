-- Course events of all files; lines are read as text, and only those that name a course event are
-- parsed. The table between keeps the planner from parsing lines before they are chosen.
create temp table line as
select line
from read_csv(:files, auto_detect = false, header = false, delim = chr(1), quote = '', escape = '',
              new_line = '\n', strict_mode = false, columns = {line: 'VARCHAR'})
where contains(line, '"course_lesson_') or contains(line, '"course_completed"');

create temp view event as
select p.user_id, p.event_properties.course_id, p.event_properties.lesson_id, kind, p.event_time,
       case when kind = 1
            then cast(round(p.event_properties.time_spent_sec * 1000000) as bigint) end as spent_us,
       coalesce(p.uuid, p."$insert_id", cast(uuid() as varchar)) as id
from (select p, case p.event_type when 'course_lesson_started' then 0
                                  when 'course_lesson_completed' then 1
                                  when 'course_completed' then 2 end as kind
      from (select from_json(line, '{"user_id": "VARCHAR", "event_type": "VARCHAR",
                   "event_time": "TIMESTAMP", "uuid": "VARCHAR", "$insert_id": "VARCHAR",
                   "event_properties": {"course_id": "INTEGER", "lesson_id": "INTEGER",
                                        "time_spent_sec": "DOUBLE"}}') as p
            from line))
where kind is not null;
