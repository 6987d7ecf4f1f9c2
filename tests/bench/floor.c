#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <isa-l/igzip_lib.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * The least that any reader of an export has to do, to hold the program against:
 *     bench_floor plain|gzip PROCESSES FOLDER
 * Processes share out the files of a folder and read each through a small buffer; plain text is
 * scanned once for newlines and for the bytes that a course event's name would show, gzip is
 * inflated by ISA-L and not looked at. Prints what was seen and how long it took, as JSON.
 */

#define BUFFER_BYTES ((size_t)256 << 10)

struct totals {
    atomic_size_t next; /* file to take */
    _Atomic uint64_t bytes;
    _Atomic uint64_t lines;
    _Atomic uint64_t pairs;
};

struct file {
    char *path;
    off_t bytes;
};

static struct file *files;
static size_t file_count;

static double now(void)
{
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void need(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_floor: %s: %s\n", what, errno != 0 ? strerror(errno) : "failed");
    exit(EXIT_FAILURE);
}

static int add_file(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
    (void)ftw;
    if (kind != FTW_F)
        return 0;
    struct file *more = realloc(files, (file_count + 1) * sizeof *files);
    if (more == NULL)
        return -1;
    files = more;
    files[file_count] = (struct file){strdup(path), status->st_size};
    return files[file_count++].path != NULL ? 0 : -1;
}

static int larger_first(const void *a, const void *b)
{
    off_t left = ((const struct file *)a)->bytes;
    off_t right = ((const struct file *)b)->bytes;
    return (left < right) - (left > right);
}

/*
 * Newlines, and places where a `c` stands four bytes before an `s`. Sums of bytes over a short
 * stretch, which the compiler makes vectors of.
 */
#if defined(__x86_64__) && !defined(__clang__)
__attribute__((target_clones("avx2", "default"), optimize("O3")))
#endif
static void
scan(const unsigned char *text, size_t bytes, uint64_t *lines, uint64_t *pairs)
{
    uint64_t newlines = 0, found = 0;
    for (size_t at = 0; at < bytes; at += 128) {
        unsigned char newline_sum = 0, pair_sum = 0;
        for (size_t i = 0; i < 128; i++) {
            newline_sum = (unsigned char)(newline_sum + (text[at + i] == '\n'));
            pair_sum =
                (unsigned char)(pair_sum + ((text[at + i] == 'c') & (text[at + i + 4] == 's')));
        }
        newlines += newline_sum;
        found += pair_sum;
    }
    *lines += newlines;
    *pairs += found;
}

static void read_plain(int fd, const char *path, struct totals *totals)
{
    static unsigned char buffer[BUFFER_BYTES + 256] __attribute__((aligned(4096)));
    uint64_t bytes = 0, lines = 0, pairs = 0;
    ssize_t got;
    while ((got = read(fd, buffer, BUFFER_BYTES)) > 0) {
        memset(buffer + got, 0, 256);
        scan(buffer, (size_t)got, &lines, &pairs);
        bytes += (uint64_t)got;
    }
    need(got == 0, path);
    totals->bytes += bytes;
    totals->lines += lines;
    totals->pairs += pairs;
}

static void read_gzip(int fd, const char *path, struct totals *totals)
{
    static unsigned char in[BUFFER_BYTES] __attribute__((aligned(4096)));
    static unsigned char out[BUFFER_BYTES] __attribute__((aligned(4096)));
    static struct inflate_state state;
    uint64_t bytes = 0;
    ssize_t got;
    isal_inflate_init(&state);
    state.crc_flag = ISAL_GZIP;
    while ((got = read(fd, in, sizeof in)) > 0) {
        state.next_in = in;
        state.avail_in = (uint32_t)got;
        do {
            if (state.block_state == ISAL_BLOCK_FINISH && state.avail_in > 0) {
                isal_inflate_reset(&state);
                state.crc_flag = ISAL_GZIP;
            }
            state.next_out = out;
            state.avail_out = sizeof out;
            need(isal_inflate(&state) == ISAL_DECOMP_OK, path);
            bytes += sizeof out - state.avail_out;
        } while (state.avail_in > 0 || state.avail_out == 0);
    }
    need(got == 0, path);
    need(state.block_state == ISAL_BLOCK_FINISH, path);
    totals->bytes += bytes;
}

static void work(int gzip, struct totals *totals)
{
    size_t take;
    while ((take = totals->next++) < file_count) {
        int fd = open(files[take].path, O_RDONLY | O_CLOEXEC);
        need(fd >= 0, files[take].path);
        if (gzip)
            read_gzip(fd, files[take].path, totals);
        else
            read_plain(fd, files[take].path, totals);
        need(close(fd) == 0, files[take].path);
    }
}

int main(int argc, char **argv)
{
    long processes = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
    int gzip = argc == 4 && strcmp(argv[1], "gzip") == 0;
    if (processes < 1 || (!gzip && strcmp(argv[1], "plain") != 0)) {
        fprintf(stderr, "usage: bench_floor plain|gzip PROCESSES FOLDER\n");
        return 2;
    }
    double began = now();
    struct totals *totals =
        mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    need(totals != MAP_FAILED, "shared memory");
    need(nftw(argv[3], add_file, 16, FTW_PHYS) == 0, argv[3]);
    if (file_count > 0)
        qsort(files, file_count, sizeof *files, larger_first);
    for (long i = 0; i < processes; i++) {
        pid_t child = fork();
        need(child >= 0, "a process");
        if (child == 0) {
            errno = 0;
            work(gzip, totals);
            _exit(EXIT_SUCCESS);
        }
    }
    for (long i = 0; i < processes; i++) {
        int status = 0;
        need(wait(&status) > 0 && status == 0, "a reading process");
    }
    printf("{\"seconds\": %.6f, \"files\": %zu, \"bytes\": %llu, \"lines\": %llu, "
           "\"pairs\": %llu}\n",
           now() - began, file_count, (unsigned long long)totals->bytes,
           (unsigned long long)totals->lines, (unsigned long long)totals->pairs);
    for (size_t i = 0; i < file_count; i++)
        free(files[i].path);
    free(files);
    return munmap(totals, sizeof *totals) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
