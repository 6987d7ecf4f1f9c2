#include "course_funnel/source.h"

#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

/*
 * How fast the source stage gives text, against the least that could do: bench_source FOLDER [MIB]
 * writes a plain file and a gzip file of MIB (default 256) to FOLDER, reads each a few times from
 * the page cache, counting lines, and prints the best of them.
 */

#define ROUNDS 7
#define BUFFER_BYTES ((size_t)512 << 10)

/* Processor time, in which what else runs on the machine shows less. */
static double now(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0)
        abort();
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void need(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_source: %s failed\n", what);
    exit(EXIT_FAILURE);
}

static uint64_t count_lines(const char *begin, const char *end)
{
    uint64_t lines = 0;
    while (begin < end && (begin = memchr(begin, '\n', (size_t)(end - begin))) != NULL) {
        begin++;
        lines++;
    }
    return lines;
}

/* Lines such as an export holds, of some 1,200 bytes. */
static char *make_text(size_t bytes)
{
    char *text = malloc(bytes + 4096);
    need(text != NULL, "malloc");
    unsigned seed = 1;
    for (size_t at = 0; at < bytes;) {
        at += (size_t)snprintf(text + at, bytes + 4096 - at,
                               "{\"$insert_id\":\"%08x\",\"event_type\":\"page_viewed\",\"data\":{",
                               seed);
        for (unsigned i = 0; i < 30; i++) {
            seed = seed * 1103515245U + 12345U;
            at += (size_t)snprintf(text + at, bytes + 4096 - at, "\"property_%u\":\"value %u\",", i,
                                   seed >> 12);
        }
        at += (size_t)snprintf(text + at, bytes + 4096 - at, "\"z\":0}}\n");
    }
    return text;
}

static void write_file(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    need(file != NULL && fwrite(bytes, 1, count, file) == count && fclose(file) == 0, path);
}

static void write_gzip(const char *path, const char *text, size_t count)
{
    gzFile file = gzopen(path, "wb1");
    need(file != NULL, path);
    for (size_t at = 0; at < count;) {
        unsigned part = count - at < (1U << 20) ? (unsigned)(count - at) : 1U << 20;
        need(gzwrite(file, text + at, part) == (int)part, path);
        at += part;
    }
    need(gzclose(file) == Z_OK, path);
}

static uint64_t read_source(const char *path)
{
    struct source_limits limits = {.max_line_bytes = SOURCE_DEFAULT_MAX_LINE_BYTES,
                                   .max_ratio = SOURCE_DEFAULT_MAX_RATIO,
                                   .range_bytes = SOURCE_DEFAULT_RANGE_BYTES};
    struct source_list *list;
    struct source_reader *reader;
    struct failure failure = {0};
    need(source_list(&path, 1, &limits, NULL, &list, &failure) == 0, path);
    need(source_reader_create(list, &limits, &reader, &failure) == 0, path);
    uint64_t lines = 0;
    for (size_t i = 0; i < list->split_count; i++) {
        need(source_open(reader, i, 0, &failure) == 0, failure.message);
        struct source_block block;
        int result;
        while ((result = source_next(reader, &block, &failure)) == 1)
            lines += count_lines(block.begin, block.end);
        need(result == 0, failure.message);
    }
    source_reader_free(reader);
    source_free(list);
    return lines;
}

static uint64_t read_bare(const char *path)
{
    static char buffer[BUFFER_BYTES] __attribute__((aligned(4096)));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    need(fd >= 0, path);
    uint64_t lines = 0;
    ssize_t got;
    while ((got = read(fd, buffer, sizeof buffer)) > 0)
        lines += count_lines(buffer, buffer + got);
    need(got == 0 && close(fd) == 0, path);
    return lines;
}

/* The compressed bytes from memory, the text to one buffer, over and over. */
static uint64_t inflate_bare(const char *path)
{
    static unsigned char buffer[BUFFER_BYTES] __attribute__((aligned(4096)));
    static unsigned char *bytes;
    static size_t count;
    if (bytes == NULL) {
        struct stat status;
        FILE *file = fopen(path, "rb");
        need(file != NULL && fstat(fileno(file), &status) == 0, path);
        count = (size_t)status.st_size;
        bytes = malloc(count);
        need(bytes != NULL && fread(bytes, 1, count, file) == count && fclose(file) == 0, path);
    }
    static struct inflate_state state;
    isal_inflate_init(&state);
    state.crc_flag = ISAL_GZIP;
    state.next_in = bytes;
    state.avail_in = (uint32_t)count;
    uint64_t lines = 0;
    while (state.block_state != ISAL_BLOCK_FINISH) {
        state.next_out = buffer;
        state.avail_out = sizeof buffer;
        need(isal_inflate(&state) == ISAL_DECOMP_OK, path);
        lines += count_lines((char *)buffer, (char *)state.next_out);
    }
    return lines;
}

static double measure(const char *name, uint64_t (*run)(const char *), const char *path,
                      size_t bytes, uint64_t lines)
{
    double best = 1e9;
    for (unsigned i = 0; i < ROUNDS; i++) {
        double start = now();
        need(run(path) == lines, "counting the lines");
        double took = now() - start;
        best = took < best ? took : best;
    }
    printf("%-28s %7.2f GB/s\n", name, 1e-9 * (double)bytes / best);
    return best;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_source FOLDER [MIB]\n");
        return EXIT_FAILURE;
    }
    size_t bytes = (argc > 2 ? strtoul(argv[2], NULL, 10) : 256) << 20;
    char plain[4096], gzip[4096];
    snprintf(plain, sizeof plain, "%s/bench_source.%ld.json", argv[1], (long)getpid());
    snprintf(gzip, sizeof gzip, "%s/bench_source.%ld.gz", argv[1], (long)getpid());
    char *text = make_text(bytes);
    uint64_t lines = count_lines(text, text + bytes);
    write_file(plain, text, bytes);
    write_gzip(gzip, text, bytes);
    free(text);

    double bare = measure("read and count, bare", read_bare, plain, bytes, lines);
    double source = measure("source, plain", read_source, plain, bytes, lines);
    printf("%-28s %7.2f\n", "  time against bare", source / bare);
    bare = measure("ISA-L and count, bare", inflate_bare, gzip, bytes, lines);
    source = measure("source, gzip", read_source, gzip, bytes, lines);
    printf("%-28s %7.2f\n", "  time against bare", source / bare);
    need(remove(plain) == 0 && remove(gzip) == 0, "removing the files");
    return EXIT_SUCCESS;
}
