#include "course_funnel/ingest.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Reads many small histories, each as a run would, in one process.
 *
 * usage: ingest_probe LIST SCRATCH RANGE_BYTES [leave-out]
 *
 * Each line of LIST is the path of a folder. On standard output there is a line for each: the exit
 * code, the records kept, rejected and other, files empty and left out, and the message.
 */

static void read_history(struct ranks *ranks, const char *folder, const char *scratch,
                         const struct source_limits *limits, struct ledger *ledger,
                         struct failure *failure)
{
    struct source_list *list = NULL;
    struct state *state = NULL;
    struct rejects *rejects = NULL;
    struct ingest_worker *worker = NULL;
    struct ingest_tables tables = {0};
    struct table_options table_options = {0};
    struct rejects_place place = {
        .path = scratch, .parts = scratch, .run_id = "probe", .attempt = 1, .code = EXIT_TARGET};
    int rank = ranks_rank(ranks);
    if (source_list(&folder, 1, limits, NULL, &list, failure) == 0 &&
        state_create(rank, ranks_count(ranks), &state, failure) == 0)
        (void)rejects_create(&place, rank, &rejects, failure);
    struct ingest ingest = {.ranks = ranks,
                            .list = list,
                            .limits = limits,
                            .tables = &tables,
                            .table_options = &table_options,
                            .rejects = rejects,
                            .state = state,
                            .ledger = ledger};
    if (ranks_vote(ranks, failure) == 0 && ingest_start(&ingest, &worker, failure) == 0)
        (void)ingest_run(worker, INFINITY, failure);
    if (ranks_vote(ranks, failure) == 0)
        (void)ranks_sum(ranks, (uint64_t *)(void *)ledger, LEDGER_COUNTS, failure);
    if (failure->code == 0)
        (void)ledger_check(ledger, failure);
    if (failure->code == 0) {
        ledger->files_empty += list->files_empty;
        ledger->files_left_out += list->files_left_out;
    }
    ingest_free(worker);
    rejects_free(rejects);
    state_free(state);
    source_free(list);
}

static int read_all(struct ranks *ranks, FILE *list, const char *scratch,
                    const struct source_limits *limits)
{
    char folder[4096];
    while (fgets(folder, sizeof folder, list) != NULL) {
        struct ledger ledger = {0};
        struct failure failure = {0};
        folder[strcspn(folder, "\n")] = '\0';
        read_history(ranks, folder, scratch, limits, &ledger, &failure);
        if (ranks_rank(ranks) == 0)
            printf("%d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n",
                   failure.code, ledger.kept, ledger_rejected(&ledger), ledger.other,
                   ledger.files_empty, ledger.files_left_out, failure.message);
    }
    return ferror(list) != 0 || fflush(stdout) != 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct failure failure = {0};
    struct ranks *ranks = NULL;
    struct source_limits limits = {.max_line_bytes = SOURCE_DEFAULT_MAX_LINE_BYTES,
                                   .max_ratio = SOURCE_DEFAULT_MAX_RATIO,
                                   .leave_out_foreign = argc > 4};
    FILE *list = argc > 3 ? fopen(argv[1], "r") : NULL;
    if (list == NULL || ranks_start(&ranks, &failure) != 0) {
        fprintf(stderr, "usage: ingest_probe LIST SCRATCH RANGE_BYTES [leave-out]\n");
        return 2;
    }
    limits.range_bytes = strtoull(argv[3], NULL, 10);
    int result = read_all(ranks, list, argv[2], &limits);
    (void)fclose(list);
    return ranks_end(ranks, &failure) != 0 ? 1 : result;
}
