#include "unit/unit.h"

#include "decode/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_integer(const char *text, int32_t expected)
{
    int32_t value;
    bool right = number_integer(text, strlen(text), &value) && value == expected;
    if (!right)
        fprintf(stderr, "integer %s\n", text);
    return right;
}

static bool no_integer(const char *text)
{
    int32_t value;
    bool right = !number_integer(text, strlen(text), &value);
    if (!right)
        fprintf(stderr, "taken for an integer: %s\n", text);
    return right;
}

static bool is_us(const char *text, int64_t expected)
{
    int64_t value = -1;
    bool right = number_microseconds(text, strlen(text), &value) && value == expected;
    if (!right)
        fprintf(stderr, "microseconds %s: %" PRId64 "\n", text, value);
    return right;
}

static bool no_us(const char *text)
{
    int64_t value;
    bool right = !number_microseconds(text, strlen(text), &value);
    if (!right)
        fprintf(stderr, "taken for microseconds: %s\n", text);
    return right;
}

static void test_integers(void)
{
    CU_ASSERT(is_integer("0", 0));
    CU_ASSERT(is_integer("-0", 0));
    CU_ASSERT(is_integer("3", 3));
    CU_ASSERT(is_integer("-3", -3));
    CU_ASSERT(is_integer("3.0", 3));
    CU_ASSERT(is_integer("3.000000000000000000000000000000", 3));
    CU_ASSERT(is_integer("30e-1", 3));
    CU_ASSERT(is_integer("30E-01", 3));
    CU_ASSERT(is_integer("0.3e1", 3));
    CU_ASSERT(is_integer("0.0000000000000000000000000003e+28", 3));
    CU_ASSERT(is_integer("3000000000000000000000000000e-27", 3));
    CU_ASSERT(is_integer("1e2", 100));
    CU_ASSERT(is_integer("-1.5e1", -15));
    CU_ASSERT(is_integer("0e999999999999999999999999", 0));
    CU_ASSERT(is_integer("-0.0e-999999999999999999999999", 0));
    CU_ASSERT(is_integer("123456789", 123456789));
    CU_ASSERT(is_integer("1234567890", 1234567890));
    CU_ASSERT(is_integer("2147483647", INT32_MAX));
    CU_ASSERT(is_integer("2147483647.0", INT32_MAX));
    CU_ASSERT(is_integer("-2147483648", INT32_MIN));
    CU_ASSERT(is_integer("-2147483648.000", INT32_MIN));
    CU_ASSERT(is_integer("-21474836480e-1", INT32_MIN));
    CU_ASSERT(is_integer("2e9", 2000000000));
    CU_ASSERT(is_integer("2000000008", 2000000008));
}

static void test_no_integers(void)
{
    static const char *const texts[] = {"",
                                        "-",
                                        "+3",
                                        " 3",
                                        "3 ",
                                        "03",
                                        "-03",
                                        "00",
                                        "3.",
                                        ".3",
                                        "3.5",
                                        "3e",
                                        "3e+",
                                        "3e-",
                                        "e3",
                                        "3.e1",
                                        "0x3",
                                        "3a",
                                        "true",
                                        "NaN",
                                        "Infinity",
                                        "--3",
                                        "3-",
                                        "1 2",
                                        "3,",
                                        "3.0.0",
                                        "3e1.0",
                                        "3e1e1",
                                        "3.0000000000000000000001",
                                        "30e-2",
                                        "1e-1",
                                        "1e-999999999999999999999999",
                                        "2147483648",
                                        "-2147483649",
                                        "2147483647.5",
                                        "2147483647.0000000000000000001",
                                        "1e10",
                                        "1e999999999999999999999999",
                                        "3e9",
                                        "99999999999999999999",
                                        "18446744073709551619",
                                        "4294967299",
                                        "20000000000000000000000000000000000000008",
                                        "\xd9\xa3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CU_ASSERT(no_integer(texts[i]));
    int32_t value;
    CU_ASSERT_FALSE(number_integer("3\0", 2, &value));
    CU_ASSERT_TRUE(number_integer("34", 1, &value));
    CU_ASSERT_EQUAL(value, 3);
}

/* The exact decimal expansion of the double, rounded as one does on paper. */
static int64_t on_paper(double value)
{
    static char text[1500];
    snprintf(text, sizeof text, "%.1100f", value);
    char *point = strchr(text, '.');
    bool up = point[7] >= '5';
    memmove(point, point + 1, 6);
    point[6] = '\0';
    return (int64_t)strtoull(text, NULL, 10) + up;
}

static void test_microseconds(void)
{
    CU_ASSERT(is_us("0", 0));
    CU_ASSERT(is_us("-0", 0));
    CU_ASSERT(is_us("-0.000e5", 0));
    CU_ASSERT(is_us("180", 180000000));
    CU_ASSERT(is_us("180.5", 180500000));
    CU_ASSERT(is_us("1e2", 100000000));
    CU_ASSERT(is_us("0.000001", 1));
    CU_ASSERT(is_us("0.1", 100000));
    CU_ASSERT(is_us("123.45600000000002", 123456000));
    CU_ASSERT(is_us("0.0000005", on_paper(5e-7)));
    CU_ASSERT(is_us("0.00000049", 0));
    CU_ASSERT(is_us("0.00000051", 1));
    /* Halves that doubles hold exactly go up: n + 2^-7 s is n s and 7812.5 us. */
    CU_ASSERT(is_us("0.0078125", 7813));
    CU_ASSERT(is_us("3.0078125", 3007813));
    CU_ASSERT(is_us("0.00781249999999999999", 7813));
    CU_ASSERT(is_us("0.007812499999999", 7812));
    CU_ASSERT(is_us("1e-300", 0));
    CU_ASSERT(is_us("1e-999", 0));
    CU_ASSERT(is_us("-1e-999", 0));
    CU_ASSERT(is_us("4503599627.370495", 4503599627370495));
    CU_ASSERT(is_us("9007199254.740993", INT64_C(9007199254740993)));
    CU_ASSERT(no_us("9007199254740993"));
    CU_ASSERT(is_us("9223372036854.774", INT64_C(9223372036854773438)));
    CU_ASSERT(no_us("9223372036854.777"));
    CU_ASSERT(no_us("9223372036855"));
    CU_ASSERT(no_us("1e300"));
    CU_ASSERT(no_us("1e999"));
    CU_ASSERT(no_us("-1"));
    CU_ASSERT(no_us("-0.0000001"));
    CU_ASSERT(no_us("-1e-300"));
    CU_ASSERT(no_us(""));
    CU_ASSERT(no_us("1."));
    CU_ASSERT(no_us("01"));
    CU_ASSERT(no_us("+1"));
    CU_ASSERT(no_us("1s"));
    CU_ASSERT(no_us("inf"));
    CU_ASSERT(no_us("nan"));
    CU_ASSERT(no_us("0x10"));
}

static void test_random_microseconds(void)
{
    const char *given = getenv("COURSE_FUNNEL_TEST_SEED");
    unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : 1;
    printf("COURSE_FUNNEL_TEST_SEED=%u ", seed);
    srand(seed);
    unsigned wrong = 0;
    for (unsigned i = 0; i < 20000; i++) {
        char text[64];
        double value = (double)rand() / (1 + rand() % 1000000) * pow(10, rand() % 8 - 4);
        int digits = rand() % 20;
        if (i % 3 == 0) /* halves of a microsecond and their neighbours */
            value = nextafter((2 * (rand() % 2000000) + 1) / 2e6, rand() % 3 - 1);
        snprintf(text, sizeof text, i % 2 == 0 ? "%.*f" : "%.*e", digits, value);
        int64_t value_us = -1;
        if (!number_microseconds(text, strlen(text), &value_us) ||
            value_us != on_paper(strtod(text, NULL))) {
            wrong++;
            fprintf(stderr, "%s gives %" PRId64 "\n", text, value_us);
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* Integers spelled in many ways, and others that miss being one by a digit. */
static void test_random_integers(void)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < 20000; i++) {
        char digits[16], text[128];
        int32_t value = (int32_t)((unsigned)rand() * 2654435761U) >> rand() % 31;
        snprintf(digits, sizeof digits, "%" PRId64, value < 0 ? -(int64_t)value : value);
        int zeros = rand() % 20;
        int places = (int)strlen(digits);
        int before = 1 + rand() % places; /* where the point goes */
        const char *sign = value < 0 ? "-" : "";
        const char *spoiler = i % 4 == 0 ? "1" : "";
        /* 12345 as 12.345000e3, say; the spoiler makes it 12.3450001e3. */
        snprintf(text, sizeof text, "%s%.*s.%s%.*s0%se%d", sign, before, digits, digits + before,
                 zeros, "00000000000000000000", spoiler, places - before);
        int32_t read = 0;
        bool is = number_integer(text, strlen(text), &read);
        if (is != (*spoiler == '\0') || (is && read != value)) {
            wrong++;
            fprintf(stderr, "%s gives %d, %" PRId32 "\n", text, is, read);
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"integers", test_integers},
        {"what is no integer", test_no_integers},
        {"microseconds", test_microseconds},
        {"random microseconds", test_random_microseconds},
        {"random integers", test_random_integers},
    };
    return unit_main("number", tests, sizeof tests / sizeof *tests);
}
