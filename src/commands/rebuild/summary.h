#ifndef SUMMARY_H
#define SUMMARY_H

#include "course_funnel/run_record.h"
#include "course_funnel/source.h"
#include "phases.h"

#include <stdio.h>

/* The closing texts of a run, for people. */

struct summary {
    const struct run_record *record;
    const struct phase_spread *phases; /* PHASES of them */
    const struct source_list *list;
    const char *target;  /* as it may be shown */
    const char *rejects; /* path of the reject file */
    unsigned resumes;    /* how often the run was resumed from a checkpoint, where it had ... */
    uint64_t earlier_lines;
    uint64_t earlier_bytes; /* ... read so much */
};

/* Local. Print what was done: counts that balance, times, what was published and where. */
void summary_print(FILE *out, const struct summary *summary);

/* Local. Print what a run would do. */
void summary_print_plan(FILE *out, const struct source_list *list, int ranks, const char *target,
                        const char *rejects);

#endif
