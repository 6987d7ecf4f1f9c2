-- What the memory of a rebuild is made of, and how long an event is between ranks (parcel.h).
select count(distinct (user_id, course_id, lesson_id)) filter (where kind < 2),
       count(distinct (user_id, course_id)), count(distinct user_id),
       count(*) filter (where kind = 1), avg(48 + (strlen(user_id) + 7) // 8 * 8)
from event;
