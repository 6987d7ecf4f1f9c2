#include "course_funnel/command.h"
#include "course_funnel/output.h"
#include "course_funnel/ranks.h"
#include "generate.h"
#include "generate_archive.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

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
    for (int kind = 0; kind < EVENT_KINDS; kind++)
        print_count(event_names[kind], counts->course_lines[kind]);
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
    print_count("twice", counts->twice);
    print_count("hostile", counts->hostile);
    return output_end(stdout, failure);
}

/* The recipe; each step ends with the ranks agreeing on whether it went well. */
static int generate_all(struct ranks *ranks, int argc, char **argv, struct failure *failure)
{
    struct generate_options options;
    struct generate_counts counts;
    bool is_root = ranks_rank(ranks) == 0;
    (void)generate_parse(argc, argv, &options, failure);
    if (ranks_vote(ranks, failure) != 0)
        return -1;
    if (options.help) {
        if (is_root) {
            (void)output_text(stdout, generate_help, failure);
        }
        return ranks_vote(ranks, failure);
    }

    if (is_root && generate_check(&options, failure) == 0)
        (void)generate_prepare(&options, failure);
    if (ranks_vote(ranks, failure) != 0)
        return -1;
    (void)generate_files(&options, ranks_rank(ranks), ranks_count(ranks), &counts, failure);
    if (ranks_vote(ranks, failure) != 0)
        return -1;
    (void)ranks_sum(ranks, (uint64_t *)&counts, GENERATE_COUNTS, failure);
    if (ranks_vote(ranks, failure) != 0)
        return -1;
    if (is_root && generate_archive(&options, &counts, failure) == 0)
        (void)print_counts(&counts, failure);
    return ranks_vote(ranks, failure);
}

int generate_command(int argc, char **argv)
{
    struct failure failure = {0};
    struct ranks *ranks = NULL;
    bool prints = true; /* one rank prints for all */
    if (ranks_start(&ranks, &failure) == 0) {
        prints = ranks_rank(ranks) == 0;
        /* A closed pipe and a file over its size limit are errors of a write, not ends of the rank.
         */
        if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
            failure_set(&failure, EXIT_BUG, "Signals cannot be set up.");
        (void)generate_all(ranks, argc, argv, &failure);
    }
    /* Before the ranks part: the first that is gone takes the others with it. */
    if (failure.message[0] != '\0' && prints)
        fprintf(stderr, "course-funnel generate: %s\n", failure.message);
    if (failure.code == EXIT_USAGE && prints)
        fprintf(stderr, "Try `course-funnel generate --help`.\n");
    (void)ranks_end(ranks, &failure);
    return failure.code;
}
