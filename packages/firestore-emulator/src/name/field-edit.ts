import { isMap, type MapValue, type Value } from "../value/value.ts";
import { valueAt, type FieldPath } from "./field-path.ts";

/** Fields that are changed path by path. What is given stays as it is; each map is copied once, however much changes in it. */
export class FieldEdit {
  readonly #fields: Map<string, Value>;
  /** The maps that were made here, and may be changed. */
  readonly #own = new Set<unknown>();

  constructor(fields: MapValue) {
    this.#fields = new Map(fields);
  }

  /** The fields as they are now. Not to be changed any more once they are used. */
  get fields(): MapValue {
    return this.#fields;
  }

  get(path: FieldPath): Value | undefined {
    return valueAt(this.#fields, path);
  }

  /**
   * Puts the value in the path's place, or deletes that field when the value is `undefined`. What the path leads through and
   * is no map becomes one, unless there is nothing to put there.
   */
  set(path: FieldPath, value: Value | undefined): void {
    const last = path.at(-1);
    if (last === undefined) return;
    let map = this.#fields;
    for (const name of path.slice(0, -1)) {
      const inner = map.get(name);
      if (value === undefined && !isMap(inner)) return;
      map = this.#ownMap(map, name, inner);
    }
    if (value === undefined) map.delete(last);
    else map.set(last, value);
  }

  #ownMap(outer: Map<string, Value>, name: string, inner: Value | undefined): Map<string, Value> {
    if (inner instanceof Map && this.#own.has(inner)) return inner;
    const copy = new Map<string, Value>(isMap(inner) ? inner : []);
    this.#own.add(copy);
    outer.set(name, copy);
    return copy;
  }
}

/** Only the fields that the paths lead to, within the maps that they lead through. */
export function projectFields(fields: MapValue, paths: readonly FieldPath[]): MapValue {
  const projected = new FieldEdit(new Map());
  for (const path of paths) {
    const value = valueAt(fields, path);
    if (value !== undefined) projected.set(path, value);
  }
  return projected.fields;
}
