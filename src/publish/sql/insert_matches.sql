INSERT INTO :schema.course_funnel_session_match
    (course_id, users, users_with_session, users_without_session)
SELECT course_id, users, users_with_session, users_without_session
FROM pg_temp.course_funnel_session_match
ORDER BY course_id
