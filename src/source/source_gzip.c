#include "source_internal.h"

#include <inttypes.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

/* Compressed bytes read at a time: few, so that they share the L2 cache with the text. */
#define INPUT_BYTES ((size_t)128 << 10)

enum gzip_part {
    PART_BEGIN, /* nothing was read yet */
    PART_HEADER,
    PART_MEMBER,
    PART_BETWEEN, /* behind a member: another one, zeros or the end */
    PART_ZEROS,   /* behind the last one */
};

struct source_gzip {
    struct inflate_state state;
    struct source_bytes input;
    const char *shown;
    uint64_t max_ratio;
    uint64_t fetched;  /* compressed bytes read from the input so far */
    uint64_t produced; /* text given so far */
    bool input_ended;
    enum gzip_part part;
    struct source_gzip_header header;
    unsigned char buffer[INPUT_BYTES];
};

int source_gzip_create(struct source_gzip **gzip, struct failure *failure)
{
    *gzip = malloc(sizeof **gzip);
    if (*gzip == NULL)
        return failure_memory(failure, "inflating gzip", sizeof **gzip);
    return 0;
}

void source_gzip_free(struct source_gzip *gzip)
{
    free(gzip);
}

void source_gzip_open(struct source_gzip *gzip, struct source_bytes input, const char *shown,
                      uint64_t max_ratio)
{
    isal_inflate_init(&gzip->state);
    gzip->state.avail_in = 0;
    gzip->input = input;
    gzip->shown = shown;
    gzip->max_ratio = max_ratio;
    gzip->fetched = 0;
    gzip->produced = 0;
    gzip->input_ended = false;
    gzip->part = PART_BEGIN;
}

uint64_t source_gzip_consumed(const struct source_gzip *gzip)
{
    return gzip->fetched - gzip->state.avail_in;
}

static int fetch(struct source_gzip *gzip, struct failure *failure)
{
    if (gzip->state.avail_in > 0 || gzip->input_ended)
        return 0;
    ssize_t got = gzip->input.read(gzip->input.from, gzip->buffer, sizeof gzip->buffer, failure);
    if (got < 0)
        return -1;
    gzip->input_ended = got == 0;
    gzip->state.next_in = gzip->buffer;
    gzip->state.avail_in = (uint32_t)got;
    gzip->fetched += (uint64_t)got;
    return 0;
}

static int fail_damaged(const struct source_gzip *gzip, const char *what, struct failure *failure)
{
    return failure_set(failure, EXIT_SOURCE,
                       "%s: damaged gzip, seen at byte %" PRIu64 " (byte %" PRIu64
                       " of the text): %s. Fetch the file again.",
                       gzip->shown, source_gzip_consumed(gzip), gzip->produced, what);
}

/* Outside of members: pass over headers, and over zeros at the end. */
static int read_header(struct source_gzip *gzip, struct failure *failure)
{
    struct inflate_state *state = &gzip->state;
    while (state->avail_in > 0 && gzip->part != PART_MEMBER) {
        unsigned char byte = *state->next_in;
        if (gzip->part == PART_BETWEEN && byte == 0)
            gzip->part = PART_ZEROS;
        if ((gzip->part == PART_ZEROS && byte != 0) || (gzip->part == PART_BETWEEN && byte != 0x1F))
            return failure_set(failure, EXIT_SOURCE,
                               "%s: something other than gzip follows the compressed text at byte "
                               "%" PRIu64 ". Fetch the file again, or compress it again.",
                               gzip->shown, source_gzip_consumed(gzip));
        state->next_in++;
        state->avail_in--;
        if (gzip->part == PART_ZEROS)
            continue;

        if (gzip->part != PART_HEADER)
            source_gzip_header_begin(&gzip->header);
        gzip->part = PART_HEADER;
        int whole = source_gzip_header_take(&gzip->header, byte);
        if (whole < 0)
            return fail_damaged(gzip, "no gzip header stands there", failure);
        if (whole > 0) {
            isal_inflate_reset(state);
            state->crc_flag = ISAL_GZIP_NO_HDR_VER;
            gzip->part = PART_MEMBER;
        }
    }
    return 0;
}

static int fail_cut(const struct source_gzip *gzip, struct failure *failure)
{
    return failure_set(failure, EXIT_SOURCE,
                       "%s: the gzip data is cut off at byte %" PRIu64 " (byte %" PRIu64
                       " of the text). Fetch the file again.",
                       gzip->shown, source_gzip_consumed(gzip), gzip->produced);
}

static int inflate_some(struct source_gzip *gzip, struct failure *failure)
{
    struct inflate_state *state = &gzip->state;
    uint32_t room = state->avail_out;
    uint32_t waiting = state->avail_in;
    int code = isal_inflate(state);
    if (code == ISAL_INCORRECT_CHECKSUM)
        return fail_damaged(gzip, "its checksum or length is wrong", failure);
    if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT)
        return fail_damaged(gzip, "the compressed data is corrupt", failure);

    gzip->produced += room - state->avail_out;
    if (state->block_state == ISAL_BLOCK_FINISH)
        gzip->part = PART_BETWEEN;
    else if (gzip->input_ended && state->avail_out == room && state->avail_in == waiting)
        return fail_cut(gzip, failure);

    uint64_t consumed = source_gzip_consumed(gzip);
    if (gzip->produced > SOURCE_RATIO_FREE_BYTES && gzip->produced / gzip->max_ratio > consumed)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: %" PRIu64 " compressed bytes inflate to more than %" PRIu64
                           ", which is over %" PRIu64
                           " times as much. If the file is to be trusted, raise --max-ratio.",
                           gzip->shown, consumed, gzip->produced, gzip->max_ratio);
    return 0;
}

/* What was compressed twice would otherwise be read as lines of garbage. */
static int check_text(const struct source_gzip *gzip, const void *text, size_t bytes,
                      struct failure *failure)
{
    const char *unsupported;
    enum source_format format = source_magic_format(text, bytes, UINT64_MAX, &unsupported);
    if (unsupported == NULL && format == SOURCE_GZIP)
        unsupported = "gzip";
    if (unsupported == NULL && format == SOURCE_ZIP)
        unsupported = "zip";
    if (unsupported == NULL)
        return 0;
    return failure_set(failure, EXIT_SOURCE,
                       "%s: the gzip data holds %s, not text. Unpack it: one layer of gzip is "
                       "read, as is gzip in a zip archive.",
                       gzip->shown, unsupported);
}

ssize_t source_gzip_read(void *from, void *to, size_t capacity, struct failure *failure)
{
    struct source_gzip *gzip = from;
    struct inflate_state *state = &gzip->state;
    bool at_start = gzip->produced == 0;
    uint32_t room = capacity < UINT32_MAX ? (uint32_t)capacity : UINT32_MAX;
    state->next_out = to;
    state->avail_out = room;

    while (state->avail_out > 0) {
        if (fetch(gzip, failure) != 0)
            return -1;
        if (gzip->part != PART_MEMBER && read_header(gzip, failure) != 0)
            return -1;
        if (gzip->part == PART_MEMBER) {
            if (inflate_some(gzip, failure) != 0)
                return -1;
        } else if (gzip->input_ended) {
            if (gzip->part == PART_HEADER)
                return fail_cut(gzip, failure);
            break;
        }
    }
    uint32_t got = room - state->avail_out;
    if (at_start && got > 0 && check_text(gzip, to, got, failure) != 0)
        return -1;
    return (ssize_t)got;
}
