#ifndef GENERATE_PARTS_H
#define GENERATE_PARTS_H

#include "generate.h"

/* What the files of `generate` share with each other and with their tests. Pure, all of it. */

#define GENERATE_MS_PER_HOUR INT64_C(3600000)
#define GENERATE_MS_PER_DAY (24 * GENERATE_MS_PER_HOUR)

/* Days after the last week in which uploads still arrive; no delay is longer. */
#define GENERATE_TAIL_DAYS 14

/*
 * Random numbers by counting: the nth of a key is a mix of both, so that any learner can be drawn
 * without those before. Whole numbers only, since the last bit of a floating-point function is not
 * the same everywhere.
 */
struct generate_random {
    uint64_t key;
    uint64_t count;
};

static inline uint64_t generate_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* One number that belongs to (seed, a, b) and to no other. */
static inline uint64_t generate_hash(uint64_t seed, uint64_t a, uint64_t b)
{
    uint64_t mixed = generate_mix(seed + UINT64_C(0x9e3779b97f4a7c15) * (a + 1));
    return generate_mix(mixed + UINT64_C(0xd1b54a32d192ed03) * (b + 1));
}

static inline uint64_t generate_next(struct generate_random *random)
{
    return generate_mix(random->key + UINT64_C(0x9e3779b97f4a7c15) * ++random->count);
}

/* 0 to ${bound} - 1; the bias of the scaling is below 2^-31 for the bounds in use. */
static inline uint64_t generate_below(struct generate_random *random, uint64_t bound)
{
    return ((generate_next(random) >> 32) * bound) >> 32;
}

/* True in ${threshold} of 2^32 cases. */
static inline bool generate_chance(struct generate_random *random, uint64_t threshold)
{
    return (generate_next(random) >> 32) < threshold;
}

#define GENERATE_PERCENT(n) ((UINT64_C(1) << 32) / 100 * (n))

/* Numbers with 16 binary digits after the point. */
#define GENERATE_ONE UINT64_C(65536)

/* Local. Exponentially distributed with the given mean, at most 32 * ln 2 times as large. */
int64_t generate_exponential(struct generate_random *random, int64_t mean);

/* Local. Near to log-normal: the median times 2 to a bell-shaped power from -3 to 3. */
int64_t generate_lognormal(struct generate_random *random, int64_t median);

/* Local. A whole number with the mean ${mean} / GENERATE_ONE, near to it or half or twice of it. */
uint64_t generate_around(struct generate_random *random, uint64_t mean);

/* What the options come down to, worked out once. */
struct generate_plan {
    const struct generate_options *options;
    uint64_t users;
    uint64_t enrolments_mean; /* courses of a user, of GENERATE_ONE */
    uint64_t fillers_mean;    /* other events for each course event, of GENERATE_ONE */
    uint64_t visitor_mean;    /* events of a user without a course, of GENERATE_ONE */
    bool tells_sessions;      /* with a session_start for each session */
    uint64_t late_threshold;  /* shares of 2^32 */
    uint64_t duplicates_threshold;
    uint64_t dirt_threshold;
    uint64_t hostile_threshold;
    int64_t end_ms;         /* nothing happens from here on; 0 is the start */
    uint32_t hours;         /* of uploads, the tail included */
    uint32_t *week_weights; /* cumulated: when learners arrive */
    char (*dates)[12];      /* "2025-07-01" for each day, with one day before the start */
};

/* Local. Returns 0 and a plan that generate_plan_free releases, or -1 (EXIT_BUG). */
int generate_plan_create(const struct generate_options *options, struct generate_plan *plan,
                         struct failure *failure);
void generate_plan_free(struct generate_plan *plan);

/* Whether any line comes of the plan. */
bool generate_plan_tells(const struct generate_plan *plan);

/* Local. What a course is like; all of it follows from the seed and the course's index. */
uint32_t generate_course_lessons(const struct generate_plan *plan, uint32_t course);
int32_t generate_course_id(uint32_t course);
int32_t generate_lesson_id(const struct generate_plan *plan, uint32_t course, uint32_t lesson);

/* The kind of a record: enum event_kind, or one of the other events of Amplitude from here on. */
#define GENERATE_FIRST_OTHER 3
enum generate_other {
    GENERATE_SESSION_START = GENERATE_FIRST_OTHER,
    GENERATE_PAGE_VIEWED,
    GENERATE_BUTTON_CLICKED,
    GENERATE_VIDEO_PLAYED,
    GENERATE_QUIZ_ANSWERED,
    GENERATE_SEARCHED,
    GENERATE_SCREEN,
    GENERATE_KINDS
};

/* One line, before it is written out. */
struct generate_record {
    int64_t time_ms; /* of the event, since the start of the plan */
    uint32_t user;
    uint32_t serial;   /* number of the event among the user's; a copy has its original's */
    uint32_t delay_s;  /* from the event to its upload */
    uint32_t spent_ms; /* of a lesson completion */
    uint16_t course;   /* indexes, not ids */
    uint16_t lesson;
    uint16_t session_age_s; /* from the session's start to the event */
    uint8_t kind;
    uint8_t copy; /* 0, or 1 for an event that is delivered again */
};

_Static_assert(sizeof(struct generate_record) == 32, "memory is planned at 32 bytes a line");

/* The upload hour of a record, counted from the start of the plan. */
static inline uint32_t generate_hour(const struct generate_record *record)
{
    return (uint32_t)((record->time_ms + INT64_C(1000) * record->delay_s) / GENERATE_MS_PER_HOUR);
}

/* Where the events of a learner go. */
struct generate_sink {
    void (*take)(struct generate_sink *sink, const struct generate_record *record);
};

/* Local. Live one learner's life: the same events, in the same order, at every call. */
void generate_learner(const struct generate_plan *plan, uint32_t user, struct generate_sink *sink);

/* The device that a user has: the texts between the fields that vary. */
struct generate_device {
    bool upper_case_ids;
    const char *maker; /* from data_type to device_id */
    const char *model; /* from device_manufacturer to device_type */
    const char *library;
    const char *system; /* os_name and os_version */
    const char *platform;
    const char *version; /* of the app, in quotes, or null */
};

/* Where a user lives; as JSON text without quotes. */
struct generate_place {
    const char *city;
    const char *country;
    const char *region;
    const char *language;
};

/* Local. One of the devices or places that there are, for any number. */
const struct generate_device *generate_device(uint64_t random);
const struct generate_place *generate_place(uint64_t random);

/* Enough for any line that is not damaged, '\n' included; a damaged one takes up to thrice that. */
#define GENERATE_LINE_BYTES 8192
#define GENERATE_DAMAGED_BYTES (3 * GENERATE_LINE_BYTES)

/*
 * Local. Write the record as one line, '\n' included, at ${at}, where GENERATE_DAMAGED_BYTES must
 * be free, and count it. Returns the end of the line.
 */
char *generate_record_write(const struct generate_plan *plan, const struct generate_record *record,
                            char *at, struct generate_counts *counts);

/* A pair or some pairs of a line with a comma behind each, or nothing. */
struct generate_text {
    size_t bytes;
    char text[1024];
};

enum generate_ending {
    GENERATE_WHOLE = 0,
    GENERATE_CUT_AFTER_TYPE,
    GENERATE_CUT_BEFORE_TYPE,
    GENERATE_BRACE_TOO_MANY,
    GENERATE_BRACE_TOO_FEW,
    GENERATE_TWICE, /* two objects on one line */
    GENERATE_BLANKS_AROUND
};

/* The parts of a course event's line that the marts use, to be damaged. */
struct generate_fields {
    struct generate_text front; /* pairs that come before all others */
    struct generate_text properties;
    struct generate_text time;
    struct generate_text type;
    struct generate_text user;
    enum generate_ending ending;
    uint64_t ending_random; /* where to cut */
};

/* What damage draws on: the good values. */
struct generate_values {
    int64_t time_ms; /* since 1970-01-01 */
    int32_t course_id;
    int32_t lesson_id;
    uint32_t spent_ms;
    uint8_t kind;
    const char *user; /* as JSON text, in quotes */
};

/*
 * Local. Damage or respell the fields in one way; ${choice} says which, ${random} how. Whether
 * the line is rejected, turns into another or is only odd is added to ${counts}.
 */
void generate_dirt_apply(struct generate_fields *fields, const struct generate_values *values,
                         uint64_t choice, struct generate_random *random,
                         struct generate_counts *counts);

/*
 * Local. Carry out ${fields}->ending on the line [line, end) without '\n'. Returns its new end.
 */
char *generate_ending_apply(const struct generate_fields *fields, char *line, char *end);

/*
 * Local. Put bytes into the whole line [line, end) without '\n' that are hard on readers: NUL,
 * broken UTF-8, lone surrogates, deep nesting, carriage returns. Returns its new end.
 */
char *generate_hostile_apply(char *line, char *end, struct generate_random *random);

/* One output file, written under a temporary name. */
struct generate_file;

/* Local. Buffers for one file at a time. Returns 0, or -1 (EXIT_BUG). */
int generate_file_create(const struct generate_options *options, struct generate_file **file,
                         struct failure *failure);
/* Local. Closes and removes what was not finished. */
void generate_file_free(struct generate_file *file);

/* Local. Begin ${path}. Returns 0, or -1 (EXIT_TARGET). */
int generate_file_open(struct generate_file *file, const char *path, struct failure *failure);

/* Local. Room for ${bytes} (at most GENERATE_DAMAGED_BYTES), or NULL (EXIT_TARGET). */
char *generate_file_room(struct generate_file *file, size_t bytes, struct failure *failure);

/* Local. The text up to ${end} in the room last given belongs to the file. */
void generate_file_advance(struct generate_file *file, const char *end);

/* Local. Finish and rename; ${disk_bytes} is set to its size. Returns 0, or -1 (EXIT_TARGET). */
int generate_file_close(struct generate_file *file, uint64_t *disk_bytes, struct failure *failure);

#endif
