#include "course_funnel/store_choice.h"

#include <string.h>

enum store_owner store_whose(const struct manifest *manifest, struct store_generation generation,
                             const char *history_id)
{
    if (manifest->attempt != generation.attempt || manifest->generation != generation.number)
        return STORE_OF_ANOTHER_GENERATION;
    if (history_id != NULL && strcmp(manifest->history_id, history_id) != 0)
        return STORE_OF_ANOTHER_RUN;
    return STORE_OWN;
}

enum store_choice store_choose(int code)
{
    switch (code) {
    case 0:
        return STORE_TAKEN;
    case STORE_DAMAGED:
        return STORE_SET_ASIDE;
    case EXIT_CHECKPOINT:
        return STORE_PASSED_OVER;
    default:
        return STORE_REFUSED;
    }
}

bool store_is_thrown_away(const struct store_attempt *attempt, struct store_generation generation)
{
    return generation.attempt < attempt->first_number;
}
