#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * The frame of a unit test program: a table of tests, run in order. The program fails when one
 * assertion fails, when a test could not be set up, or when there was nothing to run.
 */

struct unit_test {
    const char *name;
    void (*run)(void);
};

/* Run the tests. Returns what main is to return. */
int unit_main(const char *suite_name, const struct unit_test *tests, size_t count);

#endif
