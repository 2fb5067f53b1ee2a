import type { Phase } from "./catalog-query.ts";
import type { DependencyGraph } from "./dependency-graph.ts";
import type { Draft, Piece } from "./draft.ts";

/** Something that is made with one go: an object, a part of one that comes later, or a stub of one that comes before. */
export interface PlanNode {
  /** The key of the draft or piece; `stub:` and the key for a stub. */
  readonly key: string;
  readonly draft: Draft;
  readonly piece?: Piece;
  readonly stub?: true;
  readonly phase: Phase;
}

/** Which parts are taken out, and which objects are made twice. */
export interface PlanState {
  readonly detached: ReadonlySet<string>;
  /** For each object that has a stub: the keys of those that only need the stub; undefined for all of before the rows. */
  readonly stubbed: ReadonlyMap<string, ReadonlySet<string> | undefined>;
}

/** Nodes, and what each needs. */
export interface Plan {
  readonly nodes: ReadonlyMap<string, PlanNode>;
  readonly edges: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What a stub needs of what its object needs: types of columns and arguments, not what its body reads. */
const stubNeeds = /^(?:pg_type|pg_namespace|pg_collation|pg_language|pg_extension):/;
/** A shell type needs its schema only. */
const shellNeeds = /^(?:pg_namespace|pg_extension):/;

export function planNodes(
  drafts: readonly Draft[],
  graph: DependencyGraph,
  state: PlanState,
): Plan {
  const nodes = new Map<string, PlanNode>();
  const nodeOf = new Map<string, string>();
  for (const draft of drafts) {
    nodes.set(draft.key, { key: draft.key, draft, phase: draft.phase });
    nodeOf.set(draft.key, draft.key);
    for (const alias of draft.aliases) nodeOf.set(alias, draft.key);
    for (const piece of draft.pieces) {
      const out = state.detached.has(piece.key);
      nodeOf.set(piece.key, out ? piece.key : draft.key);
      const phase = piece.late ? 1 : draft.phase;
      if (out) nodes.set(piece.key, { key: piece.key, draft, piece, phase });
    }
    if (state.stubbed.has(draft.key)) {
      const key = `stub:${draft.key}`;
      nodes.set(key, { key, draft, stub: true, phase: 0 });
    }
  }
  return { nodes, edges: edgesOf(nodes, nodeOf, { graph, state }) };
}

function edgesOf(
  nodes: ReadonlyMap<string, PlanNode>,
  nodeOf: ReadonlyMap<string, string>,
  { graph, state }: { readonly graph: DependencyGraph; readonly state: PlanState },
): ReadonlyMap<string, ReadonlySet<string>> {
  const edges = new Map<string, Set<string>>();
  for (const key of nodes.keys()) edges.set(key, new Set());
  const find = (key: string): string | undefined => graph.resolve(key, (at) => nodeOf.get(at));
  const needsStubOnly = (of: string, on: string): boolean => {
    if (!state.stubbed.has(on)) return false;
    const members = state.stubbed.get(on);
    return members === undefined ? nodes.get(of)?.phase === 0 : members.has(of);
  };
  const add = (of: string, need: string): void => {
    const from = find(of);
    const to = find(need);
    if (from === undefined || to === undefined || from === to) return;
    edges.get(from)?.add(needsStubOnly(from, to) ? `stub:${to}` : to);
    if (!state.stubbed.has(from)) return;
    const wanted = from.startsWith("pg_type:") ? shellNeeds : stubNeeds;
    if (!wanted.test(need)) return;
    const stub = `stub:${from}`;
    edges.get(stub)?.add(needsStubOnly(stub, to) ? `stub:${to}` : to);
  };
  for (const [of, needs] of graph.entries()) for (const need of needs) add(of, need);
  for (const { key, draft, piece, stub } of nodes.values()) {
    if (piece) edges.get(key)?.add(draft.key);
    else if (stub) edges.get(draft.key)?.add(key);
    else for (const need of draft.needs) add(key, need);
  }
  for (const key of nodes.keys()) if (key.startsWith(refresh)) addRefreshes(key, edges);
  return edges;
}

const refresh = "refresh:";

/** A materialized view is filled after those that it reads, also through views and functions. */
function addRefreshes(key: string, edges: ReadonlyMap<string, Set<string>>): void {
  const own = key.slice(refresh.length);
  const seen = new Set<string>();
  const queue = [`pg_class:${own}`];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const other = `${refresh}${at.replace("pg_class:", "")}`;
    if (other !== key && edges.has(other)) edges.get(key)?.add(other);
    queue.push(...(edges.get(at) ?? []));
    if (at.startsWith("stub:")) queue.push(at.slice("stub:".length));
  }
}
