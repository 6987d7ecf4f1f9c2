#include "alone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LAUNCHER_COMMANDS 10

/* A kind of launcher: what its processes are called, and what it tells those that it starts. */
struct launcher_kind {
    const char *name;
    const char *size, *rank; /* variables; either may be NULL */
    const char *commands[LAUNCHER_COMMANDS];
};

static const struct launcher_kind kinds[] = {
    {"mpirun of Open MPI",
     "OMPI_COMM_WORLD_SIZE",
     "OMPI_COMM_WORLD_RANK",
     {"mpirun", "mpiexec", "mpirun.openmpi", "mpiexec.openmpi", "orterun", "orted"}},
    {"mpiexec of MPICH or of an MPI like it",
     "PMI_SIZE",
     "PMI_RANK",
     {"hydra_pmi_proxy", "mpiexec.hydra", "mpiexec.mpich", "mpirun.mpich", "hydra_bstrap_pr"}},
    /* The script of a job is no step, so it is told of no size but that it is process 0. */
    {"srun of Slurm", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", {"slurmstepd"}},
    {"a launcher of PMIx", NULL, "PMIX_RANK", {"prterun", "prte", "prted", "prun"}},
    {"mpirun of MVAPICH", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK", {"mpispawn"}},
    {"flux", "FLUX_JOB_SIZE", "FLUX_TASK_RANK", {"flux-shell"}},
    {"jsrun", "JSM_NAMESPACE_SIZE", "JSM_NAMESPACE_RANK", {"jsmd"}},
};

#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static const char *value_of(const struct alone_signs *signs, const char *name)
{
    size_t bytes = name != NULL ? strlen(name) : 0;
    for (char **variable = signs->variables; name != NULL && *variable != NULL; variable++)
        if (strncmp(*variable, name, bytes) == 0 && (*variable)[bytes] == '=')
            return *variable + bytes + 1;
    return NULL;
}

/* What a launcher says of how many it started. */
enum number { NUMBER_UNKNOWN, NUMBER_ONE, NUMBER_SEVERAL };

/* ${*variable} is the one that says so. */
static enum number number_said(const struct alone_signs *signs, const struct launcher_kind *kind,
                               const char **variable)
{
    const char *size = value_of(signs, kind->size), *rank = value_of(signs, kind->rank);
    *variable = size != NULL ? kind->size : kind->rank;
    if (size != NULL && strtol(size, NULL, 10) > 1)
        return NUMBER_SEVERAL;
    if (rank != NULL && strtol(rank, NULL, 10) > 0) {
        *variable = kind->rank;
        return NUMBER_SEVERAL;
    }
    return size != NULL || rank != NULL ? NUMBER_ONE : NUMBER_UNKNOWN;
}

static const struct launcher_kind *kind_of(const char *command)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        for (size_t j = 0; j < LAUNCHER_COMMANDS && kinds[i].commands[j] != NULL; j++)
            if (strcmp(command, kinds[i].commands[j]) == 0)
                return &kinds[i];
    return NULL;
}

static int refuse_several(const struct alone_signs *signs, const struct launcher_kind *kind,
                          const char *variable, struct failure *failure)
{
    return failure_set(failure, EXIT_USAGE,
                       "%s is %s, so %s started several processes, but Open MPI finds this one "
                       "alone: each would be a job of its own, and publish. Start them by the "
                       "mpirun of Open MPI, or by srun --mpi=pmix. If there is but this one, "
                       "unset %s.",
                       variable, value_of(signs, variable), kind->name, variable);
}

int alone_judge(const struct alone_signs *signs, struct failure *failure)
{
    const struct launcher_kind *nearest = NULL;
    const char *variable = NULL, *command = NULL;
    for (size_t i = 0; nearest == NULL && i < signs->parent_count; i++) {
        command = signs->parents[i];
        nearest = kind_of(command);
    }
    if (nearest != NULL) {
        /* What launchers further up have said is of other processes. */
        switch (number_said(signs, nearest, &variable)) {
        case NUMBER_ONE:
            return 0;
        case NUMBER_SEVERAL:
            return refuse_several(signs, nearest, variable, failure);
        case NUMBER_UNKNOWN:
            break;
        }
        return failure_set(failure, EXIT_USAGE,
                           "A parent of this process is %s, so %s started it, but none of the "
                           "variables are there by which it would find the others: sudo or env -i "
                           "removes them. Each would be a job of its own, and publish. Start the "
                           "launcher itself by sudo, or keep the environment.",
                           command, nearest->name);
    }
    /* No launcher can be seen, as in a container. That of Open MPI itself is believed first. */
    if (number_said(signs, &kinds[0], &variable) == NUMBER_ONE)
        return 0;
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (number_said(signs, &kinds[i], &variable) == NUMBER_SEVERAL)
            return refuse_several(signs, &kinds[i], variable, failure);
    return 0;
}

/* The command of ${process}, and its parent. Returns 0, or -1 where it cannot be looked at. */
static int look_at(long process, char name[ALONE_NAME_BYTES], long *parent)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%ld/stat", process);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    size_t bytes = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[bytes] = '\0';
    /* A command may have brackets and spaces in it. */
    char *begin = strchr(text, '('), *end = strrchr(text, ')');
    if (begin == NULL || end == NULL || sscanf(end, ") %*c %ld", parent) != 1)
        return -1;
    snprintf(name, ALONE_NAME_BYTES, "%.*s", (int)(end - begin - 1), begin + 1);
    return 0;
}

int alone_check(struct failure *failure)
{
    struct alone_signs signs = {.variables = environ};
    char own[ALONE_NAME_BYTES];
    long process = 0;
    if (look_at(getpid(), own, &process) != 0)
        process = 0;
    while (process > 0 && signs.parent_count < ALONE_PARENTS &&
           look_at(process, signs.parents[signs.parent_count], &process) == 0)
        signs.parent_count++;
    return alone_judge(&signs, failure);
}
