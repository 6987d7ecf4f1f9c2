#include "course_funnel/rebuild_tables.h"

#include "course_funnel/log.h"

#include <stdlib.h>

bool rebuild_tables_reads(int rank, int ranks, uint32_t connections)
{
    if (connections == 0 || connections >= (uint32_t)ranks)
        return true;
    return (uint64_t)rank * connections % (uint64_t)ranks < connections;
}

int rebuild_tables_find(const struct table_options *options, struct source_list *splits,
                        struct rebuild_tables *tables, struct failure *failure)
{
    if (options->request_count == 0)
        return 0;
    const struct source_limits limits = {.range_bytes = options->range_bytes};
    char *remark = NULL;
    if (source_list(NULL, 0, &limits, NULL, &tables->session_splits, failure) != 0 ||
        table_list(options, splits, tables->session_splits, &tables->list, &tables->sessions,
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

/* Collective. Rank 0's splits of the table of sessions to all. */
static int share_session_splits(struct ranks *ranks, struct rebuild_tables *tables,
                                struct failure *failure)
{
    unsigned char *bytes = NULL;
    size_t byte_count = 0;
    bool is_root = ranks_rank(ranks) == 0;
    if (is_root)
        (void)source_pack(tables->session_splits, &bytes, &byte_count, failure);
    if (ranks_vote(ranks, failure) != 0)
        goto free_bytes;
    (void)ranks_broadcast(ranks, &bytes, &byte_count, failure);
    if (ranks_vote(ranks, failure) != 0)
        goto free_bytes;
    if (!is_root)
        (void)source_unpack(bytes, byte_count, &tables->session_splits, failure);
    (void)ranks_vote(ranks, failure);
free_bytes:
    free(bytes);
    return failure->code != 0 ? -1 : 0;
}

int rebuild_tables_share(struct ranks *ranks, const struct table_options *options,
                         uint32_t connections, bool open, struct rebuild_tables *tables,
                         struct failure *failure)
{
    unsigned char *bytes = NULL;
    size_t byte_count = 0;
    int rank = ranks_rank(ranks);
    if (options->request_count == 0)
        return 0;
    if (rank == 0)
        (void)table_pack(tables->list, &bytes, &byte_count, failure);
    if (ranks_vote(ranks, failure) != 0)
        goto free_bytes;
    (void)ranks_broadcast(ranks, &bytes, &byte_count, failure);
    if (ranks_vote(ranks, failure) != 0)
        goto free_bytes;
    if (rank > 0 && table_unpack(bytes, byte_count, &tables->list, failure) == 0 && open &&
        rebuild_tables_reads(rank, ranks_count(ranks), connections))
        (void)table_join(options, tables->list, rank, &tables->sessions, failure);
    (void)ranks_vote(ranks, failure);
free_bytes:
    free(bytes);
    return failure->code != 0 ? -1 : share_session_splits(ranks, tables, failure);
}

int rebuild_tables_confirm(struct ranks *ranks, struct rebuild_tables *tables,
                           struct failure *failure)
{
    if (ranks_rank(ranks) == 0 && tables->sessions != NULL)
        (void)table_confirm(tables->sessions, failure);
    return ranks_vote(ranks, failure);
}

void rebuild_tables_close(struct rebuild_tables *tables)
{
    table_close(tables->sessions);
    tables->sessions = NULL;
}

void rebuild_tables_clear(struct rebuild_tables *tables)
{
    rebuild_tables_close(tables);
    table_free(tables->list);
    source_free(tables->session_splits);
    tables->session_splits = NULL;
    tables->list = NULL;
}
