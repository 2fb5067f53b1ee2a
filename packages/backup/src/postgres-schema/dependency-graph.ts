import type { Catalog } from "./catalog-query.ts";
import type { Draft } from "./draft.ts";

/** A row of pg_depend: `of` needs `on`. */
export interface Dependency {
  readonly of: string;
  readonly on: string;
  /** `n`, `a`, `i`, `e`, `x`, `P` or `S`. */
  readonly type: string;
  /** A sequence that belongs to a column, a partition of a table: not something that they need to be made. */
  readonly ownership: boolean;
}

const sql = `SELECT d.classid::regclass || ':' || d.objid AS "of", d.refclassid::regclass || ':' || d.refobjid AS "on", d.deptype::text AS type,
  d.deptype = 'P' OR d.deptype = 'a' AND (c.relkind = 'S' AND d.refobjsubid > 0 OR c.relispartition AND c.relkind IN ('r', 'p', 'f')
    AND d.refclassid = 'pg_class'::regclass) AS ownership
  FROM pg_depend d LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
  WHERE d.objid >= 16384 AND (d.classid, d.objid) <> (d.refclassid, d.refobjid) AND (d.refobjid >= 16384 OR d.refclassid IN ('pg_namespace'::regclass, 'pg_extension'::regclass))
    AND coalesce(c.relkind, 'r') <> 't'`;

export async function readDependencies(catalog: Catalog): Promise<readonly Dependency[]> {
  return await catalog.rows<Dependency>(sql);
}

/** Who owns what has no draft of its own, and what needs what. Keys are those of the catalog. */
export class DependencyGraph {
  readonly #owners = new Map<string, string>();
  readonly #members = new Map<string, string>();
  readonly #needs = new Map<string, string[]>();

  constructor(dependencies: readonly Dependency[]) {
    for (const { of, on, type, ownership } of dependencies) {
      if (type === "e") this.#members.set(of, on);
      else if (type === "i") this.#owners.set(of, on);
      if (type === "e" || type === "x" || ownership) continue;
      const needs = this.#needs.get(of);
      if (needs) needs.push(on);
      else this.#needs.set(of, [on]);
    }
  }

  /** It is made by an extension, or together with something else. */
  isPartOfAnother(key: string): boolean {
    return this.#members.has(key) || this.#owners.has(key);
  }

  /** The key of the extension that it belongs to. */
  extensionOf(key: string): string | undefined {
    return this.#members.get(key);
  }

  /** The nearest one that `isNode` knows: the thing itself, its extension or its owner. */
  resolve(key: string, isNode: (key: string) => string | undefined): string | undefined {
    const seen = new Set<string>();
    for (let at: string | undefined = key; at !== undefined && !seen.has(at);) {
      const node = isNode(at);
      if (node !== undefined) return node;
      seen.add(at);
      at = this.#members.get(at) ?? this.#owners.get(at);
    }
    return undefined;
  }

  /** What something needs, as the catalog has it. */
  needsOf(key: string): readonly string[] {
    return this.#needs.get(key) ?? [];
  }

  /** Everything with needs, as the catalog has them. */
  entries(): IterableIterator<[string, readonly string[]]> {
    return this.#needs.entries();
  }
}

/** The drafts that are neither an extension's, nor made together with others, nor of a session's temporary tables. */
export function ownDrafts(drafts: readonly Draft[], graph: DependencyGraph): Draft[] {
  return drafts.filter(
    (draft) =>
      !graph.isPartOfAnother(draft.key) &&
      ![draft.schema, draft.table?.schema].some((schema) => schema?.startsWith("pg_temp_")),
  );
}
