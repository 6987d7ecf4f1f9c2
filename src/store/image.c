#include "image.h"

#include "course_funnel/pages.h"
#include "course_funnel/store.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "records are stored as they lie in memory, in the byte order of the format");

/* What HDF5 rounds the size of a file in memory up to while it builds one. */
#define INCREMENT_BYTES ((size_t)4096)

/* HDF5 wants a name also for a file that is never on disk. */
#define NAME_IN_MEMORY "checkpoint"

static int hdf5_failure(const char *what, struct failure *failure)
{
    return failure_set(failure, EXIT_BUG, "HDF5 cannot %s in memory.", what);
}

/*
 * The library keeps quiet (failures travel up as values), leaves nothing to do at exit (it has been
 * seen to crash there), and loads no code from elsewhere.
 */
static int start_hdf5(struct failure *failure)
{
    /* It answers with an error from the second call on, when the first is still in force. */
    (void)H5dont_atexit();
    if (H5open() < 0 || H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0 || H5PLset_loading_state(0) < 0)
        return hdf5_failure("be set up", failure);
    return 0;
}

static hid_t number_type(enum image_kind kind)
{
    switch (kind) {
    case IMAGE_U8:
        return H5T_STD_U8LE;
    case IMAGE_U16:
        return H5T_STD_U16LE;
    case IMAGE_U32:
        return H5T_STD_U32LE;
    case IMAGE_I32:
        return H5T_STD_I32LE;
    case IMAGE_U64:
        return H5T_STD_U64LE;
    case IMAGE_I64:
        return H5T_STD_I64LE;
    }
    return H5I_INVALID_HID;
}

/* The type of a table's records; the caller closes it. */
static hid_t record_type(const struct image_table *table)
{
    if (table->columns[0].name == NULL)
        return H5Tcopy(number_type(table->columns[0].kind));
    hid_t type = H5Tcreate(H5T_COMPOUND, table->record_bytes);
    for (size_t i = 0; type >= 0 && i < table->column_count; i++) {
        const struct image_column *column = &table->columns[i];
        if (H5Tinsert(type, column->name, column->offset, number_type(column->kind)) < 0) {
            (void)H5Tclose(type);
            return H5I_INVALID_HID;
        }
    }
    return type;
}

/*
 * The memory of a file that is being built is the image's own: HDF5 asks for it and gives it back
 * through these, so that the finished file can be had without a copy (H5Fget_file_image gives one
 * that cannot be opened in the latest format) and its memory serves the next one.
 */
static void *build_malloc(size_t bytes, H5FD_file_image_op_t operation, void *context)
{
    (void)operation;
    struct image *image = context;
    if (bytes > image->capacity) {
        void *grown = pages_resize(image->bytes, image->capacity, bytes);
        if (grown == NULL)
            return NULL;
        image->bytes = grown;
        image->capacity = bytes;
    }
    return image->bytes;
}

static void *build_realloc(void *memory, size_t bytes, H5FD_file_image_op_t operation,
                           void *context)
{
    (void)memory;
    return build_malloc(bytes, operation, context);
}

static void *keep_memcpy(void *to, const void *from, size_t bytes, H5FD_file_image_op_t operation,
                         void *context)
{
    (void)operation;
    (void)context;
    return to == from ? to : memcpy(to, from, bytes);
}

static herr_t keep_memory(void *memory, H5FD_file_image_op_t operation, void *context)
{
    (void)memory;
    (void)operation;
    (void)context;
    return 0;
}

static void *same_context(void *context)
{
    return context;
}

static herr_t keep_context(void *context)
{
    (void)context;
    return 0;
}

/* A file of this access list lies in memory and never on disk. */
static hid_t memory_access(H5FD_file_image_callbacks_t *callbacks)
{
    callbacks->udata_copy = same_context;
    callbacks->udata_free = keep_context;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && (H5Pset_fapl_core(access, INCREMENT_BYTES, 0) < 0 ||
                        H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST) < 0 ||
                        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0 ||
                        H5Pset_file_image_callbacks(access, callbacks) < 0)) {
        (void)H5Pclose(access);
        return H5I_INVALID_HID;
    }
    return access;
}

/* Room in one piece, taken at once and left as it is: the caller fills it. */
static hid_t table_layout(void)
{
    hid_t layout = H5Pcreate(H5P_DATASET_CREATE);
    if (layout >= 0 && (H5Pset_layout(layout, H5D_CONTIGUOUS) < 0 ||
                        H5Pset_alloc_time(layout, H5D_ALLOC_TIME_EARLY) < 0 ||
                        H5Pset_fill_time(layout, H5D_FILL_TIME_NEVER) < 0 ||
                        H5Pset_obj_track_times(layout, 0) < 0)) {
        (void)H5Pclose(layout);
        return H5I_INVALID_HID;
    }
    return layout;
}

static int add_table(hid_t file, hid_t layout, struct image_table *table)
{
    hsize_t count = table->count;
    hid_t type = record_type(table);
    hid_t space = H5Screate_simple(1, &count, NULL);
    hid_t dataset = H5I_INVALID_HID;
    int result = -1;
    if (type < 0 || space < 0)
        goto close_all;
    dataset = H5Dcreate2(file, table->name, type, space, H5P_DEFAULT, layout, H5P_DEFAULT);
    if (dataset < 0)
        goto close_all;
    haddr_t offset = H5Dget_offset(dataset);
    table->offset = table->count > 0 ? offset : 0;
    result = table->count == 0 || offset != HADDR_UNDEF ? 0 : -1;
close_all:
    if (dataset >= 0 && H5Dclose(dataset) < 0)
        result = -1;
    if (space >= 0 && H5Sclose(space) < 0)
        result = -1;
    if (type >= 0 && H5Tclose(type) < 0)
        result = -1;
    return result;
}

static int build(struct image *image, hid_t access, struct image_table *tables, size_t table_count)
{
    hid_t layout = table_layout();
    hid_t file = H5Fcreate(NAME_IN_MEMORY, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    int result = layout >= 0 && file >= 0 ? 0 : -1;
    for (size_t i = 0; result == 0 && i < table_count; i++)
        result = add_table(file, layout, &tables[i]);

    /* The flush makes the memory as large as the file: without it nothing is behind the headers. */
    hsize_t bytes = 0;
    if (result == 0 && (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0 || H5Fget_filesize(file, &bytes) < 0))
        result = -1;
    if (file >= 0 && H5Fclose(file) < 0)
        result = -1;
    if (layout >= 0 && H5Pclose(layout) < 0)
        result = -1;
    image->byte_count = (size_t)bytes;
    return result == 0 && image->byte_count <= image->capacity ? 0 : -1;
}

int image_create(struct image *image, struct image_table *tables, size_t table_count,
                 struct failure *failure)
{
    H5FD_file_image_callbacks_t callbacks = {.image_malloc = build_malloc,
                                             .image_memcpy = keep_memcpy,
                                             .image_realloc = build_realloc,
                                             .image_free = keep_memory,
                                             .udata = image};
    if (start_hdf5(failure) != 0)
        return -1;

    /* All at once, so that HDF5 does not ask for more piece by piece. */
    size_t wanted = 16 * INCREMENT_BYTES;
    for (size_t i = 0; i < table_count; i++)
        wanted += tables[i].count * tables[i].record_bytes;
    if (build_malloc(wanted, H5FD_FILE_IMAGE_OP_FILE_RESIZE, image) == NULL)
        return failure_memory(failure, "a file of the checkpoint", wanted);

    hid_t access = memory_access(&callbacks);
    int result = access >= 0 ? build(image, access, tables, table_count) : -1;
    if (access >= 0 && H5Pclose(access) < 0)
        result = -1;
    return result == 0 ? 0 : hdf5_failure("build a file of the checkpoint", failure);
}

void image_clear(struct image *image)
{
    free(image->bytes);
    memset(image, 0, sizeof *image);
}

/* A file that is only read stays where it is: HDF5 is given the caller's own bytes. */
static void *read_malloc(size_t bytes, H5FD_file_image_op_t operation, void *context)
{
    (void)operation;
    const struct image *image = context;
    return bytes == image->byte_count ? image->bytes : NULL;
}

static int refuse(const char *table, const char *what, struct failure *failure)
{
    return failure_set(failure, STORE_DAMAGED, "its table \"%s\" %s", table, what);
}

static int check_shape(hid_t dataset, struct image_table *table, struct failure *failure)
{
    hsize_t count = 0, most = 0;
    hid_t space = H5Dget_space(dataset);
    hid_t layout = H5Dget_create_plist(dataset);
    bool simple = space >= 0 && H5Sget_simple_extent_ndims(space) == 1 &&
                  H5Sget_simple_extent_dims(space, &count, &most) == 1 && count == most;
    bool plain = layout >= 0 && H5Pget_layout(layout) == H5D_CONTIGUOUS &&
                 H5Pget_external_count(layout) == 0 && H5Pget_nfilters(layout) == 0;
    if (space >= 0)
        (void)H5Sclose(space);
    if (layout >= 0)
        (void)H5Pclose(layout);
    if (!simple || !plain)
        return refuse(table->name, "has another shape", failure);
    table->count = count;
    return 0;
}

static int check_type(hid_t dataset, const struct image_table *table, struct failure *failure)
{
    hid_t wanted = record_type(table);
    hid_t found = H5Dget_type(dataset);
    bool same = wanted >= 0 && found >= 0 && H5Tequal(wanted, found) > 0;
    if (wanted >= 0)
        (void)H5Tclose(wanted);
    if (found >= 0)
        (void)H5Tclose(found);
    return same ? 0 : refuse(table->name, "has other columns", failure);
}

static int check_place(hid_t dataset, size_t byte_count, struct image_table *table,
                       struct failure *failure)
{
    table->offset = 0;
    if (table->count == 0)
        return 0;
    haddr_t offset = H5Dget_offset(dataset);
    if (offset == HADDR_UNDEF || offset > byte_count ||
        table->count > (byte_count - offset) / table->record_bytes)
        return refuse(table->name, "does not lie within the file", failure);
    table->offset = offset;
    return 0;
}

static int check_table(hid_t file, size_t byte_count, struct image_table *table,
                       struct failure *failure)
{
    H5L_info_t link;
    if (H5Lget_info(file, table->name, &link, H5P_DEFAULT) < 0 || link.type != H5L_TYPE_HARD)
        return refuse(table->name, "is not there", failure);
    hid_t dataset = H5Dopen2(file, table->name, H5P_DEFAULT);
    if (dataset < 0)
        return refuse(table->name, "cannot be opened", failure);
    int result = -1;
    if (check_shape(dataset, table, failure) == 0 && check_type(dataset, table, failure) == 0)
        result = check_place(dataset, byte_count, table, failure);
    (void)H5Dclose(dataset);
    return result;
}

static int check_file(hid_t file, size_t byte_count, struct image_table *tables, size_t table_count,
                      struct failure *failure)
{
    H5G_info_t group;
    if (H5Gget_info(file, &group) < 0 || group.nlinks != table_count)
        return failure_set(failure, STORE_DAMAGED, "it holds other tables than it should");
    for (size_t i = 0; i < table_count; i++)
        if (check_table(file, byte_count, &tables[i], failure) != 0)
            return -1;
    return 0;
}

int image_open(const unsigned char *bytes, size_t byte_count, struct image_table *tables,
               size_t table_count, struct failure *failure)
{
    /* It is opened for reading only, so that the bytes are not written to. */
    struct image image = {.bytes = (unsigned char *)(uintptr_t)bytes, .byte_count = byte_count};
    H5FD_file_image_callbacks_t callbacks = {.image_malloc = read_malloc,
                                             .image_memcpy = keep_memcpy,
                                             .image_free = keep_memory,
                                             .udata = &image};
    if (start_hdf5(failure) != 0)
        return -1;
    hid_t access = memory_access(&callbacks);
    if (access < 0 || byte_count == 0 || H5Pset_file_image(access, image.bytes, byte_count) < 0) {
        if (access >= 0)
            (void)H5Pclose(access);
        return hdf5_failure("read a file of the checkpoint", failure);
    }
    int result = -1;
    hid_t file = H5Fopen(NAME_IN_MEMORY, H5F_ACC_RDONLY, access);
    if (file < 0) {
        failure_set(failure, EXIT_BUG,
                    "it is right by its digest and HDF5 cannot open it: there is no memory left "
                    "for it, or it was made by hand");
    } else {
        result = check_file(file, byte_count, tables, table_count, failure);
        if (H5Fclose(file) < 0)
            result = hdf5_failure("close a file of the checkpoint", failure);
    }
    if (H5Pclose(access) < 0)
        result = hdf5_failure("close a file of the checkpoint", failure);
    return result;
}
