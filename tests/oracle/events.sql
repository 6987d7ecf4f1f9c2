-- Lines -> events, rejects and others.

-- Only a line whose text names a course event type is looked at; all else is "other".
create table named as
select source, position, raw, line_text(raw) as text,
       case when is_utf8(raw) then 'UTF8' else 'LATIN1' end as encoding
from line
where names_course_event(raw);

create table parted as
select named.*, objects, starts from named, objects_of(text);

-- A line is one record, but for one of several whole objects, each of which is a record of its own.
create table candidate as
select source, position, raw, whole_json(record_text(text)) as body
from parted
where coalesce(cardinality(objects), 0) < 2
union all
select source, position + octet_length(convert_to(left(text, start), encoding)),
       convert_to(object, encoding), whole_json(object)
from parted, unnest(objects, starts) as part (object, start)
where cardinality(objects) > 1;

create table record as
select source, position from line where not names_course_event(raw)
union all
select source, position from candidate;

create table course_event as
select source, position, raw, body,
       string_in(body -> 'event_type') as kind,
       user_in(body -> 'user_id') as user_id,
       event_time_us(string_in(body -> 'event_time')) as time_us,
       case jsonb_typeof(body -> 'event_properties')
           when 'string' then whole_json(string_in(body -> 'event_properties'))
           else nullif(body -> 'event_properties', 'null')
       end as properties,
       coalesce(jsonb_typeof(body -> 'event_properties') = 'string', false) as in_string,
       coalesce('u:' || nullif(string_in(body -> 'uuid'), ''),
                'i:' || nullif(string_in(body -> '$insert_id'), '')) as id
from candidate
where jsonb_typeof(body) = 'object'
  and string_in(body -> 'event_type')
      in ('course_lesson_started', 'course_lesson_completed', 'course_completed');

-- A property that is there is read once; NULL is one that is missing or not what it must be.
create table read_event as
select *,
       case when jsonb_typeof(properties) = 'object' then sql_integer_in(properties -> 'course_id')
       end as course_id,
       case when jsonb_typeof(properties) = 'object' and kind <> 'course_completed'
            then sql_integer_in(properties -> 'lesson_id') end as lesson_id
from course_event;

create table judged as
select *,
       case
           when user_id is null or user_id = '' then 'no_user'
           when time_us is null then 'no_time'
           when in_string and jsonb_typeof(properties) is distinct from 'object'
               then 'bad_properties'
           when jsonb_typeof(properties) <> 'object' then 'bad_properties'
           when course_id is null then 'no_course'
           when kind <> 'course_completed' and lesson_id is null then 'no_lesson'
       end as reason
from read_event;

create table reject as
select source, position, raw, 'not_json' as reason from candidate where body is null
union all
select source, position, raw, 'not_an_event' as reason from candidate
where body is not null and names_course_event(raw)
  and jsonb_typeof(body -> 'event_type') is distinct from 'string'
union all
select source, position, raw, reason from judged where reason is not null;

-- A user is the bytes of its name.
create table event as
select source, position, kind,
       convert_to(user_id, case when is_utf8(raw) then 'UTF8' else 'LATIN1' end) as user_id,
       time_us, course_id, lesson_id,
       case when kind = 'course_lesson_completed' then time_spent_us(properties -> 'time_spent_sec')
       end as time_spent_us,
       case when kind = 'course_lesson_started'
            then entry_point_in(properties -> 'entry_point', is_utf8(raw)) end as entry_point,
       id
from judged
where reason is null;

-- Lesson completions, each once: those with an id come once for all that tells them apart,
-- those without one are all there.
create table completion as
select distinct user_id, course_id, lesson_id, time_us, time_spent_us, id
from event
where kind = 'course_lesson_completed' and id is not null
union all
select user_id, course_id, lesson_id, time_us, time_spent_us, id
from event
where kind = 'course_lesson_completed' and id is null;
