#ifndef COURSE_FUNNEL_MEMORY_H
#define COURSE_FUNNEL_MEMORY_H

#include <stdint.h>

/*
 * How much memory this process may have: by the cgroups that it is in (of either version), and by
 * what its host has left. All of it is read from files of the kernel. ${root} stands before their
 * paths: "" for those of this machine, a made-up tree in tests. What cannot be read limits nothing.
 */

#define MEMORY_NO_LIMIT UINT64_MAX
#define MEMORY_WHERE_BYTES 512

struct memory_limit {
    uint64_t bytes;                 /* or MEMORY_NO_LIMIT */
    uint64_t area;                  /* the same number for all who share the limit */
    char where[MEMORY_WHERE_BYTES]; /* the file that says so */
};

/*
 * Local. The lowest limit of the cgroup of this process and those around it, and the outermost
 * where several are as low. Swap that they may use is added: no more than that can be had.
 */
void memory_limit_of_cgroup(const char *root, struct memory_limit *limit);

/*
 * Local. What the host can still give, swap included, beside what is held: MemAvailable counts
 * pages of files as free. Its area is the kernel that runs.
 */
void memory_limit_of_host(const char *root, struct memory_limit *limit);

/* Local. What this process holds of its own, in memory alone: no pages of files, nothing shared. */
uint64_t memory_held_bytes(const char *root);

#endif
