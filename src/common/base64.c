#include "course_funnel/base64.h"

#include <stdint.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *plain, size_t bytes, char *text)
{
    const unsigned char *at = plain;
    for (size_t i = 0; i < bytes; i += 3) {
        size_t left = bytes - i;
        uint32_t word = (uint32_t)at[i] << 16;
        word |= left > 1 ? (uint32_t)at[i + 1] << 8 : 0;
        word |= left > 2 ? at[i + 2] : 0;
        *text++ = digits[word >> 18];
        *text++ = digits[word >> 12 & 63];
        *text++ = left > 1 ? digits[word >> 6 & 63] : '=';
        *text++ = left > 2 ? digits[word & 63] : '=';
    }
    *text = '\0';
}

static uint32_t value_of(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return (uint32_t)(digit - 'A');
    if (digit >= 'a' && digit <= 'z')
        return (uint32_t)(digit - 'a') + 26;
    if (digit >= '0' && digit <= '9')
        return (uint32_t)(digit - '0') + 52;
    return digit == '+' ? 62 : 63;
}

size_t base64_decode(const char *text, size_t most, char *plain)
{
    size_t bytes = 0;
    uint32_t word = 0;
    for (size_t i = 0; text[i] != '\0' && text[i] != '=' && bytes < most; i++) {
        word = word << 6 | value_of(text[i]);
        if (i % 4 > 0)
            plain[bytes++] = (char)(word >> (6 - i % 4 * 2) & 255);
    }
    return bytes;
}
