#ifndef COURSE_FUNNEL_LEDGER_H
#define COURSE_FUNNEL_LEDGER_H

#include "course_funnel/event.h"
#include "course_funnel/failure.h"

#include <stdint.h>

/*
 * The books of a run: nothing is lost in silence. Counts of one rank, or summed over all.
 * Plain uint64_t counts only, so that ranks can sum it as an array.
 */
struct ledger {
    uint64_t lines_read;
    uint64_t records_read; /* a line is one, and one more for each further object read on it */
    uint64_t other;
    uint64_t rejected[REJECT_REASONS];
    uint64_t rejected_weight; /* for how many events they stand, at the gate: decode_weight */
    uint64_t kept;            /* events that go to the marts */
    uint64_t sent;            /* handed to the rank that owns the user, the own rank included */
    uint64_t received;
    uint64_t folded;     /* taken into the state, duplicates included */
    uint64_t duplicates; /* of the folded: completions that came again */
    uint64_t
        time_unusable;     /* of the folded, duplicates left out: completions with no usable time */
    uint64_t bytes_read;   /* of text, inflated */
    uint64_t rows_deleted; /* of lines_read: rows of tables that are marked so */
    /* Files and entries: of blanks alone; foreign ones, of which nothing stands above. */
    uint64_t files_empty;
    uint64_t files_left_out;
};

#define LEDGER_COUNTS (sizeof(struct ledger) / sizeof(uint64_t))

/* Local. The sum of all rejects. */
uint64_t ledger_rejected(const struct ledger *ledger);

/*
 * Local. Check that a summed ledger balances: records read = other + rejected + kept, no fewer than
 * lines, and kept = sent = received = folded. Returns 0, or -1 with EXIT_BUG and the sums that
 * differ.
 */
int ledger_check(const struct ledger *ledger, struct failure *failure);

#endif
