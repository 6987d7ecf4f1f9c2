-- Events -> the further marts, and what the run's record says of them. :'day' is the day of the run.

create table watched as
select max(time_us) filter (where time_us < day_us) as as_of_us,
       count(*) filter (where time_us >= day_us + 86400000000) as in_the_future
from event, (select (:'day'::date - date '1970-01-01') * 86400000000 as day_us) as run;

create table observed as
select course_id, week,
       greatest(coalesce(floor((as_of_us - (week + 7 - date '1970-01-01') * 86400000000::numeric)
                               / 86400000000), 0), 0)::int as observed_days
from cohort, watched;

-- Steps.
create table highest as
select user_id, course_id, max(lesson_id) as lesson_id
from event where kind <> 'course_completed'
group by user_id, course_id;

create table step_times as
select course_id, week, lesson_id, count(time_spent_us) as timed,
       percentile_disc(0.5) within group (order by time_spent_us) as p50_us,
       percentile_disc(0.9) within group (order by time_spent_us) as p90_us
from completion join member using (user_id, course_id)
where time_spent_us is not null
group by course_id, week, lesson_id;

create table stopped_at as
select course_id, week, lesson_id, count(*) as users,
       count(*) filter (where not completed_course) as stopped
from member join highest using (user_id, course_id)
group by course_id, week, lesson_id;

create table step_users as
select l.course_id, l.week, l.lesson_id, sum(s.users) as reached, max(s.lesson_id) as last_lesson,
       coalesce(sum(s.stopped) filter (where s.lesson_id = l.lesson_id), 0) as stopped
from lesson as l
     join stopped_at as s
         on s.course_id = l.course_id and s.week = l.week and s.lesson_id >= l.lesson_id
group by l.course_id, l.week, l.lesson_id;

create table mart_course_funnel_steps as
select course_id, week as cohort_week_start, lesson_id, observed_days, reached as users_reached,
       stopped as users_stopped,
       case when lesson_id < last_lesson and observed_days >= 28
            then (half_up(stopped, reached, 6) / 1000000)::numeric(40, 6) end as stop_rate,
       coalesce(timed, 0) as completions_timed,
       (half_up(p50_us, 1000000, 3) / 1000)::numeric(40, 3) as time_spent_p50_sec,
       (half_up(p90_us, 1000000, 3) / 1000)::numeric(40, 3) as time_spent_p90_sec
from step_users join observed using (course_id, week)
     left join step_times using (course_id, week, lesson_id);

-- Completion.
create table finished as
select user_id, course_id, week, case when end_us >= begin_us then end_us - begin_us end as us
from (select user_id, course_id, min(time_us) filter (where kind = 'course_lesson_started') as begin_us,
             min(time_us) filter (where kind = 'course_completed') as end_us
      from event group by user_id, course_id) as ends
     join member using (user_id, course_id)
where completed_course;

create table mart_course_funnel_completion as
select course_id, week as cohort_week_start, observed_days,
       case when observed_days >= 7 then count(*) filter (where us <= 7 * 86400000000) end
           as completed_within_7d,
       case when observed_days >= 14 then count(*) filter (where us <= 14 * 86400000000) end
           as completed_within_14d,
       case when observed_days >= 30 then count(*) filter (where us <= 30 * 86400000000) end
           as completed_within_30d,
       case when observed_days >= 90 then count(*) filter (where us <= 90 * 86400000000) end
           as completed_within_90d,
       count(us) as completed_timed,
       count(user_id) - count(us) as completed_unordered,
       case when observed_days >= 28 then
           (half_up(percentile_disc(0.5) within group (order by us), 86400000000, 3) / 1000)::numeric(40, 3)
       end as days_to_complete_p50,
       case when observed_days >= 28 then
           (half_up(percentile_disc(0.9) within group (order by us), 86400000000, 3) / 1000)::numeric(40, 3)
       end as days_to_complete_p90
from observed left join finished using (course_id, week)
group by course_id, week, observed_days;

-- Entry points.
create table entered as
select user_id, course_id, week, completed_course, started,
       case when started then coalesce(text, '(none)') else '(no start)' end as entry_point
from member left join
     (select user_id, course_id, min(entry_point collate "C") as text
      from event join member using (user_id, course_id)
      where kind = 'course_lesson_started' and time_us = first_us
      group by user_id, course_id) as first using (user_id, course_id);

create table ranked as
select course_id, entry_point, count(*) as users,
       row_number() over (partition by course_id order by count(*) desc, entry_point collate "C") as place
from entered
where entry_point not in ('(none)', '(no start)', '(other)')
group by course_id, entry_point;

create table mart_course_funnel_entry_points as
select course_id, cohort_week_start, entry_point, users_started, users_completed_course,
       case when users_started > 0
            then (half_up(users_completed_course, users_started, 6) / 1000000)::numeric(40, 6)
       end as completion_rate
from (select course_id, week as cohort_week_start,
             case when place > 1000 then '(other)' else entry_point end collate "C" as entry_point,
             count(*) filter (where started) as users_started,
             count(*) filter (where completed_course) as users_completed_course
      from entered left join ranked using (course_id, entry_point)
      group by 1, 2, 3) as users;

create table answers_record as
select :'day'::date as day,
       timestamp '1970-01-01' + as_of_us / 1000000 * interval '1 second'
           + as_of_us % 1000000 * interval '1 microsecond' as as_of,
       in_the_future, (select count(*) from event) as kept,
       (select value from ledger where name = 'duplicates') as came_again,
       (select count(*) from ranked where place > 1000) as texts_in_other,
       (select coalesce(sum(users), 0) from ranked where place > 1000) as users_in_other
from watched;
