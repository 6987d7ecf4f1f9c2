#include "course_funnel/clock.h"
#include "course_funnel/generation.h"
#include "course_funnel/interval.h"
#include "store/state_image.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * How fast a state becomes files of a checkpoint and comes back.
 * usage: bench_checkpoint FOLDER [USERS]
 */

static uint64_t seed = 1;

static uint64_t draw(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

static void fill(struct state *state, uint32_t users, struct failure *failure)
{
    for (uint32_t i = 0; i < users; i++) {
        char name[40];
        uint32_t bytes = (uint32_t)snprintf(name, sizeof name, "learner-%08x-%u@example.org", i, i);
        uint64_t hash = key_group_hash(name, bytes);
        struct state_group *group = &state->groups[key_group_of(hash)];
        uint32_t user = state_find_user(group, hash, name, bytes, failure);
        for (int course = 0; course < 2; course++) {
            uint32_t at = state_find_enrolment(group, user, course, failure);
            group->enrolments[at].first_event_us = group->enrolments[at].first_start_us = i;
            group->enrolments[at].last_event_us = i;
            for (int32_t lesson = 0; lesson < 5; lesson++) {
                uint32_t own = state_find_progress(group, at, lesson, failure);
                group->progress[own].flags = STATE_STARTED | STATE_COMPLETED;
                for (uint64_t times = draw(10) == 0 ? 2 : 1; times > 0; times--)
                    (void)state_add_fingerprint(group, own, draw(UINT32_MAX) + 1, failure);
            }
        }
    }
}

static void tell(const char *what, uint64_t bytes, double seconds)
{
    printf("%-36s %8.3f s %8.0f MB/s\n", what, seconds, (double)bytes / 1e6 / seconds);
}

/* A number of /proc/self/status, in MB; 0 where there is none. */
static double memory_mb(const char *name)
{
    char line[256];
    double kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtod(line + strlen(name) + 1, NULL);
    if (status != NULL)
        (void)fclose(status);
    return kib * 1024 / 1e6;
}

/* From now on the most memory is counted anew. Returns what is in use. */
static double count_memory(void)
{
    FILE *refs = fopen("/proc/self/clear_refs", "w");
    if (refs != NULL) {
        (void)fputs("5", refs);
        (void)fclose(refs);
    }
    return memory_mb("VmRSS:");
}

static void tell_memory(const char *what, double before)
{
    printf("%-36s %8.0f MB, before %.0f MB\n", what, memory_mb("VmHWM:"), before);
}

/* The least that a checkpoint of so many bytes could take there: write and fsync, nothing else. */
static bool write_plainly(const char *folder, uint64_t bytes)
{
    char path[4096];
    static unsigned char piece[8 << 20];
    snprintf(path, sizeof path, "%s/plain", folder);
    for (size_t i = 0; i < sizeof piece; i++)
        piece[i] = (unsigned char)draw(256);
    double begun = clock_seconds();
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0;
    for (uint64_t at = 0; good && at < bytes;) {
        size_t wanted = bytes - at < sizeof piece ? (size_t)(bytes - at) : sizeof piece;
        ssize_t got = write(fd, piece, wanted);
        good = got > 0;
        at += good ? (uint64_t)got : 0;
    }
    good = good && fsync(fd) == 0;
    good = (fd < 0 || close(fd) == 0) && good;
    tell("as many bytes, written and synced", bytes, clock_seconds() - begun);
    return unlink(path) == 0 && good;
}

int main(int argc, char **argv)
{
    struct failure failure = {0};
    struct store store;
    struct state *state = NULL, *again = NULL;
    struct image image = {0};
    struct generation generation;
    struct manifest manifest = {.attempt = 1, .generation = 1};
    uint64_t bytes = 0;
    if (argc < 2)
        return EXIT_FAILURE;
    uint32_t users = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 500000;
    if (state_create(0, 1, &state, &failure) != 0 || state_create(0, 1, &again, &failure) != 0 ||
        store_open(argv[1], &store, &failure) != 0 ||
        store_begin(&store, true, "aaaaaaaa-1234-1234-1234-123456789abc", &failure) != 0)
        goto tell_failure;
    manifest.attempt = store.attempt.number;
    fill(state, users, &failure);

    for (int round = 0; round < 2; round++) {
        double begun = clock_seconds();
        bytes = 0;
        for (uint32_t first = 0; first < KEY_GROUPS; first += 256) {
            if (state_image_create(state, first, 256, &image, &failure) != 0)
                goto tell_failure;
            bytes += image.byte_count;
        }
        tell(round == 0 ? "images, first" : "images, again", bytes, clock_seconds() - begun);
    }
    image_clear(&image);

    if (!write_plainly(argv[1], bytes)) {
        failure_set(&failure, EXIT_CHECKPOINT, "%s: cannot be written to.", argv[1]);
        goto tell_failure;
    }
    double before = count_memory();
    double begun = clock_seconds();
    if (store_make(&store, (struct store_generation){manifest.attempt, 1}, &failure) != 0 ||
        generation_open(&store, &manifest, &generation, &failure) != 0 ||
        generation_write_state(&generation, state, &manifest.files, &manifest.file_count,
                               &failure) != 0 ||
        durable_sync(&generation.folder, &failure) != 0)
        goto tell_failure;
    double cost_seconds = clock_seconds() - begun;
    const struct interval usual = {.mean_time_seconds = 3600 * INTERVAL_DEFAULT_MEAN_TIME_HOURS};
    double apart_seconds = interval_next(&usual, cost_seconds);
    tell("written, digested, synced, read back", bytes, cost_seconds);
    printf("%-36s %8.0f s apart, %.2f %% of the time\n", "at the default interval", apart_seconds,
           100 * cost_seconds / (apart_seconds + cost_seconds));
    tell_memory("most memory while writing", before);

    begun = clock_seconds();
    if (generation_load_state(&generation, again, &failure) != 0)
        goto tell_failure;
    tell("loaded and validated", bytes, clock_seconds() - begun);
    generation_close(&generation);
    state_free(state);
    state_free(again);
    manifest_clear(&manifest);
    store_close(&store);
    return EXIT_SUCCESS;

tell_failure:
    fprintf(stderr, "%s\n", failure.message);
    return EXIT_FAILURE;
}
