import { BackupError } from "../backup-error.ts";
import type { Phase } from "./catalog-query.ts";
import type { DependencyGraph } from "./dependency-graph.ts";
import { type Draft, objectId } from "./draft.ts";
import { findCycles } from "./find-cycles.ts";
import { type Plan, type PlanNode, planNodes, type PlanState } from "./plan-nodes.ts";

/** A node at its place: everything that it needs is before it. */
export interface OrderedNode extends PlanNode {
  readonly id: string;
  readonly needs: readonly string[];
}

/**
 * Puts the drafts into an order in which they can be made. Circles are broken by making defaults and checks later, and
 * views, parsed functions and types twice.
 *
 * @throws {BackupError} NOT_COVERED for a circle that nothing breaks.
 */
export function orderDrafts(drafts: readonly Draft[], graph: DependencyGraph): OrderedNode[] {
  const detached = new Set(
    drafts.flatMap((draft) => draft.pieces.filter((p) => p.late).map((p) => p.key)),
  );
  const stubbed = new Map<string, ReadonlySet<string> | undefined>();
  const state: PlanState = { detached, stubbed };
  for (;;) {
    const plan = planNodes(drafts, graph, state);
    const cycles = findCycles(plan.edges);
    if (cycles.length > 0) {
      for (const cycle of cycles) breakCycle(cycle, plan, { graph, detached, stubbed });
      continue;
    }
    const phases = phasesOf(plan);
    const late = [...plan.nodes.values()].filter(
      (node) =>
        node.phase === 0 &&
        phases.get(node.key) !== 0 &&
        node.stub === undefined &&
        node.draft.stub !== undefined &&
        !stubbed.has(node.key),
    );
    if (late.length === 0) return sortNodes(plan, phases);
    for (const node of late) stubbed.set(node.key, undefined);
  }
}

function breakCycle(
  cycle: readonly string[],
  plan: Plan,
  {
    graph,
    detached,
    stubbed,
  }: {
    readonly graph: DependencyGraph;
    readonly detached: Set<string>;
    readonly stubbed: Map<string, ReadonlySet<string> | undefined>;
  },
): void {
  const members = new Set(cycle);
  const nodes = cycle.flatMap((key) => plan.nodes.get(key) ?? []);
  const pieces = nodes.flatMap((node) => ((node.piece ?? node.stub) ? [] : node.draft.pieces));
  const before = detached.size;
  const find = (key: string): string | undefined =>
    graph.resolve(key, (at) => (plan.nodes.has(at) ? at : undefined));
  for (const piece of pieces) {
    const needs = graph.needsOf(piece.key).flatMap((key) => find(key) ?? []);
    if (needs.some((key) => key !== piece.owner && members.has(key))) detached.add(piece.key);
  }
  if (detached.size > before) return;
  const candidate = nodes
    .filter(
      (node) =>
        !node.piece && !node.stub && node.draft.stub !== undefined && !stubbed.has(node.key),
    )
    .toSorted((a, b) => compare(stubOrder(a), stubOrder(b)))[0];
  if (!candidate) throw circle(nodes);
  stubbed.set(candidate.key, members);
}

/** A view first: it is the easiest to make twice. */
function stubOrder({ draft }: PlanNode): string {
  return `${draft.kind === "view" ? 0 : 1} ${objectId(draft)}`;
}

function circle(nodes: readonly PlanNode[]): BackupError {
  const names = nodes.map((node) => objectId(node.draft)).join(", ");
  return new BackupError("NOT_COVERED", `These objects need each other: ${names}.`, {
    hint: "Back up with a pg_dump of the server's version, which is used for the schema when it is found.",
  });
}

/** Nothing is made in an earlier phase than what it needs. */
function phasesOf({ nodes, edges }: Plan): ReadonlyMap<string, Phase> {
  const phases = new Map<string, Phase>();
  const visit = (key: string): Phase => {
    const known = phases.get(key);
    if (known !== undefined) return known;
    let phase: Phase = nodes.get(key)?.phase ?? 0;
    for (const need of edges.get(key) ?? []) {
      const other = visit(need);
      if (other > phase) phase = other;
    }
    phases.set(key, phase);
    return phase;
  };
  for (const key of nodes.keys()) visit(key);
  return phases;
}

/** Each right after what it needs, otherwise by phase, kind and name: the same for every database with these objects. */
function sortNodes({ nodes, edges }: Plan, phases: ReadonlyMap<string, Phase>): OrderedNode[] {
  const ids = new Map([...nodes].map(([key, node]) => [key, nodeId(node)]));
  const idOf = (key: string): string => ids.get(key) ?? key;
  const rank = (key: string): string => {
    const node = nodes.get(key);
    const kind = kinds.indexOf(node?.draft.kind ?? "");
    const place = String(kind < 0 ? kinds.length : kind).padStart(2, "0");
    return `${phases.get(key) ?? 0}${place} ${idOf(key)}`;
  };
  const ranks = new Map([...nodes.keys()].map((key) => [key, rank(key)]));
  const byRank = (keys: Iterable<string>): string[] =>
    [...keys].toSorted((a, b) => compare(ranks.get(a) ?? "", ranks.get(b) ?? ""));
  const ordered: OrderedNode[] = [];
  const done = new Set<string>();
  const visit = (key: string): void => {
    if (done.has(key)) return;
    done.add(key);
    const needs = byRank(edges.get(key) ?? []);
    for (const need of needs) visit(need);
    const node = nodes.get(key);
    if (node === undefined) return;
    ordered.push({ ...node, phase: phases.get(key) ?? 0, id: idOf(key), needs: needs.map(idOf) });
  };
  for (const key of byRank(nodes.keys())) visit(key);
  return ordered;
}

/** What comes first where nothing else decides. */
const kinds: readonly string[] = [
  "schema",
  "extension",
  "language",
  "access method",
  "collation",
  "enum",
  "domain",
  "range",
  "base type",
  "composite type",
  // Nothing in the catalog says that a cast, or the order that a class gives a type, is used. A function that is made
  // after a transform uses it.
  "cast",
  "transform",
  "function",
  "procedure",
  "operator",
  "operator family",
  "operator class",
  "operator family member",
  "aggregate",
  "sequence",
  "table",
  "partition",
  "sequence owner",
  "view",
  "materialized view",
  "primary key",
  "unique constraint",
  "exclusion constraint",
  "index",
  "index attachment",
];

/** The id of a piece names its table, that of a stub says that it is one. */
export function nodeId({ draft, piece, stub }: PlanNode): string {
  if (stub) return objectId({ ...draft, kind: `${draft.kind} stub` });
  if (!piece) return objectId(draft);
  return objectId({ kind: piece.kind, schema: draft.schema, name: piece.name, table: draft.table });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
