-- The rate is 1 - users_started / previous_users_started, rounded half up to 6 decimals. It is
-- counted in whole millionths: a division in NUMERIC would round twice. Rounding 1 - x half up is
-- rounding x half down, which in integers is (2000000 * part + whole - 1) / (2 * whole).
CREATE VIEW :schema.mart_course_funnel_dropoff AS
SELECT
    course_id,
    cohort_week_start,
    lesson_id,
    previous_lesson_id,
    previous_users_started,
    users_started,
    previous_users_started - users_started AS users_dropped,
    1 - (2000000 * users_started::BIGINT + previous_users_started - 1)
        / (2 * NULLIF(previous_users_started, 0)::BIGINT) * 0.000001 AS drop_off_rate
FROM (
    SELECT
        course_id,
        cohort_week_start,
        lesson_id,
        users_started,
        lag(lesson_id) OVER cohort AS previous_lesson_id,
        lag(users_started) OVER cohort AS previous_users_started
    FROM :schema.mart_course_funnel_lessons
    WINDOW cohort AS (PARTITION BY course_id, cohort_week_start ORDER BY lesson_id)
) AS lessons;

COMMENT ON VIEW :schema.mart_course_funnel_dropoff IS
    'Drop-off between lessons: each row of mart_course_funnel_lessons beside the lesson before it in the same course and cohort.';
COMMENT ON COLUMN :schema.mart_course_funnel_dropoff.course_id IS
    'The course, as course_id in event_properties.';
COMMENT ON COLUMN :schema.mart_course_funnel_dropoff.cohort_week_start IS
    'Monday (UTC) of the week in which the users of the cohort first started a lesson of the course.';
COMMENT ON COLUMN :schema.mart_course_funnel_dropoff.lesson_id IS
    'The lesson, as lesson_id in event_properties.';
COMMENT ON COLUMN :schema.mart_course_funnel_dropoff.previous_lesson_id IS
    'The lesson before it by lesson_id within the course and cohort. NULL for the first.';
COMMENT ON COLUMN :schema.mart_course_funnel_dropoff.previous_users_started IS
    'Distinct users of the cohort who started the lesson before. NULL for the first.';
COMMENT ON COLUMN :schema.mart_course_funnel_dropoff.users_started IS
    'Distinct users of the cohort who started this lesson.';
COMMENT ON COLUMN :schema.mart_course_funnel_dropoff.users_dropped IS
    'previous_users_started - users_started; negative where more users started this lesson than the one before. NULL for the first.';
COMMENT ON COLUMN :schema.mart_course_funnel_dropoff.drop_off_rate IS
    'users_dropped / previous_users_started, rounded half up to 6 decimals; 1 is all. NULL for the first lesson and when nobody started the one before.';
