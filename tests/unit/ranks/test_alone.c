#include "ranks/alone.h"

#include "unit/unit.h"

#include <string.h>

/* Judge by the parents, nearest first, and the variables; both end with NULL. */
static int judge(const char **parents, const char **variables, struct failure *failure)
{
    struct alone_signs signs = {.variables = (char **)variables};
    for (; parents[signs.parent_count] != NULL; signs.parent_count++)
        snprintf(signs.parents[signs.parent_count], ALONE_NAME_BYTES, "%s",
                 parents[signs.parent_count]);
    *failure = (struct failure){0};
    return alone_judge(&signs, failure);
}

#define LIST(...) ((const char *[]){__VA_ARGS__, NULL})
#define NO_PARENTS LIST("bash", "sshd", "systemd")

static void fine(const char **parents, const char **variables)
{
    struct failure failure;
    CU_ASSERT_EQUAL(judge(parents, variables, &failure), 0);
    CU_ASSERT_STRING_EQUAL(failure.message, "");
}

static void refused(const char **parents, const char **variables, const char *text)
{
    struct failure failure;
    CU_ASSERT_EQUAL(judge(parents, variables, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, text));
}

static void test_no_launcher(void)
{
    fine(NO_PARENTS, LIST("HOME=/root"));
    fine(NO_PARENTS, LIST("OMPI_COMM_WORLD_SIZE=1", "PMI_SIZE=4"));
    fine(NO_PARENTS, LIST("PMI_SIZE=1", "PMIX_RANK=0", "SLURM_NTASKS=8", "SLURM_JOB_ID=5"));
    refused(NO_PARENTS, LIST("PMI_SIZE=4", "PMI_RANK=0"), "PMI_SIZE is 4, so mpiexec of MPICH");
    refused(NO_PARENTS, LIST("HOME=/", "PMIX_RANK=3"), "PMIX_RANK is 3, so a launcher of PMIx");
    refused(NO_PARENTS, LIST("OMPI_COMM_WORLD_SIZE=2"), "OMPI_COMM_WORLD_SIZE is 2");
    refused(NO_PARENTS, LIST("SLURM_STEP_NUM_TASKS=2"), "so srun of Slurm");
    /* Neither a part of a name nor a number that is none. */
    fine(NO_PARENTS, LIST("PMI_SIZE_OLD=4", "XPMI_SIZE=4", "PMI_SIZE="));
}

static void test_launcher_of_one(void)
{
    fine(LIST("sh", "mpirun", "bash"), LIST("OMPI_COMM_WORLD_SIZE=1", "OMPI_COMM_WORLD_RANK=0"));
    fine(LIST("hydra_pmi_proxy", "mpiexec.hydra"), LIST("PMI_SIZE=1"));
    fine(LIST("slurmstepd"), LIST("SLURM_STEP_NUM_TASKS=1", "SLURM_PROCID=0"));
    fine(LIST("prted"), LIST("PMIX_RANK=0"));
}

static void test_launcher_of_several(void)
{
    refused(LIST("hydra_pmi_proxy"), LIST("PMI_SIZE=4", "PMI_RANK=0"), "PMI_SIZE is 4");
    refused(LIST("slurmstepd"), LIST("SLURM_STEP_NUM_TASKS=2", "PMIX_RANK=0"), "STEP_NUM_TASKS is");
    refused(LIST("prted"), LIST("PMIX_RANK=1"), "PMIX_RANK is 1");
    refused(LIST("sh", "orted", "sshd"), LIST("OMPI_COMM_WORLD_SIZE=9"), "WORLD_SIZE is 9");
}

static void test_lost_variables(void)
{
    refused(LIST("sudo", "mpirun", "bash"), LIST("PATH=/bin"),
            "A parent of this process is mpirun");
    refused(LIST("slurmstepd"), LIST("PATH=/bin"), "so srun of Slurm started it");
    refused(LIST("mpirun"), LIST("PMI_SIZE=1"), "A parent of this process is mpirun");
}

static void test_batch_script(void)
{
    fine(LIST("bash", "slurm_script", "slurmstepd"),
         LIST("SLURM_JOB_ID=1", "SLURM_NTASKS=8", "SLURM_PROCID=0"));
    fine(LIST("salloc", "bash"), LIST("SLURM_JOB_ID=1", "SLURM_NTASKS=8"));
}

static void test_nearest_counts(void)
{
    /* mpirun -n 1 within a step of several, and the other way round. */
    fine(LIST("mpirun", "slurmstepd"), LIST("OMPI_COMM_WORLD_SIZE=1", "SLURM_STEP_NUM_TASKS=4"));
    refused(LIST("slurmstepd", "mpirun"), LIST("OMPI_COMM_WORLD_SIZE=1", "SLURM_STEP_NUM_TASKS=4"),
            "SLURM_STEP_NUM_TASKS is 4");
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"without a launcher among the parents", test_no_launcher},
        {"a launcher of one process", test_launcher_of_one},
        {"a launcher of several", test_launcher_of_several},
        {"variables that were lost", test_lost_variables},
        {"the script of a batch job", test_batch_script},
        {"the nearest launcher counts", test_nearest_counts},
    };
    return unit_main("alone", tests, sizeof tests / sizeof tests[0]);
}
