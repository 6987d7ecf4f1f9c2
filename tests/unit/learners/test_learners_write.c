#include "commands/learners/learners_write.h"

#include "support/checkpoint_folder.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file is new, its owner's, and whole; one that came while the list was read stays as it is. */

static char folder[64], path[96];

static void set_up(void)
{
    folder_make(folder);
    snprintf(path, sizeof path, "%s/list", folder);
}

/* The file has the text, and nothing else is in the folder. */
static void has(const char *text)
{
    size_t bytes = 0;
    unsigned char *found = folder_read(path, &bytes);
    CU_ASSERT(bytes == strlen(text) && memcmp(found, text, bytes) == 0);
    free(found);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static void test_new(void)
{
    struct failure failure = {0};
    struct learners_list list = {.count = 0};
    struct stat status;
    set_up();
    mode_t before = umask(0);
    CU_ASSERT_EQUAL(learners_write_check(path, &failure), 0);
    CU_ASSERT_EQUAL(learners_write(path, &list, &failure), 0);
    (void)umask(before);
    CU_ASSERT_EQUAL_FATAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 07777, 0600);
    has(LEARNERS_HEADER);
}

static void test_never_over_another(void)
{
    struct failure early = {0}, late = {0};
    struct learners_list list = {.count = 0};
    set_up();
    folder_write(path, "mine", 4);
    CU_ASSERT_EQUAL(learners_write_check(path, &early), -1);
    CU_ASSERT_EQUAL(early.code, EXIT_TARGET);
    CU_ASSERT_EQUAL(learners_write(path, &list, &late), -1);
    CU_ASSERT_EQUAL(late.code, EXIT_TARGET);
    CU_ASSERT_PTR_NOT_NULL(strstr(late.message, "is there already"));
    has("mine");
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"a new file", test_new},
        {"never over another", test_never_over_another},
    };
    return unit_main("learners_write", tests, sizeof tests / sizeof tests[0]);
}
