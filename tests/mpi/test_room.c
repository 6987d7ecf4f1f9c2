#include "course_funnel/ranks.h"
#include "course_funnel/room.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Run under mpirun. Each pair of ranks is in a cgroup of its own, of 100 MB, on a host of 300 MB.
 */

#define MB ((uint64_t)1000000)

static struct ranks *ranks;
static char root[64];

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT(fputs(text, file) >= 0);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

/* Rank 0 makes the tree; each rank names the folder of its pair. */
static void begin(void)
{
    static const char *const folders[] = {"pair",     "pair/proc",   "pair/proc/self",
                                          "pair/sys", "pair/sys/fs", "pair/sys/fs/cgroup"};
    struct failure failure = {0};
    int pair = ranks_rank(ranks) / 2, pairs = (ranks_count(ranks) + 1) / 2;
    char made[sizeof root] = "/tmp/room-XXXXXX";
    unsigned char *bytes = (unsigned char *)made;
    size_t size = sizeof made;
    if (ranks_rank(ranks) == 0)
        CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(made));
    for (int i = 0; ranks_rank(ranks) == 0 && i < pairs; i++) {
        char path[256];
        for (size_t j = 0; j < sizeof folders / sizeof folders[0]; j++) {
            snprintf(path, sizeof path, "%s/%d%s", made, i, folders[j] + strlen("pair"));
            CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
        }
        snprintf(root, sizeof root, "%.40s/%d", made, i);
        put("proc/self/cgroup", "0::/\n");
        put("proc/meminfo", "MemAvailable: 300000 kB\n");
        put("sys/fs/cgroup/memory.max", "100000000\n");
    }
    CU_ASSERT_EQUAL_FATAL(ranks_broadcast(ranks, &bytes, &size, &failure), 0);
    snprintf(root, sizeof root, "%.40s/%d", (char *)bytes, pair);
    if (ranks_rank(ranks) != 0)
        free(bytes);
}

static void end(void)
{
    struct failure failure = {0};
    char command[128];
    CU_ASSERT_EQUAL(ranks_vote(ranks, &failure), 0);
    *strrchr(root, '/') = '\0';
    snprintf(command, sizeof command, "rm -r %s", root);
    FILE *shell = ranks_rank(ranks) == 0 ? popen(command, "r") : NULL;
    CU_ASSERT(ranks_rank(ranks) != 0 || (shell != NULL && pclose(shell) == 0));
}

static void test_limits_are_shared(void)
{
    struct failure failure = {0};
    struct room *room = NULL;
    struct room_answer answer;
    int count = ranks_count(ranks), first = ranks_rank(ranks) / 2 * 2;
    int sharers = first + 1 < count ? 2 : 1;
    uint64_t held[4] = {0}, needed[4];
    begin();
    CU_ASSERT_EQUAL_FATAL(room_create(ranks, root, &room, &failure), 0);
    for (int i = 0; i < 4; i++)
        needed[i] = (uint64_t)(10 + i) * MB;
    room_ask(room, held, needed, &answer);
    uint64_t pair_bytes = needed[first] + (sharers == 2 ? needed[first + 1] : 0);
    CU_ASSERT_EQUAL(answer.ranks, sharers);
    CU_ASSERT_EQUAL(answer.needed_bytes, pair_bytes);
    CU_ASSERT_EQUAL(answer.allowed_bytes, 100 * MB);
    CU_ASSERT(strstr(answer.where, "/sys/fs/cgroup/memory.max") != NULL);

    /* The host is too small for all, and what they hold of it already is theirs. */
    uint64_t all = 0;
    for (int i = 0; i < 4; i++) {
        needed[i] = 99 * MB / (uint64_t)sharers;
        held[i] = MB;
    }
    CU_ASSERT_EQUAL(ranks_vote(ranks, &failure), 0);
    if (ranks_rank(ranks) == first)
        put("proc/meminfo", "MemAvailable: 1000 kB\n");
    CU_ASSERT_EQUAL(ranks_vote(ranks, &failure), 0);
    for (int i = 0; i < count; i++)
        all += needed[i];
    room_ask(room, held, needed, &answer);
    CU_ASSERT_EQUAL(answer.ranks, count);
    CU_ASSERT_EQUAL(answer.needed_bytes, all);
    CU_ASSERT_EQUAL(answer.allowed_bytes, (uint64_t)count * MB + 1024000);
    CU_ASSERT_STRING_EQUAL(answer.where, "MemAvailable in /proc/meminfo");
    CU_ASSERT_EQUAL(room_refuse(room, "A test", &answer, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
    CU_ASSERT(strstr(failure.message, "A test will not fit into memory") != NULL);
    room_free(room);
    end();
}

static void test_what_is_asked_for_at_once(void)
{
    struct failure failure = {0};
    CU_ASSERT_EQUAL(room_fits(ranks, MB, "A test", &failure), 0);
    uint64_t more = ranks_rank(ranks) == ranks_count(ranks) - 1 ? UINT64_MAX / 4 : 0;
    CU_ASSERT_EQUAL(room_fits(ranks, more, "A test", &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
    CU_ASSERT(strstr(failure.message, "4611686018") != NULL);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"limits are shared", test_limits_are_shared},
        {"what is asked for at once", test_what_is_asked_for_at_once},
    };
    struct failure failure = {0};
    if (ranks_start(&ranks, &failure) != 0)
        return EXIT_FAILURE;
    int result = unit_main("room", tests, sizeof tests / sizeof tests[0]);
    return ranks_end(ranks, &failure) == 0 ? result : EXIT_FAILURE;
}
