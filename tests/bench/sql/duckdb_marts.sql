-- Events -> both marts as CSV files. Sums per (user, course, lesson) first, since everything else
-- follows from those; a lesson of NULL holds the completions of courses. Of events that were
-- delivered again one is taken.
create temp table triple as
select user_id, course_id, lesson_id, min(event_time) as first_event,
       min(event_time) filter (where kind = 0) as first_start,
       bool_or(kind = 0) as started, bool_or(kind = 1) as completed,
       bool_or(kind = 2) as completed_course,
       count(spent_us) as timed, sum(spent_us) as spent_us
from (select distinct * from event)
group by user_id, course_id, lesson_id;

create temp table enrolment as
select user_id, course_id,
       cast(date_trunc('week', coalesce(min(first_start), min(first_event))) as date) as week,
       bool_or(started) as started, bool_or(completed_course) as completed_course
from triple
group by user_id, course_id;

create temp table lesson as
select course_id, week, lesson_id, count(*) filter (where triple.started) as started,
       count(*) filter (where completed) as completed, sum(timed) as timed,
       sum(spent_us) as spent_us
from triple join enrolment using (user_id, course_id)
where lesson_id is not null
group by course_id, week, lesson_id;

create temp table cohort as
select course_id, week, any_value(total_lessons) as total_lessons,
       count(*) filter (where started) as started,
       count(*) filter (where completed_course) as completed
from enrolment
     left join (select course_id, week, max(lesson_id) as total_lessons
                from lesson where completed > 0 group by course_id, week)
     using (course_id, week)
group by course_id, week;

-- a / b rounded half up, as text with so many decimals.
create temp macro decimal_text(units, decimals) as
    (units // cast(10 ^ decimals as bigint)) || '.'
    || lpad(cast(units % cast(10 ^ decimals as bigint) as varchar), decimals, '0');
create temp macro rate(a, b) as decimal_text((2000000 * a + b) // (2 * b), 6);

copy (select course_id, week as cohort_week_start, started as users_started,
             completed as users_completed_course,
             case when completed > 0 and started > 0 then rate(completed, started) end
                 as course_completion_rate,
             total_lessons
      from cohort order by course_id, week)
to :cohorts (format csv, header true);

copy (select course_id, week as cohort_week_start, lesson_id, lesson.started as users_started,
             lesson.completed as users_completed,
             case when lesson.started > 0 then rate(lesson.completed, lesson.started) end
                 as lesson_completion_rate,
             case when cohort.started > 0 then rate(lesson.started, cohort.started) end
                 as funnel_retention_rate,
             case when timed > 0
                  then decimal_text((2 * spent_us + timed * 1000) // (2000 * timed), 3) end
                 as avg_time_spent_sec
      from lesson join cohort using (course_id, week) order by course_id, week, lesson_id)
to :lessons (format csv, header true);
