import { checkCollections, collectionOf, draftDocuments } from "./check-documents.ts";
import { checkEncryptedUse } from "./check-encryption.ts";
import { enumOf } from "./check-enum.ts";
import { foreignKeysOf } from "./check-references.ts";
import { mergeSections, type Sections } from "./check-sections.ts";
import { checkShape, metaOf, type Checking } from "./check-shape.ts";
import { draftTable } from "./check-table.ts";
import { mappingOf } from "./document-fields.ts";
import { quoted } from "./problem.ts";
import type { Problem } from "./problem.ts";
import { readYaml } from "./read-yaml.ts";
import type { DocumentDraft, RegistryChecking, TableDraft } from "./registry-draft.ts";
import { mixinHeadSchema } from "./registry-schema.ts";
import type { DocumentMapping, Registry, Table } from "./registry.ts";
import { resolveNames, type NamedParts, type ResolvedTable } from "./resolve-names.ts";
import {
  childOf,
  isMapAt,
  itemsOf,
  keySpot,
  Problems,
  sourceOf,
  textAt,
  untilTooMany,
  type Located,
  type LocatedMap,
} from "./yaml-node.ts";

/** The text of a registry or blueprint file. */
export interface RegistryFile {
  /** Named in problems. */
  readonly file: string;
  readonly text: string;
}

export interface CheckOptions {
  /** Keys that are unknown and not close to a known one are errors too, not only warnings. */
  readonly strict?: boolean;
}

/** All that is wrong with a registry, and the registry itself when nothing is. */
export interface CheckedRegistry {
  /** Undefined when there is an error among the problems. */
  readonly registry?: Registry;
  /** In the order of the files and of their lines. */
  readonly problems: readonly Problem[];
}

/** Checks and resolves a registry that is spread over `files`, which are merged. Pure; never throws. */
export function checkRegistry(
  files: readonly RegistryFile[],
  options: CheckOptions = {},
): CheckedRegistry {
  const problems = new Problems();
  const registry = untilTooMany(() =>
    resolve(files, { problems, strict: options.strict ?? false }),
  );
  const sorted = sortProblems(problems.list, files);
  return problems.errorCount > 0 || registry === undefined
    ? { problems: sorted }
    : { registry, problems: sorted };
}

function sortProblems(
  problems: readonly Problem[],
  files: readonly RegistryFile[],
): readonly Problem[] {
  const order = new Map(files.map(({ file }, index) => [file, index]));
  const rank = ({ file }: Problem) => order.get(file) ?? 0;
  return problems.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}

function resolve(files: readonly RegistryFile[], checking: Checking): Registry {
  const read = files.map(({ file, text }) => readYaml(file, text, checking.problems));
  const sections = mergeSections(read, checking);
  reportEmpty(files, sections, checking.problems);
  const enums = readAll(sections.enums, (name, at) => enumOf(name, at, checking));
  const mixins = readAll(sections.mixins, (_, at) => mixinOf(at, checking));
  const common: RegistryChecking = {
    ...checking,
    schema: sections.schema,
    enums: enums.good,
    lostEnums: enums.lost,
    mixins: new Map<string, LocatedMap | undefined>([
      ...mixins.good,
      ...[...mixins.lost].map((name) => [name, undefined] as const),
    ]),
  };
  const tables = readAll(withoutExplosion(sections.tables, common), (name, at) =>
    draftTable(name, at, common),
  );
  checkTableIds(tables.good, checking.problems);
  const resolved = [...tables.good.values()].map((table): ResolvedTable => {
    checkEncryptedUse(table, common);
    return {
      ...table,
      foreignKeys: foreignKeysOf(table, {
        ...common,
        tables: tables.good,
        lostTables: tables.lost,
      }),
    };
  });
  const collections = readAll(sections.collections, (name, at) => collectionOf(name, at, common));
  const documents = mapDocuments(resolved, sections.collections, common);
  const parts = resolveNames(resolved, enums.good.values(), checking.problems);
  return {
    version: 1,
    schema: sections.schema,
    enums: enums.good,
    tables: assemble({ resolved, parts, documents }, checking),
    collections: collections.good,
    files: files.map(({ file }) => file),
  };
}

function reportEmpty(files: readonly RegistryFile[], sections: Sections, problems: Problems): void {
  const [first] = files;
  if (first === undefined || problems.errorCount > 0) return;
  if (sections.tables.size + sections.collections.size + sections.enums.size > 0) return;
  if (/^(?:tables|collections|enums):/m.test(files.map(({ text }) => text).join("\n"))) return;
  const source = { file: first.file, line: 1, column: 1 };
  problems.error(
    { in: { file: first.file, sourceAt: () => source }, offset: 0, path: "" },
    "empty",
    "the registry declares nothing",
    'begin with the key "tables"',
  );
}

/** So many nodes all uses of mixins may add: 100,000 columns. */
const maxMixedInNodes = 500_000;

/** The tables; none when a few lines of mixins would make more of them than memory holds. */
function withoutExplosion(
  tables: ReadonlyMap<string, Located>,
  { mixins, problems }: RegistryChecking,
): ReadonlyMap<string, Located> {
  let added = 0;
  for (const at of tables.values()) {
    const named = isMapAt(at) ? childOf(at, "mixins") : undefined;
    if (named === undefined) continue;
    for (const item of itemsOf(named)) added += mixins.get(textAt(item) ?? "")?.node.size ?? 0;
    if (added <= maxMixedInNodes) continue;
    const message = "the mixins repeat so much that the registry would be too large";
    problems.error(named, "too-large", message, "split it into several registries");
    return new Map();
  }
  return tables;
}

interface ReadAll<T> {
  readonly good: ReadonlyMap<string, T>;
  /** The names of those that could not be read. */
  readonly lost: ReadonlySet<string>;
}

function readAll<T>(
  places: ReadonlyMap<string, Located>,
  read: (name: string, at: Located) => T | undefined,
): ReadAll<T> {
  const good = new Map<string, T>();
  const lost = new Set<string>();
  for (const [name, at] of places) {
    const value = read(name, at);
    if (value === undefined) lost.add(name);
    else good.set(name, value);
  }
  return { good, lost };
}

function mixinOf(at: Located, checking: Checking): LocatedMap | undefined {
  const data = checkShape(mixinHeadSchema, at, checking);
  return data === undefined || !isMapAt(at) ? undefined : at;
}

function checkTableIds(tables: ReadonlyMap<string, TableDraft>, problems: Problems): void {
  const ids = new Map<string, string>();
  for (const { name, at, data } of tables.values()) {
    if (data.id !== undefined) {
      const before = ids.get(data.id);
      if (before !== undefined) {
        problems.error(
          keySpot(at, "id"),
          "duplicate-name",
          `the id ${quoted(data.id)} is also that of the table ${quoted(before)}`,
        );
      }
      ids.set(data.id, name);
    }
    if (data.renamed_from !== undefined && tables.has(data.renamed_from)) {
      problems.error(
        keySpot(at, "renamed_from"),
        "conflict",
        `there still is a table ${quoted(data.renamed_from)}`,
        "leave renamed_from out",
      );
    }
  }
}

function mapDocuments(
  tables: readonly ResolvedTable[],
  collections: ReadonlyMap<string, Located>,
  checking: RegistryChecking,
): ReadonlyMap<string, DocumentMapping> {
  const drafts: DocumentDraft[] = [];
  const keys = new Map(tables.map((table) => [table.name, table.foreignKeys]));
  for (const table of tables) {
    const draft = draftDocuments(table, checking);
    if (draft !== undefined) drafts.push(draft);
  }
  checkCollections(drafts, collections, checking);
  const documentIds = new Map(drafts.map(({ table, idColumn }) => [table.name, idColumn]));
  return new Map(
    drafts.map((draft) => {
      const foreignKeys = keys.get(draft.table.name) ?? [];
      return [draft.table.name, mappingOf(draft, { ...checking, documentIds, foreignKeys })];
    }),
  );
}

interface Assembly {
  readonly resolved: readonly ResolvedTable[];
  readonly parts: ReadonlyMap<string, NamedParts>;
  readonly documents: ReadonlyMap<string, DocumentMapping>;
}

function assemble(
  { resolved, parts, documents }: Assembly,
  checking: Checking,
): ReadonlyMap<string, Table> {
  const none: NamedParts = { uniques: [], checks: [], indexes: [], foreignKeys: [] };
  return new Map(
    resolved.map(({ name, at, data, columns }) => {
      const { id, renamed_from, description, owner, tags = [] } = data;
      const firestore = documents.get(name);
      const table: Table = {
        name,
        ...(id === undefined ? {} : { id }),
        ...(renamed_from === undefined ? {} : { renamedFrom: renamed_from }),
        ...(description === undefined ? {} : { description }),
        ...(owner === undefined ? {} : { owner }),
        tags,
        columns: new Map([...columns].map(([key, { column }]) => [key, column])),
        ...(parts.get(name) ?? none),
        ...(firestore === undefined ? {} : { firestore }),
        meta: metaOf(childOf(at, "meta"), checking),
        source: sourceOf(at),
      };
      return [name, table];
    }),
  );
}
