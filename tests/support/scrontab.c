#include <inttypes.h>
#include <slurm/slurm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * What scrontab does with a file of one line. Debian's packages of Slurm leave that program out;
 * their library and their controller have all that it asks for. `scrontab FILE` installs the line
 * and prints the number of its job. Of the time, minute and hour may be numbers; the rest is `*`.
 */

extern char **environ;

/* Slurm's own, which no package has a header of: as version 22.05 lays it out. */
enum { ANY_MINUTE = 2, ANY_HOUR = 4, ANY_DAY = 8, ANY_MONTH = 16, ANY_WEEKDAY = 32 };
struct cron_entry {
    uint32_t flags;
    void *minute, *hour, *day, *month, *weekday; /* bits */
    char *time, *command;
    uint32_t first_line, last_line;
};
struct cron_entry *new_cron_entry(void);
void *slurm_bit_alloc(int64_t bits);
void slurm_bit_set(void *bits, int64_t bit);

static void give_up(const char *what)
{
    fprintf(stderr, "scrontab: %s\n", what);
    exit(1);
}

/* A field of the time: bits of which one is set, or none and the flag. */
static void *field(const char *text, int bits, uint32_t flag, struct cron_entry *entry)
{
    void *set = slurm_bit_alloc(bits);
    char *end = NULL;
    if (strcmp(text, "*") == 0) {
        entry->flags |= flag;
        return set;
    }
    long number = strtol(text, &end, 10);
    if (*end != '\0' || number < 0 || number >= bits - 1 || flag >= ANY_DAY)
        give_up("a time that this stand-in does not know");
    slurm_bit_set(set, number);
    return set;
}

static struct cron_entry *read_line(const char *line)
{
    char time[5][8];
    int command = 0;
    struct cron_entry *entry = new_cron_entry();
    if (sscanf(line, "%7s %7s %7s %7s %7s %n", time[0], time[1], time[2], time[3], time[4],
               &command) != 5 ||
        line[command] == '\0')
        give_up("no line of five fields and a command");
    entry->minute = field(time[0], 61, ANY_MINUTE, entry);
    entry->hour = field(time[1], 25, ANY_HOUR, entry);
    entry->day = field(time[2], 32, ANY_DAY, entry);
    entry->month = field(time[3], 13, ANY_MONTH, entry);
    entry->weekday = field(time[4], 8, ANY_WEEKDAY, entry);
    entry->time = strndup(line, (size_t)command);
    entry->command = strdup(line + command);
    entry->first_line = entry->last_line = 1;
    return entry;
}

static void describe(struct cron_entry *entry, job_desc_msg_t *job)
{
    static char name[] = "scrontab";
    static char *arguments[] = {name, NULL};
    slurm_init_job_desc_msg(job);
    if (asprintf(&job->script, "#!/bin/sh\n%s\n", entry->command) < 0)
        give_up("no memory");
    job->bitflags |= CRON_JOB;
    job->crontab_entry = entry;
    job->name = name;
    job->argv = arguments;
    job->argc = 1;
    job->user_id = getuid();
    job->group_id = getgid();
    job->min_nodes = job->num_tasks = 1;
    job->work_dir = getenv("HOME");
    job->environment = environ;
    for (job->env_size = 0; environ[job->env_size] != NULL;)
        job->env_size++;
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t room = 0;
    FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
    if (file == NULL || getline(&line, &room, file) < 0)
        give_up("usage: scrontab FILE");
    (void)fclose(file);
    slurm_init(NULL);
    job_desc_msg_t job;
    char *copy = strdup(line);
    line[strcspn(line, "\n")] = '\0';
    describe(read_line(line), &job);
    List jobs = slurm_list_create(NULL);
    slurm_list_append(jobs, &job);
    crontab_update_response_msg_t *answer = slurm_update_crontab(getuid(), getgid(), copy, jobs);
    if (answer == NULL || answer->return_code != 0 || answer->jobids_count != 1)
        give_up(answer == NULL            ? "no answer"
                : answer->err_msg != NULL ? answer->err_msg
                                          : slurm_strerror((int)answer->return_code));
    printf("%" PRIu32 "\n", answer->jobids[0]);
    return 0;
}
