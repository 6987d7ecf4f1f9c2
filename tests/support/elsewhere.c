/*
 * A small extension of PostgreSQL that stands in for those that keep rows of a table elsewhere
 * (compressed chunks, shards): a table NAME beside which there is a NAME_elsewhere shows the rows
 * of both, by a scan of its own. Whoever asks for addresses (ctid) sees those of its own pages
 * only, as with them. Loaded by session_preload_libraries.
 */
#include "postgres.h"

#include "access/relscan.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "nodes/extensible.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_MODULE_MAGIC;

void _PG_init(void);

struct scan_state {
    CustomScanState custom; /* first, as PostgreSQL casts it */
    Oid elsewhere;
    Relation other;
    TableScanDesc scans[2]; /* of the table itself, and of what stands elsewhere */
    TupleTableSlot *slots[2];
    int at;
};

static set_rel_pathlist_hook_type next_hook;

static TupleTableSlot *next_row(ScanState *node)
{
    struct scan_state *state = (struct scan_state *)node;
    for (; state->at < 2; state->at++) {
        TupleTableSlot *slot = state->slots[state->at];
        if (table_scan_getnextslot(state->scans[state->at], ForwardScanDirection, slot))
            return ExecCopySlot(node->ss_ScanTupleSlot, slot);
    }
    return ExecClearTuple(node->ss_ScanTupleSlot);
}

static bool recheck(ScanState *node, TupleTableSlot *slot)
{
    return true;
}

static void begin(CustomScanState *node, EState *estate, int flags)
{
    struct scan_state *state = (struct scan_state *)node;
    Relation relations[2] = {node->ss.ss_currentRelation,
                             table_open(state->elsewhere, AccessShareLock)};
    state->other = relations[1];
    for (int i = 0; i < 2; i++) {
        state->scans[i] = table_beginscan(relations[i], estate->es_snapshot, 0, NULL);
        state->slots[i] = table_slot_create(relations[i], NULL);
    }
}

static TupleTableSlot *execute(CustomScanState *node)
{
    return ExecScan(&node->ss, next_row, recheck);
}

static void end(CustomScanState *node)
{
    struct scan_state *state = (struct scan_state *)node;
    for (int i = 0; i < 2; i++) {
        ExecDropSingleTupleTableSlot(state->slots[i]);
        table_endscan(state->scans[i]);
    }
    table_close(state->other, NoLock);
}

static void rescan(CustomScanState *node)
{
    struct scan_state *state = (struct scan_state *)node;
    for (int i = 0; i < 2; i++)
        table_rescan(state->scans[i], NULL);
    state->at = 0;
}

static const CustomExecMethods execution = {.CustomName = "elsewhere",
                                            .BeginCustomScan = begin,
                                            .ExecCustomScan = execute,
                                            .EndCustomScan = end,
                                            .ReScanCustomScan = rescan};

static Node *create_state(CustomScan *scan)
{
    struct scan_state *state = (struct scan_state *)palloc0(sizeof *state);
    NodeSetTag(state, T_CustomScanState);
    state->custom.methods = &execution;
    state->elsewhere = linitial_oid(scan->custom_private);
    return (Node *)state;
}

static const CustomScanMethods scan_methods = {.CustomName = "elsewhere",
                                               .CreateCustomScanState = create_state};

static Plan *plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *targets,
                       List *clauses, List *plans)
{
    CustomScan *scan = makeNode(CustomScan);
    scan->scan.plan.targetlist = targets;
    scan->scan.plan.qual = extract_actual_clauses(clauses, false);
    scan->scan.scanrelid = rel->relid;
    scan->custom_private = path->custom_private;
    scan->methods = &scan_methods;
    return &scan->scan.plan;
}

static const CustomPathMethods path_methods = {.CustomName = "elsewhere",
                                               .PlanCustomPath = plan_path};

/* Whether anything that is asked of the table is about its addresses. */
static bool names_addresses(RelOptInfo *rel, Index index)
{
    Bitmapset *columns = NULL;
    ListCell *cell;
    pull_varattnos((Node *)rel->reltarget->exprs, index, &columns);
    foreach (cell, rel->baserestrictinfo)
        pull_varattnos((Node *)lfirst_node(RestrictInfo, cell)->clause, index, &columns);
    return bms_is_member(SelfItemPointerAttributeNumber - FirstLowInvalidHeapAttributeNumber,
                         columns);
}

static void add_scan(PlannerInfo *root, RelOptInfo *rel, Index index, RangeTblEntry *entry)
{
    if (next_hook != NULL)
        next_hook(root, rel, index, entry);
    if (entry->rtekind != RTE_RELATION || entry->relkind != RELKIND_RELATION || entry->inh ||
        IS_DUMMY_REL(rel) || names_addresses(rel, index))
        return;
    char *name = psprintf("%s_elsewhere", get_rel_name(entry->relid));
    Oid elsewhere = get_relname_relid(name, get_rel_namespace(entry->relid));
    if (!OidIsValid(elsewhere))
        return;
    CustomPath *path = makeNode(CustomPath);
    path->path.pathtype = T_CustomScan;
    path->path.parent = rel;
    path->path.pathtarget = rel->reltarget;
    path->path.rows = rel->rows;
    path->custom_private = list_make1_oid(elsewhere);
    path->methods = &path_methods;
    rel->pathlist = list_make1(path);
    rel->partial_pathlist = NIL;
}

void _PG_init(void)
{
    RegisterCustomScanMethods(&scan_methods);
    next_hook = set_rel_pathlist_hook;
    set_rel_pathlist_hook = add_scan;
}
