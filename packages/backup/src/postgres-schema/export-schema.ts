import type { Queryable } from "@ctb-data/postgres";
import type { Uncovered } from "../archive/postgres-manifest.ts";
import { BackupError } from "../backup-error.ts";
import { type Catalog, openCatalog } from "./catalog-query.ts";
import { DependencyGraph, ownDrafts, readDependencies } from "./dependency-graph.ts";
import type { Draft } from "./draft.ts";
import { orderDrafts, type OrderedNode } from "./order-drafts.ts";
import { readComments } from "./read-comments.ts";
import { readDrafts } from "./read-drafts.ts";
import { readGrants } from "./read-grants.ts";
import { readOwners } from "./read-owners.ts";
import type { SchemaExport, SchemaObject } from "./schema-object.ts";
import { inventorySql, uncoveredQueries } from "./uncovered-queries.ts";

export interface ExportSchemaOptions {
  readonly signal?: AbortSignal;
}

/** PostgreSQL's catalog as this code knows it. */
const firstVersion = 140_000;
const nextVersion = 190_000;

/**
 * The schema of a database, out of its catalog, as the open transaction sees it. Sets `search_path` and a few other things for the
 * rest of this transaction. Owners are among the grants, where they are others than the database's owner.
 *
 * @throws {BackupError} INVALID_OPTIONS when no transaction is open; UNSUPPORTED for a server that is not 14 to 18;
 * NOT_COVERED for objects that need each other in a circle.
 */
export async function exportSchema(
  connection: Queryable,
  options: ExportSchemaOptions = {},
): Promise<SchemaExport> {
  const catalog = await openCatalog(connection, options.signal);
  if (catalog.version < firstVersion || catalog.version >= nextVersion) {
    throw new BackupError(
      "UNSUPPORTED",
      `The catalog of server version ${catalog.version} is not known.`,
      {
        hint: "Use a server of version 14 to 18, or have a pg_dump of the server's version installed.",
      },
    );
  }
  await settle(catalog);
  const { drafts, uncovered } = await readDrafts(catalog);
  const graph = new DependencyGraph(await readDependencies(catalog));
  const own = ownDrafts(drafts, graph);
  const nodes = orderDrafts(own, graph);
  const keys = keysOf(own, nodes);
  const comments = await commentsByNode(catalog, keys);
  const objects = nodes.map((node) => ({
    phase: node.phase,
    object: objectOf(node, { nodes: keys, comments: comments.get(node.key) ?? [] }),
  }));
  return {
    serverVersionNumber: catalog.version,
    preData: objects.filter(({ phase }) => phase === 0).map(({ object }) => object),
    postData: objects.filter(({ phase }) => phase > 0).map(({ object }) => object),
    grants: [
      ...(await readGrants(catalog, (key) => keys.get(key)?.id)),
      // At the end: who restores may do less to what is somebody else's.
      ...(await readOwners(catalog, (key) => keys.get(key)?.id)),
    ],
    uncovered: [...uncovered, ...(await readUncovered(catalog, graph, keys))],
  };
}

/** Without a search path the server says the full name of everything. */
async function settle(catalog: Catalog): Promise<void> {
  await catalog.rows(`SELECT pg_catalog.set_config(name, value, true) FROM (VALUES ('search_path', ''), ('quote_all_identifiers', 'off'),
    ('DateStyle', 'ISO'), ('IntervalStyle', 'postgres'), ('extra_float_digits', '1'), ('TimeZone', 'UTC'), ('row_security', 'off')) s(name, value)`);
  const [row] = await catalog.rows<{ path: string }>(
    "SELECT pg_catalog.current_setting('search_path') AS path",
  );
  if (row?.path === "") return;
  throw new BackupError("INVALID_OPTIONS", "The schema can only be read inside of a transaction.", {
    hint: "Give exportSchema a connection on which BEGIN was run.",
  });
}

/** The node in which each key ended up. */
function keysOf(
  drafts: readonly Draft[],
  nodes: readonly OrderedNode[],
): ReadonlyMap<string, OrderedNode> {
  const keys = new Map(nodes.map((node) => [node.key, node]));
  for (const draft of drafts) {
    const node = keys.get(draft.key);
    if (node === undefined) continue;
    const inside = [...draft.aliases, ...draft.pieces.map((piece) => piece.key)];
    for (const key of inside) if (!keys.has(key)) keys.set(key, node);
  }
  return keys;
}

async function commentsByNode(
  catalog: Catalog,
  nodes: ReadonlyMap<string, OrderedNode>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const comments = new Map<string, string[]>();
  for (const { key, home, sql } of await readComments(catalog)) {
    const node = nodes.get(key) ?? nodes.get(home ?? "");
    if (node === undefined || sql === null) continue;
    comments.set(node.key, [...(comments.get(node.key) ?? []), sql]);
  }
  return comments;
}

function objectOf(
  node: OrderedNode,
  around: {
    readonly nodes: ReadonlyMap<string, OrderedNode>;
    readonly comments: readonly string[];
  },
): SchemaObject {
  const { draft, piece, stub, id, needs } = node;
  return {
    id,
    kind: piece?.kind ?? (stub ? `${draft.kind} stub` : draft.kind),
    schema: draft.schema,
    name: piece?.name ?? draft.name,
    sql: [mainSql(node, around.nodes), ...around.comments].map((part) => `${part};`).join("\n"),
    ...(needs.length === 0 ? {} : { dependsOn: needs }),
    ...(draft.table === undefined ? {} : { table: draft.table }),
    ...(draft.roles.length === 0 ? {} : { roles: draft.roles }),
  };
}

function mainSql(
  { key, draft, piece, stub }: OrderedNode,
  nodes: ReadonlyMap<string, OrderedNode>,
): string {
  if (piece) return piece.separate;
  if (stub) return draft.stub ?? "";
  return draft.render(draft.pieces.filter((part) => nodes.get(part.key)?.key === key));
}

interface InventoryItem {
  readonly key: string;
  readonly kind: string;
  readonly name: string;
  /** The key of what it is made with. */
  readonly home: string | null;
}

/** What the database has, less what is exported and what comes with it. */
async function readUncovered(
  catalog: Catalog,
  graph: DependencyGraph,
  nodes: ReadonlyMap<string, OrderedNode>,
): Promise<Uncovered[]> {
  const uncovered: Uncovered[] = [];
  for (const sql of uncoveredQueries(catalog.version)) {
    for (const { kind, name, why } of await catalog.rows<Uncovered>(
      `SELECT * FROM (${sql}) u(kind, name, why)`,
    )) {
      uncovered.push({ kind, name, why });
    }
  }
  const items = await catalog.rows<InventoryItem>(inventorySql);
  const homes = new Map(items.map(({ key, home }) => [key, home ?? undefined]));
  const isKnown = (key: string): string | undefined =>
    key === "internal" || nodes.has(key) || graph.extensionOf(key) !== undefined ? key : undefined;
  const isCovered = (key: string): boolean => {
    if (graph.resolve(key, isKnown) !== undefined) return true;
    const home = homes.get(key);
    return home !== undefined && home !== key && isCovered(home);
  };
  for (const { key, kind, name } of items) {
    if (isCovered(key)) continue;
    uncovered.push({ kind, name, why: "this version does not know how to make it" });
  }
  return uncovered;
}
