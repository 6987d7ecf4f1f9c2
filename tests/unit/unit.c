#include "unit/unit.h"

int unit_main(const char *suite_name, const struct unit_test *tests, size_t count)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);
    for (size_t i = 0; suite != NULL && i < count; i++)
        if (CU_add_test(suite, tests[i].name, tests[i].run) == NULL)
            return EXIT_FAILURE;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_ErrorCode ran = CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    unsigned asserted = CU_get_number_of_asserts();
    CU_cleanup_registry();
    return ran == CUE_SUCCESS && failed == 0 && asserted > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
