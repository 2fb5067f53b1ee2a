import * as fc from "fast-check";
import type { PromotableDocument } from "../src/promote/promotion.ts";
import { documentsOf } from "./promote-world.ts";

/** What a table may be like: how rows are told apart, and what it is called. */
export const tableKinds = ["serial", "uuid", "text", "composite"] as const;
export type TableKind = (typeof tableKinds)[number];

export const randomTable = 'we "ird';

/** A table with a key of the blueprint's, columns with and without defaults, a check, and a reference to itself where it has one key column. */
export function randomTableYaml(kind: TableKind): string {
  const keys = {
    serial:
      "- { name: id, type: serial, primary_key: true }\n      - { name: Key 1, type: text, unique: true }",
    uuid: "- { name: id, type: uuid, primary_key: true, default: gen_random_uuid() }\n      - { name: Key 1, type: text, unique: true }",
    text: "- { name: Key 1, type: text, primary_key: true }",
    composite:
      "- { name: Key 1, type: text, nullable: false }\n      - { name: nr, type: integer, nullable: false }",
  };
  const reference = kind === "serial" ? "id" : "Key 1";
  return `
tables:
  '${randomTable}':${kind === "composite" ? "\n    primary_key: [Key 1, nr]" : ""}
    columns:
      ${keys[kind]}
      - { name: größe, type: text }
      - { name: status, type: text, nullable: false, default: "'new'" }
      - { name: tags, type: 'text[]', default: "'{a,b}'" }
      - { name: size, type: smallint, check: "size >= 0" }
      ${kind === "serial" || kind === "text" ? `- { name: boss, type: ${kind === "serial" ? "integer" : "text"}, references: { table: '${randomTable}', column: '${reference}' } }` : ""}
`;
}

/** What a version of a document gives. */
export interface RandomContent {
  readonly größe?: string | null;
  readonly status?: string;
  readonly tags?: readonly string[] | null;
  readonly size?: number | null;
  readonly boss?: number;
}

/** A document over time. Its key is one of few, or its own; after `moves` of its versions it has another one that nobody else has. */
export interface RandomDocument {
  readonly id: string;
  readonly key: string;
  readonly moves: number | undefined;
  /** PostgreSQL refuses each of its versions. */
  readonly bad: boolean;
  readonly versions: readonly RandomContent[];
}

export interface RandomPromotions {
  readonly kind: TableKind;
  readonly documents: readonly RandomDocument[];
  /** Keys of rows that are there before. */
  readonly rows: readonly string[];
  /** Which versions are promoted together; those of one list at the same time. */
  readonly rounds: readonly (readonly (readonly {
    readonly document: number;
    readonly version: number;
  }[])[])[];
}

const text = fc.constantFrom("x", "", "it's", "tab\t\\n", "größer");
const content: fc.Arbitrary<RandomContent> = fc.record(
  {
    größe: fc.option(text),
    status: text,
    tags: fc.option(fc.array(text, { maxLength: 2 })),
    size: fc.option(fc.nat(100)),
    boss: fc.nat(2),
  },
  { requiredKeys: [] },
);
const ids = ["a", "B", "c/1%", "ä", "\u{ff5e}", "\u{1f600}", "e", "f", "g", "h"];
const leaders = ["L0", "L1", "L2"];
const sharedKeys = ["k0", "k1", "k2", "k3"];

const documentOf = (id: string): fc.Arbitrary<RandomDocument> =>
  fc.record({
    id: fc.constant(id),
    key: leaders.includes(id) ? fc.constant(id) : fc.constantFrom(...sharedKeys),
    moves: leaders.includes(id) ? fc.constant(undefined) : fc.option(fc.nat(2), { nil: undefined }),
    bad: leaders.includes(id) ? fc.constant(false) : fc.constantFrom(false, false, false, true),
    versions: fc.array(content, { minLength: 1, maxLength: 4 }),
  });

export const randomPromotions: fc.Arbitrary<RandomPromotions> = fc
  .record({
    kind: fc.constantFrom(...tableKinds),
    documents: fc.tuple(...[...leaders, ...ids].map(documentOf)),
    rows: fc.subarray(sharedKeys.slice(0, 2)),
  })
  .chain((parts) => {
    const one = fc.record({ document: fc.nat(parts.documents.length - 1), version: fc.nat(3) });
    const batch = fc.uniqueArray(one, { selector: (part) => part.document, maxLength: 8 });
    return fc
      .array(fc.array(batch, { minLength: 1, maxLength: 3 }), { maxLength: 6 })
      .map((rounds) => ({ ...parts, rounds }));
  });

const versionOf = (document: RandomDocument, version: number): number =>
  Math.min(version, document.versions.length - 1);

/** A row that is there before is not given another key: nobody could say whose it had been. */
export function keyOf(
  { rows }: RandomPromotions,
  document: RandomDocument,
  version: number,
): string {
  const moved = document.moves !== undefined && version > document.moves;
  return moved && !rows.includes(document.key) ? `own ${document.id}` : document.key;
}

/** Leaders refer to earlier leaders only, others to any: each has a row in the end. */
function bossOf(
  given: RandomPromotions,
  document: RandomDocument,
  boss: number | undefined,
): string | undefined {
  if (given.kind !== "serial" && given.kind !== "text") return undefined;
  if (boss === undefined || (leaders.includes(document.id) && boss >= leaders.indexOf(document.id)))
    return undefined;
  return leaders[boss];
}

/** One version of a document as it is promoted. */
export function promotable(
  given: RandomPromotions,
  index: number,
  version: number,
): readonly PromotableDocument[] {
  const document = given.documents[index];
  if (document === undefined) return [];
  const v = versionOf(document, version);
  const { boss, ...columns } = document.versions[v] ?? {};
  const key = keyOf(given, document, v);
  const leader = bossOf(given, document, boss);
  const by =
    v % 2 === 0
      ? { kind: "document" as const, collection: "intake", id: leader ?? "" }
      : { kind: "lookup" as const, column: "Key 1", value: leader ?? "" };
  const target = given.kind === "serial" ? "id" : "Key 1";
  return documentsOf({
    [document.id]: {
      row: {
        ...columns,
        "Key 1": key,
        ...(given.kind === "composite" && { nr: 1 }),
        ...(document.bad && { size: -1 }),
      },
      references: leader === undefined ? [] : [{ column: "boss", table: randomTable, target, by }],
      at: 1_000_000 + v,
    },
  });
}

const byKey = (a: readonly [string, unknown], b: readonly [string, unknown]): number =>
  Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0]));

/** The rows, and the owners of rows, as they must be in the end. Rows in the order of their keys. */
export function expectedRows(given: RandomPromotions): {
  readonly rows: readonly object[];
  readonly owners: Readonly<Record<string, string>>;
} {
  const preset = { größe: null, status: "new", tags: ["a", "b"], size: null, boss: null };
  const rows = new Map<string, object>(
    given.rows.map((key) => [key, { key, ...preset, größe: "before", status: "before" }]),
  );
  const owners = new Map<string, string>();
  const inOrder = given.documents
    .filter(({ bad }) => !bad)
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
  for (const document of inOrder) {
    const last = document.versions.length - 1;
    const key = keyOf(given, document, last);
    if (owners.has(key)) continue;
    owners.set(key, document.id);
    const { boss, ...columns } = document.versions[last] ?? {};
    const leader = bossOf(given, document, boss);
    rows.set(key, {
      ...(rows.get(key) ?? { key, ...preset }),
      ...columns,
      ...(leader !== undefined && { boss: leader }),
    });
  }
  return {
    rows: [...rows].toSorted(byKey).map(([, row]) => row),
    owners: Object.fromEntries([...owners].toSorted(byKey)),
  };
}
