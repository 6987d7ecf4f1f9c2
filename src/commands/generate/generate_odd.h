#ifndef GENERATE_ODD_H
#define GENERATE_ODD_H

#include "generate_edit.h"

/* Local. Each spells the line oddly in one way that is good all the same. */
void generate_odd_spell_ids(struct generate_edit *edit);
void generate_odd_move_ids(struct generate_edit *edit);
void generate_odd_spell_spent(struct generate_edit *edit);
void generate_odd_encode_twice(struct generate_edit *edit);
void generate_odd_say_twice(struct generate_edit *edit);
void generate_odd_say_property_twice(struct generate_edit *edit);
void generate_odd_reorder(struct generate_edit *edit);
void generate_odd_space_out(struct generate_edit *edit);
void generate_odd_escape_names(struct generate_edit *edit);
void generate_odd_spell_time(struct generate_edit *edit);
void generate_odd_move_time(struct generate_edit *edit);

#endif
