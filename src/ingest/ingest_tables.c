#include "course_funnel/ingest_tables.h"

#include "course_funnel/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

bool ingest_tables_reads(int rank, int ranks, uint32_t connections)
{
    if (connections == 0 || connections >= (uint32_t)ranks)
        return true;
    return (uint64_t)rank * connections % (uint64_t)ranks < connections;
}

int ingest_tables_find(const struct table_options *options, struct source_list *splits,
                       struct ingest_tables *tables, struct failure *failure)
{
    if (options->request_count == 0)
        return 0;
    const struct source_limits limits = {.range_bytes = options->range_bytes};
    char *remark = NULL;
    if (source_list(NULL, 0, &limits, NULL, &tables->session_splits, failure) != 0 ||
        table_list(options, splits, tables->session_splits, &tables->list, &tables->connections,
                   &remark, failure) != 0)
        return -1;
    if (remark != NULL)
        log_warning("users are not matched with sessions: %s", remark);
    free(remark);
    for (size_t i = 0; i < tables->list->origin_count; i++)
        if (!tables->list->origins[i].shape.has_id)
            log_warning("%s: has neither a uuid nor an insert id, so that completions which were "
                        "delivered again all count in the average time",
                        tables->list->origins[i].name);
    for (size_t i = 0; i < tables->list->relation_count; i++)
        if (!tables->list->relations[i].by_page)
            log_warning("%s: cannot be read by ranges of pages, so one rank reads all of it",
                        tables->list->relations[i].name);
    return 0;
}

void ingest_tables_warn(const struct ingest_tables *tables, const struct ledger *ledger)
{
    char columns[700] = "";
    size_t used = 0;
    if (ledger->rows_deleted == 0 || tables->list == NULL)
        return;
    for (size_t i = 0; i < tables->list->origin_count && used < sizeof columns; i++) {
        const struct table_origin *origin = &tables->list->origins[i];
        if (origin->shape.deleted[0] != '\0')
            used += (size_t)snprintf(columns + used, sizeof columns - used, "%s%s of %s",
                                     used > 0 ? ", " : "", origin->shape.deleted, origin->name);
    }
    log_warning("%" PRIu64 " of %" PRIu64
                " lines read are rows that are marked as deleted where they came from (by %s), and "
                "they count as all others do. To leave them out name a view without them in place "
                "of the table, with --events-table.",
                ledger->rows_deleted, ledger->lines_read, columns);
}

int ingest_tables_share(struct ranks *ranks, const struct table_options *options,
                        uint32_t connections, bool open, struct ingest_tables *tables,
                        struct failure *failure)
{
    unsigned char *list = NULL, *splits = NULL;
    size_t list_bytes = 0, split_bytes = 0;
    int rank = ranks_rank(ranks);
    if (options->request_count == 0)
        return 0;
    if (rank == 0 && table_pack(tables->list, &list, &list_bytes, failure) == 0)
        (void)source_pack(tables->session_splits, &splits, &split_bytes, failure);
    if (ranks_share(ranks, &list, &list_bytes, failure) == 0 && rank > 0 &&
        table_unpack(list, list_bytes, &tables->list, failure) == 0 && open &&
        ingest_tables_reads(rank, ranks_count(ranks), connections))
        (void)table_join(options, tables->list, rank, &tables->connections, failure);
    if (ranks_share(ranks, &splits, &split_bytes, failure) == 0 && rank > 0)
        (void)source_unpack(splits, split_bytes, &tables->session_splits, failure);
    free(list);
    free(splits);
    return ranks_vote(ranks, failure);
}

int ingest_tables_end(struct ingest_tables *tables, int rank, bool keeps, struct failure *failure)
{
    if (rank == 0 && table_confirm(tables->connections, failure) != 0)
        return -1;
    if (!keeps)
        ingest_tables_close(tables);
    return 0;
}

void ingest_tables_close(struct ingest_tables *tables)
{
    table_close(tables->connections);
    tables->connections = NULL;
}

void ingest_tables_clear(struct ingest_tables *tables)
{
    ingest_tables_close(tables);
    table_free(tables->list);
    source_free(tables->session_splits);
    tables->session_splits = NULL;
    tables->list = NULL;
}
