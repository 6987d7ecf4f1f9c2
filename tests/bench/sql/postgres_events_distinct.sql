-- Course events, each once: all of them are compared. What has no id is never the same as another.
create temp view event as
select distinct user_id, event_type, event_time, coalesce(uuid, ctid::text) as id,
       (event_properties -> 'course_id')::int as course_id,
       (event_properties -> 'lesson_id')::int as lesson_id,
       case when event_type = 'course_lesson_completed'
            then (event_properties -> 'time_spent_sec')::numeric end as spent
from raw_amplitude.events
where event_type in ('course_lesson_started', 'course_lesson_completed', 'course_completed');
