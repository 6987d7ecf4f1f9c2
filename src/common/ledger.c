#include "course_funnel/ledger.h"

#include <inttypes.h>
#include <stddef.h>

_Static_assert(sizeof(struct ledger) % sizeof(uint64_t) == 0, "ranks sum a ledger as an array");

uint64_t ledger_rejected(const struct ledger *ledger)
{
    uint64_t rejected = 0;
    for (size_t i = 0; i < REJECT_REASONS; i++)
        rejected += ledger->rejected[i];
    return rejected;
}

int ledger_check(const struct ledger *ledger, struct failure *failure)
{
    uint64_t rejected = ledger_rejected(ledger);
    if (ledger->records_read != ledger->other + rejected + ledger->kept ||
        ledger->lines_read > ledger->records_read)
        return failure_set(failure, EXIT_BUG,
                           "The counts do not balance: %" PRIu64 " records read on %" PRIu64
                           " lines, but %" PRIu64 " other + %" PRIu64 " rejected + %" PRIu64
                           " kept. Nothing was published; please report this.",
                           ledger->records_read, ledger->lines_read, ledger->other, rejected,
                           ledger->kept);
    if (ledger->kept != ledger->sent || ledger->sent != ledger->received ||
        ledger->received != ledger->folded)
        return failure_set(failure, EXIT_BUG,
                           "The counts do not balance: %" PRIu64 " events kept, %" PRIu64
                           " sent, %" PRIu64 " received, %" PRIu64
                           " folded. Nothing was published; please report this.",
                           ledger->kept, ledger->sent, ledger->received, ledger->folded);
    return 0;
}
