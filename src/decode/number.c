#include "number.h"

#include <math.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 uint128;

/* Past any exponent that a number could make good with digits of its own. */
#define EXPONENT_BOUND INT64_C(1000000000000000)

#define US_PER_SECOND_ODD 15625 /* 1,000,000 = 15,625 * 2^6 */
#define US_PER_SECOND_TWOS 6

/* What a number's text is made of. */
struct parts {
    bool negative;
    const char *whole, *whole_end;       /* digits before the point */
    const char *fraction, *fraction_end; /* digits behind it; there may be none */
    int64_t exponent;                    /* within EXPONENT_BOUND */
};

static bool is_digit(char byte)
{
    return (unsigned char)(byte - '0') <= 9;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && is_digit(*at))
        at++;
    return at;
}

static const char *read_exponent(const char *at, const char *end, int64_t *exponent)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    const char *digits = at;
    at = skip_digits(at, end);
    if (at == digits)
        return NULL;

    int64_t value = 0;
    for (const char *digit = digits; digit < at && value < EXPONENT_BOUND; digit++)
        value = 10 * value + (*digit - '0');
    *exponent = negative ? -value : value;
    return at;
}

/* Returns what follows the number, or NULL. */
static const char *read_parts(const char *at, const char *end, struct parts *parts)
{
    *parts = (struct parts){0};
    if (at < end && *at == '-') {
        parts->negative = true;
        at++;
    }
    parts->whole = at;
    at = skip_digits(at, end);
    parts->whole_end = at;
    if (at == parts->whole || (*parts->whole == '0' && at - parts->whole > 1))
        return NULL;

    parts->fraction = parts->fraction_end = at;
    if (at < end && *at == '.') {
        parts->fraction = at + 1;
        at = skip_digits(at + 1, end);
        parts->fraction_end = at;
        if (at == parts->fraction)
            return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E'))
        at = read_exponent(at + 1, end, &parts->exponent);
    return at;
}

const char *number_end(const char *at, const char *end)
{
    struct parts parts;
    return read_parts(at, end, &parts);
}

/*
 * Take the digits of [digit, end) into ${value}: zeros wait until a digit other than 0 follows, so
 * that ${zeros} behind the last such digit stay apart. False when there are too many digits.
 */
static bool take_digits(const char *digit, const char *end, int64_t *value, int64_t *zeros)
{
    for (; digit < end; digit++) {
        if (*digit == '0') {
            *zeros += *value != 0;
            continue;
        }
        if (*zeros > 10)
            return false;
        for (; *zeros > 0; (*zeros)--)
            if ((*value *= 10) > INT32_MAX)
                return false;
        *value = 10 * *value + (*digit - '0');
        if (*value > INT64_C(10) * INT32_MAX)
            return false;
    }
    return true;
}

static bool exact_integer(const struct parts *parts, int32_t *value)
{
    int64_t digits = 0;
    int64_t zeros = 0;
    if (!take_digits(parts->whole, parts->whole_end, &digits, &zeros) ||
        !take_digits(parts->fraction, parts->fraction_end, &digits, &zeros))
        return false;

    if (digits != 0) {
        int64_t power = parts->exponent + zeros - (parts->fraction_end - parts->fraction);
        if (power < 0)
            return false;
        for (; power > 0 && digits <= -(int64_t)INT32_MIN; power--)
            digits *= 10;
    }
    if (digits > (parts->negative ? -(int64_t)INT32_MIN : INT32_MAX))
        return false;
    *value = (int32_t)(parts->negative ? -digits : digits);
    return true;
}

bool number_integer(const char *text, size_t bytes, int32_t *value)
{
    /* Nearly all ids are a few plain digits. */
    if (bytes >= 1 && bytes <= 9 && (text[0] != '0' || bytes == 1)) {
        int32_t sum = 0;
        size_t i = 0;
        for (; i < bytes && is_digit(text[i]); i++)
            sum = 10 * sum + (text[i] - '0');
        if (i == bytes) {
            *value = sum;
            return true;
        }
    }
    struct parts parts;
    return read_parts(text, text + bytes, &parts) == text + bytes && exact_integer(&parts, value);
}

/* seconds = mantissa * 2^exponent, so no digit is lost on the way to the rounding. */
static bool round_to_us(double seconds, int64_t *value_us)
{
    if (!(seconds >= 0) || isinf(seconds))
        return false;

    int exponent;
    double mantissa = frexp(seconds, &exponent);
    uint128 product = (uint128)(uint64_t)ldexp(mantissa, 53) * US_PER_SECOND_ODD;
    int shift = exponent - 53 + US_PER_SECOND_TWOS;

    if (product == 0 || shift < -68) { /* the product has at most 67 bits */
        *value_us = 0;
        return true;
    }
    if (shift >= 0) {
        if (shift > 63 || product > ((uint128)INT64_MAX >> shift))
            return false;
        *value_us = (int64_t)(product << shift);
        return true;
    }
    uint128 rounded = (product + ((uint128)1 << (-shift - 1))) >> -shift;
    if (rounded > INT64_MAX)
        return false;
    *value_us = (int64_t)rounded;
    return true;
}

/*
 * Few digits: up to 15 digits and powers of ten up to 10^22 are doubles without error, so that one
 * division gives the nearest double. With up to 6 fraction digits and less than 2^52 microseconds
 * the double is off by less than half a microsecond, and the text's own value is the result.
 */
static bool short_decimal(const struct parts *parts, int64_t *value_us)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    static const int64_t us_powers[] = {1000000, 100000, 10000, 1000, 100, 10, 1};

    ptrdiff_t fraction_digits = parts->fraction_end - parts->fraction;
    if (parts->negative || parts->exponent != 0 ||
        (parts->whole_end - parts->whole) + fraction_digits > 15)
        return false;

    int64_t digits = 0;
    for (const char *digit = parts->whole; digit < parts->whole_end; digit++)
        digits = 10 * digits + (*digit - '0');
    for (const char *digit = parts->fraction; digit < parts->fraction_end; digit++)
        digits = 10 * digits + (*digit - '0');

    if (fraction_digits <= 6 && digits < (INT64_C(1) << 52) / us_powers[fraction_digits]) {
        *value_us = digits * us_powers[fraction_digits];
        return true;
    }
    return round_to_us((double)digits / powers[fraction_digits], value_us);
}

bool number_microseconds(const char *text, size_t bytes, int64_t *value_us)
{
    struct parts parts;
    if (read_parts(text, text + bytes, &parts) != text + bytes)
        return false;
    return short_decimal(&parts, value_us) || round_to_us(strtod(text, NULL), value_us);
}
