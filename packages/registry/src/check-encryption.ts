import { checkColumnName } from "./check-name.ts";
import { isSerial } from "./column-type.ts";
import { quoted } from "./problem.ts";
import type { ColumnDraft, RegistryChecking, TableDraft } from "./registry-draft.ts";
import type { Column, ColumnEncryption, ColumnType } from "./registry.ts";
import { childOf, keySpot, sourceOf, type LocatedMap, type Spot } from "./yaml-node.ts";

interface Encrypted {
  readonly data: ColumnDraft["data"];
  readonly at: LocatedMap;
  readonly type: ColumnType;
  readonly inKey: boolean;
}

/** Kinds whose values have one spelling each, and enough of them that a hash does not give them away. */
const hashable = new Set<ColumnType["kind"]>([
  "text",
  "uuid",
  "int16",
  "int32",
  "int64",
  "date",
  "timestamp",
  "timestamptz",
]);

/** How a column is encrypted; undefined when it is not. Reports columns that cannot be. */
export function encryptionOf(
  { data, at, type, inKey }: Encrypted,
  checking: RegistryChecking,
): ColumnEncryption | undefined {
  if (data.encrypted === undefined || data.encrypted === false) return undefined;
  const fail = (spot: Spot, message: string, hint?: string) =>
    checking.problems.error(spot, "invalid-encryption", message, hint);
  const here = keySpot(at, "encrypted");
  if (inKey) fail(here, "a column of the primary key cannot be encrypted");
  if (isSerial(type))
    fail(here, `a ${type.name} cannot be encrypted, because PostgreSQL makes its values`);
  if (data.default !== undefined && data.default !== null) {
    fail(
      keySpot(at, "default"),
      "an encrypted column has no default, because PostgreSQL has no key to encrypt it with",
    );
  }
  if (data.check !== undefined) {
    fail(
      keySpot(at, "check"),
      "an encrypted column has no check, because PostgreSQL sees only ciphertext",
      "use min, max, pattern or format",
    );
  }
  if (data.references !== undefined) {
    fail(keySpot(at, "references"), "an encrypted column cannot reference another one");
  }
  const blindIndex = blindIndexOf(data, at, checking);
  if (data.unique === true && blindIndex === undefined) {
    fail(
      keySpot(at, "unique"),
      "an encrypted column cannot be unique, because each ciphertext is another one",
      "add encrypted: { blind_index: true }",
    );
  }
  if (blindIndex === undefined) return {};
  if (!hashable.has(type.kind) || type.dimensions > 0) {
    const what = type.dimensions > 0 ? "an array" : type.name;
    fail(
      here,
      `${what} cannot have a blind index`,
      "only text, uuid, whole numbers, dates and timestamps can",
    );
  }
  if (blindIndex.normalize !== "none" && type.kind !== "text")
    fail(here, `"normalize" is for texts, not for ${type.name}`);
  if (data.unique === true && blindIndex.bits < 128) {
    fail(
      here,
      `with ${blindIndex.bits} bits two different values may look the same, and unique would refuse the second`,
      "use 128 bits or more",
    );
  }
  return { blindIndex };
}

function blindIndexOf(
  data: ColumnDraft["data"],
  at: LocatedMap,
  { problems }: RegistryChecking,
): ColumnEncryption["blindIndex"] {
  const options = typeof data.encrypted === "object" ? data.encrypted.blind_index : undefined;
  if (options === undefined || options === false) return undefined;
  const {
    column = `${data.name}_bidx`,
    normalize = "none",
    bits = data.unique === true ? 256 : 64,
  } = options === true ? {} : options;
  const spot = childOf(at, "encrypted") ?? at;
  if (!checkColumnName(column, spot, problems)) return undefined;
  return { column, normalize, bits };
}

/** The column that holds the blind index of an encrypted one; undefined for any other column. */
export function blindIndexColumn({ at, column }: ColumnDraft): Column | undefined {
  const { encryption, nullable, name, id, renamedFrom } = column;
  if (encryption?.blindIndex === undefined) return undefined;
  const isNamed = encryption.blindIndex.column !== `${name}_bidx`;
  return {
    name: encryption.blindIndex.column,
    // It is renamed with its column.
    ...(id === undefined ? {} : { id: `${id} (blind index)` }),
    ...(renamedFrom === undefined || isNamed ? {} : { renamedFrom: `${renamedFrom}_bidx` }),
    type: { name: "text", kind: "text", dimensions: 0 },
    nullable,
    blindIndexOf: name,
    examples: [],
    meta: {},
    source: sourceOf(at),
  };
}

/** Reports what a table does with encrypted columns that works only on values that PostgreSQL can read. */
export function checkEncryptedUse(table: TableDraft, { problems }: RegistryChecking): void {
  const encrypted = new Set(
    [...table.columns.values()].flatMap(({ column }) => (column.encryption ? [column.name] : [])),
  );
  if (encrypted.size === 0) return;
  const refuse = (spot: Spot, columns: readonly string[], what: string) => {
    for (const name of columns.filter((column) => encrypted.has(column))) {
      const blind = table.columns.get(name)?.column.encryption?.blindIndex;
      const hint =
        blind === undefined
          ? undefined
          : `the column ${quoted(blind.column)} holds its blind index`;
      problems.error(
        spot,
        "invalid-encryption",
        `the encrypted column ${quoted(name)} cannot be in ${what}`,
        hint,
      );
    }
  };
  for (const check of table.checks) refuse(check.spot, check.columns, "a check");
  for (const unique of table.uniques) refuse(unique.spot, unique.columns, "a unique constraint");
  for (const index of table.indexes) refuse(index.spot, index.columns, "an index");
}
