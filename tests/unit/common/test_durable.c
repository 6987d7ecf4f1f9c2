#include "course_funnel/durable.h"
#include "course_funnel/fault.h"
#include "unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Codes of no meaning elsewhere: what comes back is the caller's. */
#define FAILED 41
#define DAMAGED 42
static const struct durable_codes codes = {.failed = FAILED, .damaged = DAMAGED};

static char path[64];
static struct durable_folder folder;

static void make_folder(void)
{
    struct failure failure = {0};
    snprintf(path, sizeof path, "/tmp/durable-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
    CU_ASSERT_EQUAL_FATAL(durable_open(path, codes, &folder, &failure), 0);
}

static int remove_name(void *context, const char *name, struct failure *failure)
{
    (void)failure;
    (void)context;
    return unlinkat(folder.fd, name, 0) == 0 ? 0 : unlinkat(folder.fd, name, AT_REMOVEDIR);
}

static void remove_folder(void)
{
    struct failure failure = {0};
    CU_ASSERT_EQUAL(durable_each_name(&folder, remove_name, NULL, &failure), 0);
    durable_close(&folder);
    CU_ASSERT_EQUAL(rmdir(path), 0);
}

static void expect_file(const char *name, const char *text)
{
    struct failure failure = {0};
    struct durable_bytes bytes = {0};
    CU_ASSERT_EQUAL_FATAL(durable_read(&folder, name, 100, &bytes, &failure), 0);
    CU_ASSERT_EQUAL(bytes.byte_count, strlen(text));
    CU_ASSERT_STRING_EQUAL(bytes.bytes, text);
    durable_bytes_free(&bytes);
}

static void expect_names(const char *due)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    char found[256] = "";
    CU_ASSERT_PTR_NOT_NULL_FATAL(directory);
    while ((entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.')
            snprintf(found + strlen(found), sizeof found - strlen(found), "%.60s ", entry->d_name);
    closedir(directory);
    CU_ASSERT_STRING_EQUAL(found, due);
}

static void test_a_file_is_replaced_whole(void)
{
    struct failure failure = {0};
    struct stat status;
    make_folder();
    CU_ASSERT_EQUAL(durable_write(&folder, "file", "first and longer", 16, &failure), 0);
    expect_file("file", "first and longer");
    CU_ASSERT_EQUAL(durable_write(&folder, "file", "second", 6, &failure), 0);
    expect_file("file", "second");
    CU_ASSERT_EQUAL(durable_write(&folder, "file", "", 0, &failure), 0);
    expect_file("file", "");
    CU_ASSERT_EQUAL(durable_sync(&folder, &failure), 0);
    CU_ASSERT_EQUAL(fstatat(folder.fd, "file", &status, 0), 0);
    CU_ASSERT_EQUAL(status.st_mode & 07777, 0600);
    expect_names("file ");
    CU_ASSERT_EQUAL(failure.code, 0);
    remove_folder();
}

static void expect_failure(const struct failure *failure, int code, const char *text)
{
    CU_ASSERT_EQUAL(failure->code, code);
    if (strstr(failure->message, text) == NULL)
        fprintf(stderr, "said \"%s\", without \"%s\"\n", failure->message, text);
    CU_ASSERT(strstr(failure->message, text) != NULL);
}

static void test_what_cannot_be_written_is_told_by_the_folders_code(void)
{
    char name[300];
    struct failure taken = {0}, in_the_way = {0}, too_long = {0}, none = {0};
    make_folder();
    /* What has the temporary name is not written over. */
    CU_ASSERT_EQUAL_FATAL(mkdirat(folder.fd, "file.tmp", 0700), 0);
    CU_ASSERT_EQUAL(durable_write(&folder, "file", "text", 4, &taken), -1);
    expect_failure(&taken, FAILED, "/file.tmp: cannot be made: File exists.");
    CU_ASSERT_EQUAL(unlinkat(folder.fd, "file.tmp", AT_REMOVEDIR), 0);

    CU_ASSERT_EQUAL_FATAL(mkdirat(folder.fd, "file", 0700), 0);
    CU_ASSERT_EQUAL(durable_write(&folder, "file", "text", 4, &in_the_way), -1);
    expect_failure(&in_the_way, FAILED, "/file: cannot be put in place: Is a directory.");
    expect_names("file ");

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    CU_ASSERT_EQUAL(durable_write(&folder, name, "text", 4, &too_long), -1);
    CU_ASSERT_EQUAL(too_long.code, EXIT_BUG);

    struct durable_folder missing;
    CU_ASSERT_EQUAL(durable_open("/tmp/durable/nowhere", codes, &missing, &none), -1);
    expect_failure(&none, FAILED, "/tmp/durable/nowhere: the folder cannot be opened: No such");
    remove_folder();
}

static void test_what_is_not_as_it_was_written_is_damaged(void)
{
    struct durable_bytes bytes = {0};
    struct failure failure = {0}, missing = {0}, longer = {0}, linked = {0}, inside = {0};
    struct durable_folder other;
    make_folder();
    CU_ASSERT_EQUAL(durable_read(&folder, "file", 100, &bytes, &missing), -1);
    expect_failure(&missing, DAMAGED, "/file: cannot be opened: No such file");
    CU_ASSERT_EQUAL(durable_write(&folder, "file", "text", 4, &failure), 0);
    CU_ASSERT_EQUAL(durable_read(&folder, "file", 3, &bytes, &longer), -1);
    expect_failure(&longer, DAMAGED, "/file: is 4 bytes long, where at most 3 were due.");
    CU_ASSERT_EQUAL(linkat(folder.fd, "file", folder.fd, "twin", 0), 0);
    CU_ASSERT_EQUAL(durable_read(&folder, "file", 100, &bytes, &linked), -1);
    expect_failure(&linked, DAMAGED, "/file: is not a regular file with this one name.");
    /* A folder in a folder has its codes. */
    CU_ASSERT_EQUAL(durable_make_folder(&folder, "inner", &failure), 0);
    CU_ASSERT_EQUAL_FATAL(durable_open_in(&folder, "inner", &other, &failure), 0);
    CU_ASSERT_EQUAL(durable_read(&other, "file", 100, &bytes, &inside), -1);
    expect_failure(&inside, DAMAGED, "/inner/file: cannot be opened: No such file");
    durable_close(&other);
    durable_bytes_free(&bytes);
    remove_folder();
}

#ifdef COURSE_FUNNEL_FAULTS
/* Whatever fails on the way, what was there before is there, and nothing beside it. */
static void test_each_call_that_fails(void)
{
    static const struct {
        const char *fault;
        const char *message;
    } cases[] = {
        {"durable.open:1:0:EIO", "/file.tmp: cannot be made: Input/output error."},
        {"durable.write:1:0:ENOSPC",
         "/file.tmp: cannot be written: No space left on device. Make room there."},
        {"durable.fsync:1:0:EIO", "/file.tmp: fsync failed: Input/output error."},
        {"durable.close:1:0:EIO", "/file.tmp: cannot be closed: Input/output error."},
        {"durable.open_to_read:1:0:EIO", "/file.tmp: cannot be opened: Input/output error."},
        {"durable.rename:1:0:EIO", "/file: cannot be put in place: Input/output error."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct failure failure = {0}, trouble = {0};
        make_folder();
        CU_ASSERT_EQUAL(durable_write(&folder, "file", "before", 6, &failure), 0);
        (void)fault_forget();
        CU_ASSERT_EQUAL_FATAL(setenv("COURSE_FUNNEL_FAULT", cases[i].fault, 1), 0);
        CU_ASSERT_EQUAL(durable_write(&folder, "file", "after", 5, &trouble), -1);
        CU_ASSERT_EQUAL(unsetenv("COURSE_FUNNEL_FAULT"), 0);
        expect_failure(&trouble, FAILED, cases[i].message);
        expect_file("file", "before");
        expect_names("file ");
        remove_folder();
    }
}

/* A short write is gone on with. */
static void test_pieces_are_put_together(void)
{
    struct failure failure = {0};
    make_folder();
    CU_ASSERT_EQUAL_FATAL(setenv("COURSE_FUNNEL_FAULT_NUMBERS", "durable.piece_bytes=3", 1), 0);
    CU_ASSERT_EQUAL(durable_write(&folder, "file", "abcdefgh", 8, &failure), 0);
    CU_ASSERT_EQUAL(unsetenv("COURSE_FUNNEL_FAULT_NUMBERS"), 0);
    expect_file("file", "abcdefgh");
    remove_folder();
}
#endif

int main(void)
{
    static const struct unit_test tests[] = {
        {"a file is replaced whole", test_a_file_is_replaced_whole},
        {"what cannot be written", test_what_cannot_be_written_is_told_by_the_folders_code},
        {"what is not as it was written", test_what_is_not_as_it_was_written_is_damaged},
#ifdef COURSE_FUNNEL_FAULTS
        {"each call that fails", test_each_call_that_fails},
        {"pieces are put together", test_pieces_are_put_together},
#endif
    };
    return unit_main("durable", tests, sizeof tests / sizeof tests[0]);
}
