-- Events -> both marts, the drop-off and the counts of the run.

create table enrolment as
select user_id, course_id,
       coalesce(min(time_us) filter (where kind = 'course_lesson_started'), min(time_us))
           as first_us,
       bool_or(kind = 'course_lesson_started') as started,
       bool_or(kind = 'course_completed') as completed_course
from event
group by user_id, course_id;

-- The week of 1970 began on Monday 1969-12-29.
create table member as
select user_id, course_id, first_us, started, completed_course,
       date '1969-12-29'
           + (7 * floor((first_us + 3 * 86400000000::numeric) / (7 * 86400000000::numeric)))::int
           as week
from enrolment;

create table last_lesson as
select course_id, week, max(lesson_id) as total_lessons
from completion join member using (user_id, course_id)
group by course_id, week;

create table cohort as
select course_id, week, users_started, users_completed_course, total_lessons
from (select course_id, week,
             count(*) filter (where started) as users_started,
             count(*) filter (where completed_course) as users_completed_course
      from member
      group by course_id, week) as users
     left join last_lesson using (course_id, week);

create table mart_course_funnel_cohorts as
select course_id, week as cohort_week_start, users_started, users_completed_course,
       case when users_completed_course > 0 and users_started > 0
            then (half_up(users_completed_course, users_started, 6) / 1000000)::numeric(40, 6)
       end as course_completion_rate,
       total_lessons
from cohort;

create table lesson_starts as
select course_id, week, lesson_id, count(distinct user_id) as users_started
from event join member using (user_id, course_id)
where kind = 'course_lesson_started'
group by course_id, week, lesson_id;

create table lesson_completions as
select course_id, week, lesson_id, count(distinct user_id) as users_completed,
       count(time_spent_us) as timed, sum(time_spent_us) as time_spent_us
from completion join member using (user_id, course_id)
group by course_id, week, lesson_id;

create table lesson as
select course_id, week, lesson_id, coalesce(s.users_started, 0) as users_started,
       coalesce(users_completed, 0) as users_completed, coalesce(timed, 0) as timed,
       time_spent_us, cohort.users_started as cohort_users_started
from lesson_starts as s
     full join lesson_completions using (course_id, week, lesson_id)
     join cohort using (course_id, week);

create table mart_course_funnel_lessons as
select course_id, week as cohort_week_start, lesson_id, users_started, users_completed,
       case when users_started > 0
            then (half_up(users_completed, users_started, 6) / 1000000)::numeric(40, 6)
       end as lesson_completion_rate,
       case when cohort_users_started > 0
            then (half_up(users_started, cohort_users_started, 6) / 1000000)::numeric(40, 6)
       end as funnel_retention_rate,
       case when timed > 0
            then (half_up(time_spent_us, timed * 1000000::numeric, 3) / 1000)::numeric(40, 3)
       end as avg_time_spent_sec
from lesson;

create table mart_course_funnel_dropoff as
select course_id, cohort_week_start, lesson_id, previous_lesson_id, previous_users_started,
       users_started, previous_users_started - users_started as users_dropped,
       case when previous_users_started > 0 then
           (half_up(previous_users_started - users_started, previous_users_started, 6)
               / 1000000)::numeric(40, 6)
       end as drop_off_rate
from (select *,
             lag(lesson_id) over earlier as previous_lesson_id,
             lag(users_started) over earlier as previous_users_started
      from mart_course_funnel_lessons
      window earlier as (partition by course_id, cohort_week_start order by lesson_id)) as pair;

create table ledger as
select 'lines_read' as name, (select count(*) from line) as value
union all
select 'records_read', (select count(*) from record) as value
union all
select 'other', (select count(*) from record) - (select count(*) from reject)
                - (select count(*) from event)
union all
select reason, (select count(*) from reject where reject.reason = each.reason)
from unnest(array['not_json', 'not_an_event', 'no_user', 'no_time', 'bad_properties', 'no_course', 'no_lesson'])
     as each (reason)
union all
select 'kept', (select count(*) from event)
union all
select 'duplicates', (select count(*) from event where kind = 'course_lesson_completed')
                     - (select count(*) from completion)
union all
select 'time_unusable', (select count(*) from completion where time_spent_us is null);
