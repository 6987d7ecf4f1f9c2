#ifndef IMAGE_H
#define IMAGE_H

#include "course_funnel/failure.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Tables of plain records ↔ an HDF5 file in memory. HDF5 lays the file out and describes it; the
 * records are copied straight into their place, as they lie in memory. Nothing here touches a disk:
 * HDF5 promises neither durability nor to find damage, so a caller writes the bytes itself and
 * opens none whose digest it has not checked. The only file that includes hdf5.h. Not for threads.
 */

enum image_kind { IMAGE_U8, IMAGE_U16, IMAGE_U32, IMAGE_I32, IMAGE_U64, IMAGE_I64 };

struct image_column {
    const char *name;
    enum image_kind kind;
    size_t offset; /* in the record */
};

/* A table of one column with no name holds plain numbers, else its records have named fields. */
struct image_table {
    const char *name;
    const struct image_column *columns;
    size_t column_count;
    size_t record_bytes;
    uint64_t count;  /* records */
    uint64_t offset; /* of the first record in the image; any when there is none */
};

/* The file. All zero is an empty one; its memory is kept from file to file. */
struct image {
    unsigned char *bytes;
    size_t byte_count;
    size_t capacity;
};

/*
 * Local. Make a file of ${table_count} tables; ${count} of each is given, ${offset} is filled in.
 * The caller copies the records to image->bytes + offset. Returns 0, or -1 (EXIT_BUG).
 */
int image_create(struct image *image, struct image_table *tables, size_t table_count,
                 struct failure *failure);

/* Local. Frees what it holds and leaves it empty. */
void image_clear(struct image *image);

/*
 * Local. Check that the file at ${bytes}, whose digest was verified, holds these tables and nothing
 * else, each with these columns and with records that lie within the file; ${count} and
 * ${offset} are filled in. Returns 0, or -1 (STORE_DAMAGED: it does not, EXIT_BUG: no memory).
 */
int image_open(const unsigned char *bytes, size_t byte_count, struct image_table *tables,
               size_t table_count, struct failure *failure);

#endif
