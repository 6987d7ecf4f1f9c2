-- Course events -> both marts, as views in order. Sums per (user, course, lesson) first; a lesson
-- of NULL holds the completions of courses.
create temp table triple as
select user_id, course_id, lesson_id, min(event_time) as first_event,
       min(event_time) filter (where event_type = 'course_lesson_started') as first_start,
       bool_or(event_type = 'course_lesson_started') as started,
       bool_or(event_type = 'course_lesson_completed') as completed,
       bool_or(event_type = 'course_completed') as completed_course,
       count(spent) as timed, sum(spent) as spent
from event
group by user_id, course_id, lesson_id;

create temp table enrolment as
select user_id, course_id,
       date_trunc('week', coalesce(min(first_start), min(first_event)))::date as week,
       bool_or(started) as started, bool_or(completed_course) as completed_course
from triple
group by user_id, course_id;

create temp table lesson as
select course_id, week, lesson_id, count(*) filter (where triple.started) as started,
       count(*) filter (where completed) as completed, sum(timed) as timed, sum(spent) as spent
from triple join enrolment using (user_id, course_id)
where lesson_id is not null
group by course_id, week, lesson_id;

create temp table cohort as
select course_id, week, total_lessons, started, completed
from (select course_id, week, count(*) filter (where started) as started,
             count(*) filter (where completed_course) as completed
      from enrolment group by course_id, week) as users
     left join (select course_id, week, max(lesson_id) as total_lessons
                from lesson where completed > 0 group by course_id, week) as last
     using (course_id, week);

create temp view mart_cohorts as
select course_id, week as cohort_week_start, started as users_started,
       completed as users_completed_course,
       case when completed > 0 then round(completed::numeric / nullif(started, 0), 6) end
           as course_completion_rate,
       total_lessons
from cohort order by course_id, week;

create temp view mart_lessons as
select course_id, week as cohort_week_start, lesson_id, lesson.started as users_started,
       lesson.completed as users_completed,
       round(lesson.completed::numeric / nullif(lesson.started, 0), 6) as lesson_completion_rate,
       round(lesson.started::numeric / nullif(cohort.started, 0), 6) as funnel_retention_rate,
       round(spent / nullif(timed, 0), 3) as avg_time_spent_sec
from lesson join cohort using (course_id, week) order by course_id, week, lesson_id;
