#include "course_funnel/proof.h"

#include "course_funnel/decode.h"

#include <stdlib.h>
#include <string.h>

struct proof {
    const struct source_list *list;
    const struct source_limits *limits;
    unsigned char *verdicts;      /* by the first split of a text */
    struct source_reader *reader; /* NULL until one is needed */
    bool is_looking;              /* a text is looked at, ... */
    size_t split;                 /* ... this split of it is open ... */
    bool is_damaged, has_nul, has_stump, has_text;
    const char *guess;
};

int proof_create(const struct source_list *list, const struct source_limits *limits,
                 struct proof **proof, struct failure *failure)
{
    *proof = calloc(1, sizeof **proof);
    unsigned char *verdicts = calloc(list->split_count + 1, 1);
    if (*proof == NULL || verdicts == NULL) {
        free(verdicts);
        return failure_memory(failure, "the proof of files", list->split_count);
    }
    **proof = (struct proof){.list = list, .limits = limits, .verdicts = verdicts};
    return 0;
}

void proof_free(struct proof *proof)
{
    if (proof == NULL)
        return;
    source_reader_free(proof->reader);
    free(proof->verdicts);
    free(proof);
}

const char *proof_guess(const struct proof *proof)
{
    return proof->guess;
}

/* The first byte of a line behind a byte order mark and blanks. */
static const char *skip_blanks(const char *line, const char *end)
{
    if (end - line >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0)
        line += 3;
    while (line < end && (*line == ' ' || *line == '\t' || *line == '\r'))
        line++;
    return line;
}

bool proof_is_blank(const char *line, const char *end)
{
    return skip_blanks(line, end) == end;
}

/* What a line that is no event has of one. */
enum remains { REMAINS_NONE, REMAINS_STUMP, REMAINS_EVENT };

/*
 * A line that begins at ${at} and is not whole. The exporter writes the id first; what is too short
 * to show that may be the beginning of anything, such as of an object on several lines.
 */
static enum remains look_at_cut(const char *at, const char *end)
{
    static const char first[] = "{\"$insert_id\"", name[] = "\"event_type\"";
    size_t bytes = (size_t)(end - at);
    const char *brace = memchr(at, '{', bytes);
    if (brace != NULL && (memmem(brace, (size_t)(end - brace), name, sizeof name - 1) != NULL ||
                          memmem(brace, (size_t)(end - brace), first, sizeof first - 1) != NULL))
        return REMAINS_EVENT;
    return bytes < sizeof first - 1 && memcmp(at, first, bytes) == 0 ? REMAINS_STUMP : REMAINS_NONE;
}

/* Look at one line; true when it is an event. */
static bool look_at_line(struct proof *proof, const char *line, const char *end)
{
    const char *at = skip_blanks(line, end);
    if (at == end)
        return false;
    if (decode_is_event(line, (size_t)(end - line)))
        return true;
    const char *nul = at;
    while (nul < end && (*nul == '\0' || *nul == '\r'))
        nul++;
    if (nul == end) {
        proof->has_nul = true;
        return false;
    }
    size_t bytes = (size_t)(end - line);
    enum remains remains = look_at_cut(at, end);
    if (decode_is_whole(line, bytes))
        remains = decode_is_like_event(line, bytes) ? REMAINS_EVENT : REMAINS_NONE;
    proof->is_damaged |= remains == REMAINS_EVENT;
    proof->has_stump |= remains == REMAINS_STUMP;
    proof->has_text |= remains != REMAINS_STUMP;
    return false;
}

static const char *line_end(const char *line, const char *end)
{
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    return newline != NULL ? newline : end;
}

enum proof_verdict proof_glance(struct proof *proof, size_t split, const struct source_block *block)
{
    unsigned char *verdict = &proof->verdicts[source_first_split(proof->list, split)];
    if (*verdict == PROOF_UNKNOWN && block != NULL && block->begin < block->end) {
        const char *end = line_end(block->begin, block->end);
        if (decode_is_event(block->begin, (size_t)(end - block->begin)))
            *verdict = PROOF_EVENT;
    }
    return (enum proof_verdict) * verdict;
}

static enum proof_verdict judge(const struct proof *proof)
{
    if (proof->is_damaged || ((proof->has_nul || proof->has_stump) && !proof->has_text))
        return PROOF_DAMAGED;
    return proof->has_text ? PROOF_FOREIGN : PROOF_EMPTY;
}

/* Open the text that ${first} begins, or its next split. Returns 1, 0 when there is none, or -1. */
static int open_next(struct proof *proof, size_t first, struct failure *failure)
{
    const struct source_list *list = proof->list;
    size_t next = proof->is_looking ? proof->split + 1 : first;
    if (next >= list->split_count || source_first_split(list, next) != first)
        return 0;
    if (!proof->is_looking)
        proof->is_damaged = proof->has_nul = proof->has_stump = proof->has_text = false;
    proof->is_looking = true;
    proof->split = next;
    return source_open(proof->reader, next, 0, failure) != 0 ? -1 : 1;
}

static int make_reader(struct proof *proof, struct failure *failure)
{
    if (proof->reader != NULL)
        return 0;
    return source_reader_create(proof->list, proof->limits, &proof->reader, failure);
}

int proof_first(struct proof *proof, size_t split, enum proof_verdict *verdict,
                struct failure *failure)
{
    struct source_block block;
    if (make_reader(proof, failure) != 0 || source_open(proof->reader, split, 0, failure) != 0)
        return -1;
    int got = source_next(proof->reader, &block, failure);
    if (got < 0)
        return -1;
    proof->guess = source_guess(block.begin, (size_t)(block.end - block.begin));
    *verdict = got == 0 ? PROOF_EMPTY : proof_glance(proof, split, &block);
    return 0;
}

int proof_look(struct proof *proof, size_t split, uint64_t *bytes, struct failure *failure)
{
    size_t first = source_first_split(proof->list, split);
    struct source_block block;
    *bytes = 0;
    if (make_reader(proof, failure) != 0)
        return -1;
    if (!proof->is_looking && open_next(proof, first, failure) < 0)
        return -1;
    int got = source_next(proof->reader, &block, failure);
    if (got < 0)
        return -1;
    if (got == 0) {
        int more = open_next(proof, first, failure);
        if (more != 0)
            return more;
        proof->verdicts[first] = (unsigned char)judge(proof);
        proof->is_looking = false;
        return 0;
    }
    *bytes = (uint64_t)(block.end - block.begin);
    if (block.offset == 0)
        proof->guess = source_guess(block.begin, (size_t)(block.end - block.begin));
    for (const char *line = block.begin; line < block.end;) {
        const char *end = line_end(line, block.end);
        if (look_at_line(proof, line, end)) {
            proof->verdicts[first] = PROOF_EVENT;
            proof->is_looking = false;
            return 0;
        }
        line = end + 1;
    }
    return 1;
}
