#include "course_funnel/command.h"
#include "course_funnel/generate.h"

#include <inttypes.h>
#include <mpi.h>
#include <stdio.h>

_Static_assert(sizeof(struct generate_counts) % sizeof(uint64_t) == 0,
               "ranks sum the counts as an array");

static int check_mpi(int code, const char *call, struct failure *failure)
{
    if (code == MPI_SUCCESS)
        return 0;
    return failure_set(failure, EXIT_BUG, "%s failed with code %d. Start the job again.", call,
                       code);
}

/* Did every rank succeed? If not, all have the failure of the lowest rank that has one. */
static int vote(int rank, int ranks, struct failure *failure)
{
    struct failure trouble = {0};
    int first = failure->code != 0 ? rank : ranks;
    int lowest = ranks;
    if (check_mpi(MPI_Allreduce(&first, &lowest, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD),
                  "MPI_Allreduce", &trouble) != 0)
        return failure_set(failure, trouble.code, "%s", trouble.message);
    if (lowest == ranks)
        return 0;
    if (check_mpi(MPI_Bcast(failure, (int)sizeof *failure, MPI_BYTE, lowest, MPI_COMM_WORLD),
                  "MPI_Bcast", &trouble) != 0)
        return failure_set(failure, trouble.code, "%s", trouble.message);
    return -1;
}

static void print_count(const char *name, uint64_t count)
{
    printf("%-28s %" PRIu64 "\n", name, count);
}

static int print_counts(const struct generate_counts *counts, struct failure *failure)
{
    print_count("files", counts->files);
    print_count("lines", counts->lines);
    print_count("text_bytes", counts->text_bytes);
    print_count("disk_bytes", counts->disk_bytes);
    print_count("course_lesson_started", counts->course_lines[EVENT_LESSON_STARTED]);
    print_count("course_lesson_completed", counts->course_lines[EVENT_LESSON_COMPLETED]);
    print_count("course_completed", counts->course_lines[EVENT_COURSE_COMPLETED]);
    print_count("delivered_again", counts->copies);
    print_count("late", counts->late);
    for (int reason = 0; reason < REJECT_REASONS; reason++) {
        char name[64];
        int length = snprintf(name, sizeof name, "rejected_%s",
                              event_reject_name((enum reject_reason)reason));
        print_count(length > 0 ? name : "rejected", counts->rejected[reason]);
    }
    print_count("made_other", counts->made_other);
    print_count("time_unusable", counts->time_unusable);
    print_count("odd", counts->odd);
    print_count("hostile", counts->hostile);
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return failure_set(failure, EXIT_TARGET, "Could not write to standard output.");
    return 0;
}

/* The recipe; each step ends with the ranks agreeing on whether it went well. */
static int generate_all(int argc, char **argv, int rank, int ranks, struct failure *failure)
{
    struct generate_options options;
    struct generate_counts mine;
    struct generate_counts all = {0};
    (void)generate_parse(argc, argv, &options, failure);
    if (vote(rank, ranks, failure) != 0)
        return -1;
    if (options.help) {
        if (rank == 0 && fputs(generate_help, stdout) < 0)
            (void)failure_set(failure, EXIT_TARGET, "Could not write to standard output.");
        return vote(rank, ranks, failure);
    }

    if (rank == 0)
        (void)generate_prepare(&options, failure);
    if (vote(rank, ranks, failure) != 0)
        return -1;
    (void)generate_files(&options, rank, ranks, &mine, failure);
    if (vote(rank, ranks, failure) != 0)
        return -1;
    (void)check_mpi(
        MPI_Reduce(&mine, &all, (int)GENERATE_COUNTS, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD),
        "MPI_Reduce", failure);
    if (rank == 0 && failure->code == 0 && generate_archive(&options, &all, failure) == 0)
        (void)print_counts(&all, failure);
    return vote(rank, ranks, failure);
}

int generate_command(int argc, char **argv)
{
    struct failure failure = {0};
    int rank = 0;
    int ranks = 1;
    if (check_mpi(MPI_Init(&argc, &argv), "MPI_Init", &failure) == 0 &&
        check_mpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank", &failure) == 0 &&
        check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &ranks), "MPI_Comm_size", &failure) == 0)
        (void)generate_all(argc, argv, rank, ranks, &failure);
    if (failure.code != 0 && rank == 0)
        fprintf(stderr, "course-funnel generate: %s\n", failure.message);
    (void)check_mpi(MPI_Finalize(), "MPI_Finalize", &failure);
    return failure.code;
}
