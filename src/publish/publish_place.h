#ifndef PUBLISH_PLACE_H
#define PUBLISH_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Where a file of a publication goes: to its name in the folder of the target, or where the
 * symbolic link of that name leads, so that the link stays one. All zero is none, to be closed.
 */
struct publish_place {
    bool is_open;
    int fd; /* of the folder */
    char name[256];
    bool is_there; /* a file, of which a new one takes over what follows */
    mode_t mode;   /* its kind too */
    gid_t group;
};

/*
 * Local. Find the place of ${name} in an open folder. What a link leads to need not be there, but
 * the folder that it lies in. Returns 0, or -1 with errno. Closed by publish_place_close, also when
 * it failed.
 */
int publish_place_find(int directory_fd, const char *name, struct publish_place *place);
void publish_place_close(struct publish_place *place);

/* Local. Whether the place lies in the open folder. */
bool publish_place_is_in(const struct publish_place *place, int directory_fd);

/* Local. Give a new file the mode and group of the one that it is to replace. 0, or -1 and errno.
 */
int publish_place_keep(const struct publish_place *place, int fd);

#endif
