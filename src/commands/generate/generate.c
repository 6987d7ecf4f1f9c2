#include "generate.h"

#include "generate_file.h"
#include "generate_learners.h"
#include "generate_line.h"
#include "generate_numbers.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SECONDS_PER_HOUR 3600

_Static_assert(sizeof(struct generate_counts) % sizeof(uint64_t) == 0,
               "ranks sum the counts as an array");

/* The records of one rank, first counted and then placed hour by hour. */
struct share {
    struct generate_sink sink; /* stands first: the sink is the share */
    uint32_t rank;
    uint32_t ranks;
    uint64_t *next; /* for each hour: how many records, then where the next one goes */
    struct generate_record *records;
};

/* Neighbouring hours go to different ranks, and the busy hours of each day to another one. */
static bool is_mine(const struct share *share, uint32_t hour)
{
    return (hour + hour / 24) % share->ranks == share->rank;
}

static void count_record(struct generate_sink *sink, const struct generate_record *record)
{
    struct share *share = (struct share *)sink;
    uint32_t hour = generate_hour(record);
    if (is_mine(share, hour))
        share->next[hour]++;
}

static void place_record(struct generate_sink *sink, const struct generate_record *record)
{
    struct share *share = (struct share *)sink;
    uint32_t hour = generate_hour(record);
    if (is_mine(share, hour))
        share->records[share->next[hour]++] = *record;
}

/* The records of all learners, which the sink takes. */
static void pass_all(const struct generate_plan *plan, struct share *share)
{
    for (uint64_t user = 0; user < plan->users; user++)
        generate_learner(plan, (uint32_t)user, &share->sink);
}

int generate_check(const struct generate_options *options, struct failure *failure)
{
    struct generate_plan plan;
    if (generate_plan_create(options, &plan, failure) != 0)
        return -1;
    generate_numbers_set(&plan);
    bool any_line = generate_numbers_any_line(&plan);
    generate_plan_free(&plan);
    if (any_line)
        return 0;
    return failure_set(failure, EXIT_USAGE,
                       "No line comes of --events %" PRIu64 " for --users %" PRIu64
                       ": whoever takes a course has dozens. Give more --events, or leave --users "
                       "out.",
                       options->events, options->users);
}

/* Afterwards the records of an hour end at next[hour]. */
static int gather(const struct generate_plan *plan, struct share *share, struct failure *failure)
{
    share->next = calloc(plan->hours, sizeof *share->next);
    if (share->next == NULL)
        return failure_memory(failure, "the hours of a sample", plan->hours * sizeof *share->next);
    share->sink.take = count_record;
    pass_all(plan, share);
    uint64_t total = 0;
    for (uint32_t hour = 0; hour < plan->hours; hour++) {
        uint64_t count = share->next[hour];
        share->next[hour] = total;
        total += count;
    }
    share->records = malloc((total + 1) * sizeof *share->records);
    if (share->records == NULL)
        return failure_memory(failure, "the lines of a sample, 32 bytes each",
                              total * sizeof *share->records);
    share->sink.take = place_record;
    pass_all(plan, share);
    return 0;
}

/* Bring the records of an hour into the order of their upload, to the second. */
static int sort_hour(const struct generate_record *records, uint64_t count, uint32_t **order,
                     struct failure *failure)
{
    uint32_t starts[SECONDS_PER_HOUR + 1] = {0};
    *order = malloc((count + 1) * sizeof **order);
    if (*order == NULL)
        return failure_memory(failure, "the order of an hour", count * sizeof **order);
    for (int pass = 0; pass < 2; pass++) {
        for (uint64_t i = 0; i < count; i++) {
            uint64_t second =
                (uint64_t)(records[i].time_ms / 1000 + records[i].delay_s) % SECONDS_PER_HOUR;
            if (pass == 0)
                starts[second + 1]++;
            else
                (*order)[starts[second]++] = (uint32_t)i;
        }
        for (int second = 0; pass == 0 && second < SECONDS_PER_HOUR; second++)
            starts[second + 1] += starts[second];
    }
    return 0;
}

/* What it takes to write the files of a rank. */
struct writer {
    const struct generate_plan *plan;
    struct generate_file *file;
    struct generate_counts *counts;
};

static int path_of_hour(const struct generate_plan *plan, uint32_t hour, uint64_t part,
                        char path[PATH_MAX], struct failure *failure)
{
    const struct generate_options *options = plan->options;
    const char *suffix = options->format == GENERATE_PLAIN ? ".json" : ".json.gz";
    int length = snprintf(path, PATH_MAX, "%s/%" PRIu64 "/%" PRIu64 "_%s_%" PRIu32 "#%" PRIu64 "%s",
                          options->out, options->app, options->app, plan->dates[hour / 24 + 1],
                          hour % 24, part, suffix);
    if (length < 0 || length >= PATH_MAX)
        return failure_set(failure, EXIT_TARGET, "The path is too long: \"%s\".", options->out);
    return 0;
}

static int write_part(const struct writer *writer, const struct generate_record *records,
                      const uint32_t *order, uint64_t count, struct failure *failure)
{
    struct generate_counts *counts = writer->counts;
    for (uint64_t i = 0; i < count; i++) {
        char *begin = generate_file_room(writer->file, GENERATE_DAMAGED_BYTES, failure);
        if (begin == NULL)
            return -1;
        char *end = generate_line_write(writer->plan, &records[order[i]], begin, counts);
        generate_file_advance(writer->file, end);
        counts->text_bytes += (uint64_t)(end - begin);
    }
    uint64_t disk_bytes = 0;
    if (generate_file_close(writer->file, &disk_bytes, failure) != 0)
        return -1;
    counts->files++;
    counts->lines += count;
    counts->disk_bytes += disk_bytes;
    return 0;
}

static int write_hour(const struct writer *writer, uint32_t hour,
                      const struct generate_record *records, uint64_t count,
                      struct failure *failure)
{
    uint32_t *order = NULL;
    int result = sort_hour(records, count, &order, failure);
    uint64_t most = writer->plan->options->file_lines;
    for (uint64_t done = 0, part = 0; result == 0 && done < count; done += most, part++) {
        char path[PATH_MAX];
        uint64_t lines = count - done < most ? count - done : most;
        result = path_of_hour(writer->plan, hour, part, path, failure);
        if (result == 0)
            result = generate_file_open(writer->file, path, failure);
        if (result == 0)
            result = write_part(writer, records, order + done, lines, failure);
    }
    free(order);
    return result;
}

static int write_hours(const struct generate_plan *plan, const struct share *share,
                       struct generate_counts *counts, struct failure *failure)
{
    struct writer writer = {.plan = plan, .counts = counts};
    if (generate_file_create(plan->options, &writer.file, failure) != 0)
        return -1;
    int result = 0;
    uint64_t begin = 0;
    for (uint32_t hour = 0; result == 0 && hour < plan->hours; hour++) {
        uint64_t end = share->next[hour];
        result = write_hour(&writer, hour, share->records + begin, end - begin, failure);
        begin = end;
    }
    generate_file_free(writer.file);
    return result;
}

int generate_files(const struct generate_options *options, int rank, int ranks,
                   struct generate_counts *counts, struct failure *failure)
{
    struct generate_plan plan;
    struct share share = {.rank = (uint32_t)rank, .ranks = (uint32_t)ranks};
    *counts = (struct generate_counts){0};
    if (generate_plan_create(options, &plan, failure) != 0)
        return -1;
    generate_numbers_set(&plan);
    int result = gather(&plan, &share, failure);
    if (result == 0)
        result = write_hours(&plan, &share, counts, failure);
    free(share.records);
    free(share.next);
    generate_plan_free(&plan);
    return result;
}

static int make_folder(const char *path, struct failure *failure)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return failure_set(failure, EXIT_TARGET,
                           "Could not make the folder \"%s\": %s. Make its parent folder, or name "
                           "another --out.",
                           path, strerror(errno));
    return 0;
}

int generate_prepare(const struct generate_options *options, struct failure *failure)
{
    if (make_folder(options->out, failure) != 0)
        return -1;
    DIR *folder = opendir(options->out);
    if (folder == NULL)
        return failure_set(failure, EXIT_TARGET, "Could not read the folder \"%s\": %s.",
                           options->out, strerror(errno));
    const struct dirent *entry = NULL;
    int entries = 0;
    errno = 0;
    while (entries < 3 && (entry = readdir(folder)) != NULL)
        entries++;
    int reading = errno;
    int closed = closedir(folder);
    if ((entries < 3 && reading != 0) || closed != 0)
        return failure_set(failure, EXIT_TARGET, "Could not read the folder \"%s\": %s.",
                           options->out, strerror(errno));
    /* "." and ".." are always there. */
    if (entries > 2)
        return failure_set(failure, EXIT_USAGE,
                           "The folder \"%s\" holds something already. Remove it, or name a new "
                           "folder by --out.",
                           options->out);
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%" PRIu64, options->out, options->app);
    if (length < 0 || (size_t)length >= sizeof path)
        return failure_set(failure, EXIT_USAGE, "--out is too long: \"%s\".", options->out);
    return make_folder(path, failure);
}
