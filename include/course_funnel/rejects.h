#ifndef COURSE_FUNNEL_REJECTS_H
#define COURSE_FUNNEL_REJECTS_H

#include "course_funnel/digest.h"
#include "course_funnel/event.h"
#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Rejected course events, kept so that nothing is lost: one JSON object a line with `source`,
 * `offset` (of the line in its file, inflated), `reason` and `text` (`text_base64` where the text
 * is not valid UTF-8 or holds a NUL). Each rank writes a part; in the end rank 0 joins them in the
 * order of splits, so that the file is the same for any number of ranks. No MPI.
 */

struct rejects;

/* Where rejects are kept. Nothing is copied: the texts must outlive the rejects. */
struct rejects_place {
    const char *path;   /* of the joined file */
    const char *parts;  /* what the path of each part begins with; -AAAA-R follows: attempt, rank */
    const char *run_id; /* names what is not finished */
    uint32_t attempt;
    bool lasting; /* the parts stay when the run ends, for a later attempt to go on from */
    int code;     /* the exit code where a part cannot be written or kept */
};

/*
 * A stretch of one rank's part that comes from one split. Where it belongs is told by the number of
 * its input in the order of all inputs, and of the split within that, so that it holds when others
 * come to stand before it. Plain data: ranks send it.
 */
struct rejects_stretch {
    uint32_t input;
    uint32_t split;
    uint32_t rank;
    uint32_t attempt;
    uint64_t begin; /* in the part file */
    uint64_t end;
};

/* The part that all rejects of a finished run are joined in has this in place of a rank. */
#define REJECTS_JOINED_RANK UINT32_C(4096)

/* The name of a part behind what the paths of all begin with; the NUL counts. */
#define REJECTS_PART_BYTES 24

/*
 * Local. The name of a part whose name begins with ${parts}, cut where ${bytes} do not do; or what
 * it tells, back from the name: false when the name is another.
 */
void rejects_part_name(const char *parts, uint32_t attempt, uint32_t rank, char *name,
                       size_t bytes);
bool rejects_part_parse(const char *parts, const char *name, uint32_t *attempt, uint32_t *rank);

/*
 * Local. The rank's part is made when the first reject comes. Returns 0, or -1 (EXIT_BUG).
 */
int rejects_create(const struct rejects_place *place, int rank, struct rejects **rejects,
                   struct failure *failure);

/* Local. Removes the rank's part, joined or not, unless it is to last. rejects_free(NULL) does
 * nothing. */
void rejects_free(struct rejects *rejects);

/*
 * Local. Keep a rejected line of split ${split} of ${input}, numbers as in a stretch; its name is
 * ${source}. Within one split lines come in the order of their offsets. Returns 0, or -1 (the
 * place's code: its part can't be written; EXIT_BUG).
 */
int rejects_add(struct rejects *rejects, uint32_t input, uint32_t split, const char *source,
                uint64_t offset, enum reject_reason reason, const char *text, size_t bytes,
                struct failure *failure);

/*
 * Local. Write out what is buffered. Then the stretches of this rank's part are in ${stretches}
 * (${stretch_count}), which stay the rejects' own. Returns 0, or -1 (as rejects_add).
 */
int rejects_flush(struct rejects *rejects, const struct rejects_stretch **stretches,
                  size_t *stretch_count, struct failure *failure);

/* The digest of a part belongs to this identity. */
#define REJECTS_DIGEST_IDENTITY "rejects"

/*
 * Local, of a part that is to last, after rejects_flush. Make what is written so far last: its
 * length (0: there is no part yet) and digest are told. The part's name is not synced: the folder's
 * owner does that. Returns 0, or -1 (the place's code); once it failed it fails always, since what
 * was not written then may be lost, and rejects_flush reads all of the part back.
 */
int rejects_sync(struct rejects *rejects, uint64_t *byte_count, char digest[DIGEST_BYTES],
                 struct failure *failure);

/*
 * Local. Try before any work that files can be written, made to last and renamed beside ${path},
 * and that a file there can be replaced; nothing is left behind. Returns 0, or -1 (EXIT_TARGET;
 * EXIT_USAGE: something else than a regular file is there).
 */
int rejects_check(const char *path, struct failure *failure);

/*
 * Local. The stretches of earlier attempts and of this one in ${all}, which the caller frees.
 * Returns 0, or -1 (EXIT_BUG).
 */
int rejects_concatenate(const struct rejects_stretch *earlier, size_t earlier_count,
                        const struct rejects_stretch *own, size_t own_count,
                        struct rejects_stretch **all, struct failure *failure);

/*
 * Local, on rank 0 when all parts are flushed. Join the stretches of all parts, given in any order,
 * into the place's path by temporary name and rename, and make it last; an empty file says that
 * there was none.
 * Returns 0, or -1 (EXIT_TARGET: among others when a part can't be found, as when ranks on other
 * hosts do not see the same folder).
 */
int rejects_join(const struct rejects_place *place, struct rejects_stretch *stretches,
                 size_t stretch_count, struct failure *failure);

/*
 * Local. Inputs came to stand between those of the stretches: number ${i} is ${numbers}[i] now.
 */
void rejects_renumber(struct rejects_stretch *stretches, size_t stretch_count,
                      const uint32_t *numbers);

/*
 * Local, on rank 0 when all parts are flushed and the place is to last. Copy the stretches of all
 * parts, given in any order, into one part of this attempt, in their order, and make it last; they
 * are of that part then. Its length and digest are told. The part's name is not synced. Returns 0,
 * or -1 (the place's code, EXIT_TARGET, EXIT_BUG) with the stretches as they were but sorted, and
 * no part.
 */
int rejects_join_part(const struct rejects_place *place, struct rejects_stretch *stretches,
                      size_t stretch_count, uint64_t *byte_count, char digest[DIGEST_BYTES],
                      struct failure *failure);

/* Local. What was kept so far was joined elsewhere: what follows is another part's beginning. Not
 * to be added to any more. */
void rejects_hand_over(struct rejects *rejects);

/* The most bytes of a reject's text and of its source that a sample shows, a NUL included. */
#define REJECTS_SAMPLE_BYTES 201
#define REJECTS_SOURCE_BYTES 320

/* A reject as people may be shown it (utf8_show). */
struct rejects_sample {
    bool is_there;
    uint64_t offset;
    char source[REJECTS_SOURCE_BYTES];
    char text[REJECTS_SAMPLE_BYTES];
    bool is_cut; /* the text goes on */
};

/*
 * Local. The first reject of each reason that has a count, in the joined file at ${path}: so the
 * same whatever rank and attempt found it; of the sources that ${is_wanted} holds for, where that
 * is not NULL. What cannot be read back is not there.
 */
void rejects_first(const char *path, const uint64_t counts[REJECT_REASONS],
                   bool (*is_wanted)(const void *whom, const char *source), const void *whom,
                   struct rejects_sample samples[REJECT_REASONS]);

#endif
