CREATE TABLE :schema.course_funnel_session_match (
    course_id INTEGER PRIMARY KEY,
    users BIGINT NOT NULL,
    users_with_session BIGINT NOT NULL,
    users_without_session BIGINT NOT NULL
);

COMMENT ON TABLE :schema.course_funnel_session_match IS
    'How many users of a course are known as visitors too: one row per course, of the run whose rows the marts hold. Empty where that run read no table of sessions. The marts do not depend on it.';
COMMENT ON COLUMN :schema.course_funnel_session_match.course_id IS
    'The course, as course_id in event_properties.';
COMMENT ON COLUMN :schema.course_funnel_session_match.users IS
    'Distinct users with any course event of the course.';
COMMENT ON COLUMN :schema.course_funnel_session_match.users_with_session IS
    'Of them, those whose user_id is the profile_id of at least one session; many sessions count once.';
COMMENT ON COLUMN :schema.course_funnel_session_match.users_without_session IS
    'Of them, those whose user_id is no profile_id.';
