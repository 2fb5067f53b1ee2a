/** Which of its values something has in a row: the row's number in a mixed radix, `floor(number / divisor) % modulus`. */
export interface Unit {
  readonly divisor: number;
  readonly modulus: number;
}

/** A part of a key: a column, or a reference that fills some in. */
export interface KeyPart {
  readonly name: string;
  /** How many values it has. */
  readonly capacity: number;
  /** Taken only when the others are not enough. */
  readonly last: boolean;
}

/** So many rows are enough for whatever is wanted of a key; the rest of its columns is left to chance. */
const enough = 2 ** 31;

/** The digit that a unit has in a row. */
export function unitIndex({ divisor, modulus }: Unit, number: number): number {
  return Math.floor(number / divisor) % modulus;
}

/**
 * Gives the parts of keys such digits of the row's number that no key comes twice, as far as their values go. Returns
 * the units by the names of the parts, and for each key how many rows it has.
 */
export function assignUnits(keys: readonly (readonly KeyPart[])[]): {
  readonly units: ReadonlyMap<string, Unit>;
  readonly capacities: readonly number[];
} {
  const units = new Map<string, Unit>();
  const order = [...keys.keys()].toSorted((a, b) => (keys[a]?.length ?? 0) - (keys[b]?.length ?? 0));
  const capacities = Array.from(keys, () => 0);
  for (const at of order) {
    const parts = keys[at] ?? [];
    let capacity = known(parts, units);
    const open = parts
      .filter(({ name }) => !units.has(name))
      .toSorted((a, b) => Number(a.last) - Number(b.last) || b.capacity - a.capacity);
    for (const part of open) {
      if (capacity >= enough) break;
      units.set(part.name, { divisor: capacity, modulus: Math.max(part.capacity, 1) });
      capacity *= part.capacity;
    }
    capacities[at] = Math.min(capacity, Number.MAX_SAFE_INTEGER);
  }
  return { units, capacities };
} // prettier-ignore

/** How many rows the parts that have a unit already tell apart. */
function known(parts: readonly KeyPart[], units: ReadonlyMap<string, Unit>): number {
  let capacity = 1;
  const own = parts
    .flatMap((part) => units.get(part.name) ?? [])
    .toSorted((a, b) => a.divisor - b.divisor);
  for (const { divisor, modulus } of own) {
    // Within a window of `capacity` numbers this digit and the ones before it are enough.
    if (divisor <= capacity) capacity = Math.max(capacity, divisor * modulus);
  }
  return capacity;
}
