#ifndef TABLE_LISTING_H
#define TABLE_LISTING_H

/* What table_list is made of: snapshots of servers (table_snapshot.c), and in them relations. */

#include "table_internal.h"

enum table_tree_column {
    TREE_NAME,
    TREE_BY_PAGE,
    TREE_BYTES,
    TREE_BY_ITSELF,
    TREE_IDENTITY,
    TREE_STORAGE,
    TREE_INSERTED,
    TREE_UPDATED,
    TREE_DELETED,
    TREE_VACUUMS,
    TREE_IS_LOCKED,
    TREE_COLUMNS
};

/* The parts of a table, as sql/table_tree.sql has them. */
struct table_tree {
    struct postgres_result *parts;
    int at[TREE_COLUMNS]; /* where each column is */
    bool is_plain;        /* the server scans their heaps, and shows what is in them */
};

/* Names a table that is read, alone or as a part of another. */
struct table_key {
    uint64_t hash;
    bool is_sessions;
};

struct table_listing {
    const struct table_options *options;
    struct source_list *splits, *session_splits;
    struct table_list *list;
    struct table_connections *connections;
    struct table_key *keys;
    size_t key_count;
    char *remark;               /* see table_list */
    struct table_moment moment; /* of the server in hand */
    struct table_tree *trees;   /* one for each origin; filled for those of the server in hand */
};

/*
 * Take a snapshot of the server with that index and lock all its origins, again until it is one
 * that shows all of them as they are. Fills in their shapes and trees. Returns 0, or -1.
 */
int table_snapshot_take(struct table_listing *listing, uint32_t server, struct failure *failure);

/* Forget the trees of the server in hand. */
void table_snapshot_forget(struct table_listing *listing);

/*
 * Before that: look at all tables of the server once, in a transaction of its own, and commit it. A
 * server tidies up pages of its catalogue when somebody looks at them, and writes of that to its
 * log. Only a COMMIT brings this to disk. Without it, as long as nobody else writes, no later
 * snapshot would be known to last. Returns 0, or -1.
 */
int table_snapshot_tidy(const struct table_listing *listing, uint32_t server,
                        struct failure *failure);

/*
 * List the relations that an origin of the server in hand consists of: the table, its partitions or
 * what inherits from it; the whole in one piece where not each of them may be read by itself, or
 * where their pages are not all that SELECT shows.
 * Returns 0, or -1.
 */
int table_relations_add(struct table_listing *listing, uint32_t origin, struct failure *failure);

#endif
