#include "source_internal.h"

/* Bits of the flags, by RFC 1952. FTEXT (1) says nothing that matters here. */
#define FLAG_HEADER_CRC 0x02
#define FLAG_EXTRA 0x04
#define FLAG_NAME 0x08
#define FLAG_COMMENT 0x10
#define FLAGS_RESERVED 0xE0

enum header_step {
    STEP_FIXED,
    STEP_EXTRA_LENGTH,
    STEP_EXTRA,
    STEP_NAME,
    STEP_COMMENT,
    STEP_HEADER_CRC,
    STEP_DONE,
};

/* Pass over the parts that the flags leave out. */
static void settle(struct source_gzip_header *header)
{
    static const struct {
        unsigned flag;
        uint32_t left;
    } parts[] = {
        [STEP_EXTRA_LENGTH] = {FLAG_EXTRA, 2},
        [STEP_EXTRA] = {FLAG_EXTRA, 0},
        [STEP_NAME] = {FLAG_NAME, 1},
        [STEP_COMMENT] = {FLAG_COMMENT, 1},
        [STEP_HEADER_CRC] = {FLAG_HEADER_CRC, 2},
    };
    while (header->left == 0 && header->step != STEP_DONE) {
        header->step++;
        if (header->step == STEP_DONE)
            return;
        if ((header->flags & parts[header->step].flag) == 0)
            continue;
        header->left = header->step == STEP_EXTRA ? header->extra : parts[header->step].left;
    }
}

void source_gzip_header_begin(struct source_gzip_header *header)
{
    *header = (struct source_gzip_header){.step = STEP_FIXED, .left = 10};
}

int source_gzip_header_take(struct source_gzip_header *header, unsigned char byte)
{
    switch (header->step) {
    case STEP_FIXED: {
        static const unsigned char expected[] = {0x1F, 0x8B, 8};
        uint32_t at = 10 - header->left;
        if (at < sizeof expected && byte != expected[at])
            return -1;
        if (at == 3 && (byte & FLAGS_RESERVED) != 0)
            return -1;
        if (at == 3)
            header->flags = byte;
        header->left--;
        break;
    }
    case STEP_EXTRA_LENGTH:
        header->extra = header->left == 2 ? byte : header->extra | (uint32_t)byte << 8;
        header->left--;
        break;
    case STEP_NAME:
    case STEP_COMMENT:
        header->left = byte != 0;
        break;
    default:
        header->left--;
    }
    settle(header);
    return header->step == STEP_DONE;
}
