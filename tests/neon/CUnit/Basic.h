#ifndef TESTS_NEON_CUNIT_BASIC_H
#define TESTS_NEON_CUNIT_BASIC_H

#include <stddef.h>
#include <string.h>

/*
 * As much of CUnit as the units of decode use, since there is none to link with for ARM. A failed
 * assertion is printed and counted; after a fatal one the program ends.
 */

typedef int CU_ErrorCode;
typedef const char *CU_pSuite;
typedef void CU_TestFunc(void);

#define CUE_SUCCESS 0
#define CU_BRM_VERBOSE 0

extern unsigned cu_asserts, cu_failures;

int cu_assert(int holds, int fatal, const char *text, const char *file, int line);
CU_pSuite CU_add_suite(const char *name, void *begin, void *end);
void *CU_add_test(CU_pSuite suite, const char *name, CU_TestFunc *run);
CU_ErrorCode CU_basic_run_tests(void);

#define CU_initialize_registry() CUE_SUCCESS
#define CU_cleanup_registry() ((void)0)
#define CU_basic_set_mode(mode) ((void)(mode))
#define CU_get_number_of_failures() cu_failures
#define CU_get_number_of_asserts() cu_asserts

#define CU_HOLDS(holds, fatal) ((void)cu_assert((holds), (fatal), #holds, __FILE__, __LINE__))
#define CU_ASSERT(holds) CU_HOLDS(holds, 0)
#define CU_ASSERT_FATAL(holds) CU_HOLDS(holds, 1)
#define CU_ASSERT_TRUE(value) CU_HOLDS((value), 0)
#define CU_ASSERT_TRUE_FATAL(value) CU_HOLDS((value), 1)
#define CU_ASSERT_FALSE(value) CU_HOLDS(!(value), 0)
#define CU_ASSERT_EQUAL(a, b) CU_HOLDS((a) == (b), 0)
#define CU_ASSERT_EQUAL_FATAL(a, b) CU_HOLDS((a) == (b), 1)
#define CU_ASSERT_NOT_EQUAL(a, b) CU_HOLDS((a) != (b), 0)
#define CU_ASSERT_PTR_EQUAL(a, b) CU_HOLDS((a) == (b), 0)
#define CU_ASSERT_PTR_NULL(a) CU_HOLDS((a) == NULL, 0)
#define CU_ASSERT_PTR_NOT_NULL(a) CU_HOLDS((a) != NULL, 0)
#define CU_ASSERT_PTR_NOT_NULL_FATAL(a) CU_HOLDS((a) != NULL, 1)
#define CU_ASSERT_STRING_EQUAL(a, b) CU_HOLDS(strcmp((a), (b)) == 0, 0)
#define CU_PASS(text) CU_HOLDS(1, 0)
#define CU_FAIL(text) ((void)cu_assert(0, 0, (text), __FILE__, __LINE__))

#endif
