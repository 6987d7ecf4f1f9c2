#include "course_funnel/memory.h"

#include "unit/unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MB(n) ((uint64_t)(n) << 20)

static char root[64];

/* A file of a made-up tree, with the folders above it. */
static void put(const char *name, const char *text)
{
    char path[512];
    int bytes = snprintf(path, sizeof path, "%s%s", root, name);
    CU_ASSERT_FATAL(bytes > 0 && (size_t)bytes < sizeof path);
    for (char *at = strchr(path + strlen(root) + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        (void)mkdir(path, 0700);
        *at = '/';
    }
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT(fputs(text, file) >= 0);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static void begin(const char *cgroup, const char *meminfo)
{
    snprintf(root, sizeof root, "/tmp/memory-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
    put("/proc/self/cgroup", cgroup);
    put("/proc/meminfo", meminfo);
    put("/proc/sys/kernel/random/boot_id", "one\n");
}

static void end(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", root);
    FILE *shell = popen(command, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(shell);
    CU_ASSERT_EQUAL(pclose(shell), 0);
}

static struct memory_limit expect(uint64_t bytes, const char *where)
{
    struct memory_limit limit;
    memory_limit_of_cgroup(root, &limit);
    CU_ASSERT_EQUAL(limit.bytes, bytes);
    CU_ASSERT_STRING_EQUAL(limit.where + (where[0] != '\0' ? strlen(root) : 0), where);
    return limit;
}

#define NO_SWAP "MemTotal: 9 kB\nMemAvailable:   4096 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"
#define SWAP "MemAvailable:   4096 kB\nSwapTotal:  3072 kB\nSwapFree:   2048 kB\n"

static void test_version_2(void)
{
    begin("0::/system.slice/job/step\n", NO_SWAP);
    (void)expect(MEMORY_NO_LIMIT, "");
    put("/sys/fs/cgroup/system.slice/job/step/memory.max", "max\n");
    (void)expect(MEMORY_NO_LIMIT, "");
    put("/sys/fs/cgroup/system.slice/memory.max", "31457280\n");
    (void)expect(MB(30), "/sys/fs/cgroup/system.slice/memory.max");
    put("/sys/fs/cgroup/system.slice/job/memory.max", "20971520\n");
    struct memory_limit job = expect(MB(20), "/sys/fs/cgroup/system.slice/job/memory.max");
    put("/sys/fs/cgroup/system.slice/job/step/memory.max", "10485760\n");
    struct memory_limit step = expect(MB(10), "/sys/fs/cgroup/system.slice/job/step/memory.max");
    CU_ASSERT_NOT_EQUAL(job.area, step.area);
    /* Of two that are as low the outer one has all the inner one has. */
    put("/sys/fs/cgroup/system.slice/job/step/memory.max", "20971520\n");
    struct memory_limit outer = expect(MB(20), "/sys/fs/cgroup/system.slice/job/memory.max");
    CU_ASSERT_EQUAL(outer.area, job.area);
    put("/sys/fs/cgroup/system.slice/job/memory.max", "0\n");
    (void)expect(0, "/sys/fs/cgroup/system.slice/job/memory.max");
    end();
}

/* Old and new at once: memory is counted by the old version, whichever controllers go with it. */
static void test_version_1(void)
{
    begin("9:name=systemd:/x\n4:cpu,memory:/slurm/job\n2:memory2:/y\n0::/\n", NO_SWAP);
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "1\n");
    put("/sys/fs/cgroup/memory/y/memory.limit_in_bytes", "1\n");
    put("/sys/fs/cgroup/memory/slurm/job/memory.limit_in_bytes", "10485760\n");
    (void)expect(MB(10), "/sys/fs/cgroup/memory/slurm/job/memory.limit_in_bytes");
    put("/sys/fs/cgroup/unified/memory.max", "5242880\n");
    (void)expect(MB(5), "/sys/fs/cgroup/unified/memory.max");
    end();
}

/* The path is that of the host; what the container sees begins at its own folder. */
static void test_container(void)
{
    begin("4:memory:/docker/0123\n", NO_SWAP);
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "10485760\n");
    (void)expect(MB(10), "/sys/fs/cgroup/memory/memory.limit_in_bytes");
    end();
}

static void test_swap(void)
{
    begin("4:memory:/a\n0::/b\n", SWAP);
    put("/sys/fs/cgroup/b/memory.max", "10485760\n");
    (void)expect(MB(13), "/sys/fs/cgroup/b/memory.max");
    put("/sys/fs/cgroup/b/memory.swap.max", "max\n");
    (void)expect(MB(13), "/sys/fs/cgroup/b/memory.max");
    put("/sys/fs/cgroup/b/memory.swap.max", "1048576\n");
    (void)expect(MB(11), "/sys/fs/cgroup/b/memory.max");
    put("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "7340032\n");
    (void)expect(MB(10), "/sys/fs/cgroup/memory/a/memory.limit_in_bytes");
    put("/sys/fs/cgroup/memory/a/memory.memsw.limit_in_bytes", "7340032\n");
    (void)expect(MB(7), "/sys/fs/cgroup/memory/a/memory.limit_in_bytes");
    struct memory_limit host;
    memory_limit_of_host(root, &host);
    CU_ASSERT_EQUAL(host.bytes, MB(6));
    end();
}

static void test_nothing_to_read(void)
{
    begin("what is this\n4:memory\n::\n0::/a\n", "");
    put("/sys/fs/cgroup/a/memory.max", "no number\n");
    (void)expect(MEMORY_NO_LIMIT, "");
    struct memory_limit host, other;
    memory_limit_of_host(root, &host);
    CU_ASSERT_EQUAL(host.bytes, MEMORY_NO_LIMIT);
    CU_ASSERT_EQUAL(memory_held_bytes(root), 0);
    put("/proc/sys/kernel/random/boot_id", "another\n");
    memory_limit_of_host(root, &other);
    CU_ASSERT_NOT_EQUAL(host.area, other.area);
    end();
}

/* Others may look at it, as far as a compiler knows: so it is there, and filled when it says so. */
static char *volatile seen_by_others;

static void test_held(void)
{
    uint64_t before = memory_held_bytes("");
    char *bytes = malloc(MB(40));
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    memset(bytes, 7, MB(40));
    seen_by_others = bytes;
    uint64_t after = memory_held_bytes("");
    CU_ASSERT(after >= before + MB(39) && after < before + MB(60));
    free(bytes);
    struct memory_limit host;
    memory_limit_of_host("", &host);
    CU_ASSERT(host.bytes > MB(1) && host.bytes < MEMORY_NO_LIMIT);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"version 2", test_version_2},     {"version 1", test_version_1},
        {"container", test_container},     {"swap", test_swap},
        {"nothing", test_nothing_to_read}, {"held", test_held},
    };
    return unit_main("memory", tests, sizeof tests / sizeof tests[0]);
}
