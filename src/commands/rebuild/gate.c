#include "gate.h"

struct gate_events gate_events(const struct ledger *ledger, const struct ledger *base)
{
    struct gate_events events = {ledger->rejected_weight, ledger->kept};
    if (base != NULL) {
        events.rejected -= base->rejected_weight;
        events.kept -= base->kept;
    }
    return events;
}

double gate_share(struct gate_events events)
{
    uint64_t all = events.rejected + events.kept;
    return all > 0 ? (double)events.rejected / (double)all : 0;
}

enum gate_verdict gate_judge(const struct ledger *ledger, const struct ledger *base,
                             double max_reject_share, bool allows_nothing)
{
    struct gate_events all = gate_events(ledger, NULL), new = gate_events(ledger, base);
    if (gate_share(all) > max_reject_share)
        return GATE_REJECTS;
    if (base != NULL && new.rejected + new.kept >= GATE_LEAST_NEW &&
        gate_share(new) > max_reject_share)
        return GATE_NEW_REJECTS;
    return all.kept == 0 && !allows_nothing ? GATE_NOTHING : GATE_OPEN;
}
