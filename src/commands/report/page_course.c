#include "page_course.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A lesson while the order is being found. */
struct place {
    int32_t id;
    const struct page_name *name; /* NULL: it has none */
    size_t index;                 /* in that order */
};

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    return page_names_order(a->name, a->id, b->name, b->id);
}

static int compare_ids(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

/* The lessons of the course, in any cohort, each once and in their order. */
static struct place *find_places(const struct marts *marts, const struct report_course *from,
                                 const struct page_names *names, size_t *count,
                                 struct failure *failure)
{
    size_t rows = from->lesson_end - from->lesson_begin;
    struct place *places = calloc(rows + 1, sizeof *places);
    *count = 0;
    if (places == NULL) {
        failure_memory(failure, "the lessons", rows * sizeof *places);
        return NULL;
    }
    for (size_t i = 0; i < rows; i++)
        places[i].id = marts->lessons[from->lesson_begin + i].lesson_id;
    qsort(places, rows, sizeof *places, compare_ids);
    for (size_t i = 0; i < rows; i++)
        if (i == 0 || places[i].id != places[i - 1].id)
            places[(*count)++].id = places[i].id;
    for (size_t i = 0; i < *count; i++)
        places[i].name = page_names_lesson(names, from->course_id, places[i].id);
    qsort(places, *count, sizeof *places, compare_places);
    for (size_t i = 0; i < *count; i++)
        places[i].index = i;
    return places;
}

static char *title_of(const struct place *place, bool has_names)
{
    char text[24];
    if (place->name != NULL && place->name->title[0] != '\0')
        return strdup(place->name->title);
    snprintf(text, sizeof text, "%s%" PRId32, has_names ? "" : "Lesson ", place->id);
    return strdup(text);
}

static const char *module_of(const struct place *place)
{
    return place->name != NULL ? place->name->module : "";
}

/* Modules, and over which columns of the map a number stands: of the first, and of each fifth. */
static void mark_lessons(struct page_course *course, const struct place *places)
{
    const char *before = "";
    size_t number = 0;
    for (size_t i = 0; i < course->lesson_count; i++)
        course->has_modules = course->has_modules || module_of(&places[i])[0] != '\0';
    for (size_t i = 0; i < course->lesson_count; i++) {
        const char *module = module_of(&places[i]);
        /* Lessons that nobody gave a module are not in the one before. */
        if (course->has_modules && module[0] == '\0')
            module = "Other lessons";
        course->lessons[i].module = strcmp(module, before) != 0 ? module : "";
        before = module;
    }
    for (size_t i = 0; i < course->lesson_count; i++) {
        struct page_lesson *lesson = &course->lessons[i];
        number = lesson->module[0] != '\0' ? 1 : number + 1;
        bool next_is_first = i + 1 < course->lesson_count && lesson[1].module[0] != '\0';
        if (number == 1 || (number % 5 == 0 && !next_is_first))
            snprintf(lesson->mark, sizeof lesson->mark, "%zu", number);
    }
}

static int make_lessons(const struct place *places, size_t count, bool has_names,
                        struct page_course *course, struct failure *failure)
{
    course->lessons = calloc(count + 1, sizeof *course->lessons);
    if (course->lessons == NULL)
        return failure_memory(failure, "the lessons", count * sizeof *course->lessons);
    course->is_by_id = true;
    for (size_t i = 0; i < count; i++) {
        struct page_lesson *lesson = &course->lessons[i];
        lesson->id = places[i].id;
        lesson->title = title_of(&places[i], has_names);
        if (lesson->title == NULL)
            return failure_memory(failure, "the name of a lesson", 24);
        course->lesson_count++;
        course->is_by_id = course->is_by_id && (i == 0 || places[i - 1].id < places[i].id);
        if (places[i].id < places[course->lowest].id)
            course->lowest = i;
        if (places[i].id > places[course->last].id)
            course->last = i;
    }
    mark_lessons(course, places);
    return 0;
}

/* Where the lesson of an id stands in the course; ${by_id} are all. */
static size_t index_of(const struct place *by_id, size_t count, int32_t id)
{
    const struct place key = {.id = id};
    const struct place *found = bsearch(&key, by_id, count, sizeof key, compare_ids);
    return found->index;
}

/*
 * What the rows of the marts say of a cohort. Who reached a lesson without a row in the cohort
 * reached a later one: as many as the next higher lesson that has a row.
 */
static void fill_values(const struct marts *marts, const struct report_course *from,
                        const struct place *by_id, size_t count, struct page_cohort *cohort,
                        size_t *row)
{
    for (size_t i = 0; i < count; i++)
        cohort->values[i].reached = -1;
    while (*row < from->lesson_end && marts->lessons[*row].cohort_week_start < cohort->week)
        ++*row;
    for (; *row < from->lesson_end && marts->lessons[*row].cohort_week_start == cohort->week;
         ++*row) {
        const struct mart_lesson_row *lesson = &marts->lessons[*row];
        const struct mart_step_row *step = &marts->steps[*row];
        cohort->values[index_of(by_id, count, lesson->lesson_id)] =
            (struct page_value){.reached = step->users_reached,
                                .stopped = step->users_stopped,
                                .started = lesson->users_started,
                                .completed = lesson->users_completed,
                                .has_time = step->has_time_spent,
                                .p50_e3 = step->time_spent_p50_sec_e3,
                                .p90_e3 = step->time_spent_p90_sec_e3};
    }
    int64_t next = 0;
    for (size_t i = count; i > 0; i--) {
        struct page_value *value = &cohort->values[by_id[i - 1].index];
        if (value->reached < 0)
            value->reached = next;
        next = value->reached;
    }
}

static int make_cohorts(const struct marts *marts, const struct report_course *from,
                        const struct place *by_id, struct page_course *course,
                        struct failure *failure)
{
    size_t count = 0, lessons = course->lesson_count, row = from->lesson_begin;
    for (size_t i = from->cohort_begin; i < from->cohort_end; i++)
        count += marts->cohorts[i].users_started > 0;
    course->cohorts = calloc(count + 1, sizeof *course->cohorts);
    course->values = calloc((count + 1) * (lessons + 1), sizeof *course->values);
    if (course->cohorts == NULL || course->values == NULL)
        return failure_memory(failure, "the cohorts", count * lessons * sizeof *course->values);
    course->cohort_count = count;
    for (size_t i = from->cohort_begin; i < from->cohort_end; i++) {
        const struct mart_cohort_row *mart = &marts->cohorts[i];
        if (mart->users_started == 0) {
            course->idle_weeks++;
            course->idle_completed += mart->users_completed_course;
            continue;
        }
        struct page_cohort *cohort = &course->cohorts[--count];
        *cohort = (struct page_cohort){.week = mart->cohort_week_start,
                                       .started = mart->users_started,
                                       .completed = mart->users_completed_course,
                                       .within = &marts->completions[i],
                                       .values = course->values + count * lessons};
        fill_values(marts, from, by_id, lessons, cohort, &row);
    }
    return 0;
}

static void find_worst(const struct page_course *course, struct page_total *total)
{
    for (size_t i = 0; i < course->lesson_count && !total->is_young; i++) {
        int64_t stopped = total->values[i].stopped;
        size_t at = total->worst_count;
        if (stopped == 0 || i == course->last)
            continue;
        while (at > 0 && total->values[total->worst[at - 1]].stopped < stopped)
            at--;
        if (at == 3)
            continue;
        for (size_t j = 2; j > at; j--)
            total->worst[j] = total->worst[j - 1];
        total->worst[at] = i;
        total->worst_count += total->worst_count < 3;
    }
}

/* The mature cohorts together, or all where none is. Percentiles do not add up: the largest's. */
static void add_up(struct page_course *course)
{
    struct page_value *values = course->values + course->cohort_count * course->lesson_count;
    struct page_total *total = &course->total;
    total->is_young = true;
    for (size_t i = 0; i < course->cohort_count; i++)
        total->is_young = total->is_young && page_course_is_young(&course->cohorts[i]);
    total->values = values;
    for (size_t i = 0; i < course->cohort_count; i++) {
        const struct page_cohort *cohort = &course->cohorts[i];
        if (!total->is_young && page_course_is_young(cohort))
            continue;
        if (total->cohorts++ == 0 || cohort->started > course->cohorts[total->largest].started)
            total->largest = i;
        total->started += cohort->started;
        total->completed += cohort->completed;
        for (size_t j = 0; j < course->lesson_count; j++) {
            values[j].reached += cohort->values[j].reached;
            values[j].stopped += cohort->values[j].stopped;
            values[j].started += cohort->values[j].started;
            values[j].completed += cohort->values[j].completed;
        }
    }
    for (size_t j = 0; j < course->lesson_count && total->cohorts > 0; j++) {
        const struct page_value *largest = &course->cohorts[total->largest].values[j];
        values[j].has_time = largest->has_time;
        values[j].p50_e3 = largest->p50_e3;
        values[j].p90_e3 = largest->p90_e3;
    }
    total->base = course->lesson_count > 0 ? values[course->lowest].reached : 0;
    find_worst(course, total);
}

static int name_course(const struct page_names *names, struct page_course *course,
                       struct failure *failure)
{
    const struct page_name *name = page_names_course(names, course->id);
    if (name != NULL && name->title[0] != '\0')
        course->name = strdup(name->title);
    else if (asprintf(&course->name, "Course %" PRId32, course->id) < 0)
        course->name = NULL;
    return course->name != NULL ? 0 : failure_memory(failure, "the name of a course", 24);
}

static void find_entries(const struct marts *marts, struct page_course *course)
{
    size_t begin = 0;
    while (begin < marts->entry_count && marts->entries[begin].course_id != course->id)
        begin++;
    size_t end = begin;
    while (end < marts->entry_count && marts->entries[end].course_id == course->id)
        end++;
    course->entries = marts->entries + begin;
    course->entry_count = end - begin;
}

int page_course_make(const struct marts *marts, const struct report_course *from,
                     const struct page_names *names, struct page_course *course,
                     struct failure *failure)
{
    size_t count = 0;
    *course = (struct page_course){.id = from->course_id};
    struct place *places = find_places(marts, from, names, &count, failure);
    if (places == NULL)
        return -1;
    int status = name_course(names, course, failure);
    if (status == 0)
        status = make_lessons(places, count, names->count > 0, course, failure);
    qsort(places, count, sizeof *places, compare_ids);
    if (status == 0)
        status = make_cohorts(marts, from, places, course, failure);
    free(places);
    if (status != 0)
        return -1;
    add_up(course);
    find_entries(marts, course);
    return 0;
}

void page_course_free(struct page_course *course)
{
    for (size_t i = 0; i < course->lesson_count; i++)
        free(course->lessons[i].title);
    free(course->lessons);
    free(course->cohorts);
    free(course->values);
    free(course->name);
    *course = (struct page_course){.id = 0};
}

bool page_course_is_young(const struct page_cohort *cohort)
{
    return cohort->within->observed_days < MARTS_MATURE_DAYS;
}

struct page_total page_course_single(const struct page_course *course, size_t cohort)
{
    const struct page_cohort *from = &course->cohorts[cohort];
    struct page_total total = {.cohorts = 1,
                               .is_young = page_course_is_young(from),
                               .started = from->started,
                               .completed = from->completed,
                               .values = from->values,
                               .largest = cohort};
    total.base = course->lesson_count > 0 ? from->values[course->lowest].reached : 0;
    find_worst(course, &total);
    return total;
}
