"""Amplitude-shaped export lines for tests, and the folders that hold them."""
import json

COHORTS = ("course_id,cohort_week_start,users_started,users_completed_course,"
           "course_completion_rate,total_lessons")
LESSONS = ("course_id,cohort_week_start,lesson_id,users_started,users_completed,"
           "lesson_completion_rate,funnel_retention_rate,avg_time_spent_sec")

STARTED = "course_lesson_started"
COMPLETED = "course_lesson_completed"
FINISHED = "course_completed"

MONDAY = "2025-06-30 10:00:00.000000"  # of the week 2025-06-30


def event(kind, user, course, lesson=None, time=MONDAY, spent=None, **more):
    """A course event as a dict; keywords replace or, where the value is ..., remove a key."""
    properties = {"course_id": course}
    if lesson is not None:
        properties["lesson_id"] = lesson
    if spent is not None:
        properties["time_spent_sec"] = spent
    record = {"$insert_id": None, "amplitude_id": 7, "device_id": "d-1", "event_id": 1,
              "event_properties": properties, "event_time": time, "event_type": kind,
              "session_id": -1, "user_id": user, "user_properties": {}, "version_name": None}
    for key, value in more.items():
        key = {"insert_id": "$insert_id"}.get(key, key)
        if value is ...:
            record.pop(key, None)
        else:
            record[key] = value
    return record


def line(record):
    """One line of an export, compact as the Export API writes it, without its newline."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
