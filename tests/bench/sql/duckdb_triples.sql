-- What the memory of a rebuild is made of.
select count(*), count(distinct (user_id, course_id)), count(distinct user_id),
       sum(bytes) / count(*), sum(completions)
from (select user_id, course_id, lesson_id, any_value(strlen(user_id)) as bytes,
             count(*) filter (where kind = 1) as completions
      from event where lesson_id is not null group by user_id, course_id, lesson_id);
