/** PostgreSQL's NAMEDATALEN - 1: names are cut behind so many bytes. */
export const maxNameBytes = 63;

/** The length of a name in bytes of UTF-8, as PostgreSQL counts it. */
export function nameBytes(name: string): number {
  return Buffer.byteLength(name);
}

/** The start of a name, at most `bytes` long, without half a character at its end. */
function clip(name: string, bytes: number): string {
  let result = "";
  let length = 0;
  for (const character of name) {
    length += nameBytes(character);
    if (length > bytes) break;
    result += character;
  }
  return result;
}

/** What is left of two names beside a label. */
interface Fitted {
  readonly name1: string;
  readonly name2: string | undefined;
  /** How many bytes they may have. */
  readonly bytes: readonly [number, number];
}

function fitNames(name1: string, name2: string | undefined, label: string): Fitted {
  let bytes1 = nameBytes(name1);
  let bytes2 = name2 === undefined ? 0 : nameBytes(name2);
  const available = maxNameBytes - nameBytes(label) - 1 - (name2 === undefined ? 0 : 1);
  while (bytes1 + bytes2 > available) {
    if (bytes1 > bytes2) bytes1 -= 1;
    else bytes2 -= 1;
  }
  return {
    name1: clip(name1, bytes1),
    name2: name2 === undefined ? undefined : clip(name2, bytes2),
    bytes: [bytes1, bytes2],
  };
}

/**
 * PostgreSQL's makeObjectName: `name1_name2_label`. When that is too long, the longer of the two names is cut, byte by
 * byte, and half a character at the end goes too.
 */
export function makeObjectName(first: string, second: string | undefined, label: string): string {
  const { name1, name2 } = fitNames(first, second, label);
  return [name1, ...(name2 === undefined ? [] : [name2]), label].join("_");
}

/** PostgreSQL's ChooseIndexNameAddition: the columns' names, joined, until there are enough bytes. */
export function joinColumnNames(columns: readonly string[]): string {
  let joined = "";
  for (const column of columns) {
    joined += joined === "" ? column : `_${column}`;
    if (nameBytes(joined) >= maxNameBytes + 1) break;
  }
  return joined;
}

/** PostgreSQL's ChooseIndexColumnNames: a name that comes again gets a number. */
export function indexColumnNames(parts: readonly string[]): readonly string[] {
  const chosen: string[] = [];
  for (const part of parts) {
    let name = part;
    for (let number = 1; chosen.includes(name); number += 1) {
      const digits = String(number);
      name = clip(part, maxNameBytes - digits.length) + digits;
    }
    chosen.push(name);
  }
  return chosen;
}

/**
 * Gives names as PostgreSQL does when a statement names nothing: within one schema no two relations (tables, indexes,
 * sequences) have one name, and no two constraints that were not named by hand. Whoever comes later gets a number behind the label.
 */
export class ObjectNames {
  readonly #relations = new Set<string>();
  readonly #constraints = new Set<string>();
  /** The last number that was given behind a label, so that thousands of equal names are not tried from the first on. */
  readonly #passes = new Map<string, number>();

  /** Takes a name that the file gives; false when a relation has it already. */
  takeRelation(name: string): boolean {
    if (this.#relations.has(name)) return false;
    this.#relations.add(name);
    return true;
  }

  takeConstraint(name: string): void {
    this.#constraints.add(name);
  }

  /** A name for something that is a relation (an index, a sequence), a constraint, or both (a key). */
  choose(
    kinds: readonly ("relation" | "constraint")[],
    table: string,
    [columns, label]: readonly [string | undefined, string],
  ): string {
    const key = JSON.stringify([kinds, label, fitNames(table, columns, label)]);
    for (let pass = this.#passes.get(key) ?? 0; ; pass += 1) {
      const name = makeObjectName(table, columns, pass === 0 ? label : `${label}${pass}`);
      // A key's name must be free in both; PostgreSQL looks only at relations for an index that is no constraint.
      const relation = kinds.includes("relation");
      const constraint = kinds.includes("constraint");
      if (relation && this.#relations.has(name)) continue;
      if (constraint && this.#constraints.has(name)) continue;
      if (relation) this.#relations.add(name);
      if (constraint) this.#constraints.add(name);
      this.#passes.set(key, pass + 1);
      return name;
    }
  }
}
