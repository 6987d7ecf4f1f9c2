-- Course events, completions of lessons each once: nothing depends on how often the others came.
-- What has no id is never the same as another.
create temp view event as
select distinct user_id, event_type, event_time, coalesce(uuid, ctid::text) as id,
       (event_properties -> 'course_id')::int as course_id,
       (event_properties -> 'lesson_id')::int as lesson_id,
       (event_properties -> 'time_spent_sec')::numeric as spent
from raw_amplitude.events
where event_type = 'course_lesson_completed'
union all
select user_id, event_type, event_time, uuid as id,
       (event_properties -> 'course_id')::int as course_id,
       (event_properties -> 'lesson_id')::int as lesson_id, null
from raw_amplitude.events
where event_type in ('course_lesson_started', 'course_completed');
