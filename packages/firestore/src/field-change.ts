import type { FirestoreValue } from "@ctb-data/models";

/** What is done to a field when it is written, in the place of a value. */
export type ChangeKind =
  | "serverTimestamp"
  | "increment"
  | "arrayUnion"
  | "arrayRemove"
  | "deleteField";

/** @internal */
export class FieldChange<Kind extends ChangeKind, Operand> {
  readonly kind: Kind;
  readonly operand: Operand;

  constructor(kind: Kind, operand: Operand) {
    this.kind = kind;
    this.operand = operand;
  }
}

/** The time of the server. */
export type ServerTimestamp = FieldChange<"serverTimestamp", undefined>;
export type Increment = FieldChange<"increment", number | bigint>;
export type ArrayUnion<Item = FirestoreValue> = FieldChange<"arrayUnion", readonly Item[]>;
export type ArrayRemove<Item = FirestoreValue> = FieldChange<"arrayRemove", readonly Item[]>;
export type DeleteField = FieldChange<"deleteField", undefined>;

export type AnyFieldChange =
  | ServerTimestamp
  | Increment
  | ArrayUnion<unknown>
  | ArrayRemove<unknown>
  | DeleteField;

/** The time at which the server takes the write. All of one commit are the same. */
export function serverTimestamp(): ServerTimestamp {
  return new FieldChange("serverTimestamp", undefined);
}

/** Adds to a number; a field that is none becomes `by`. Integers stop at the ends of 64 bits. */
export function increment(by: number | bigint): Increment {
  return new FieldChange("increment", by);
}

/** Adds the values that the array does not have yet. */
export function arrayUnion<const Items extends readonly unknown[]>(
  ...items: Items
): ArrayUnion<Items[number]> {
  return new FieldChange("arrayUnion", items);
}

/** Removes every occurrence of the values. */
export function arrayRemove<const Items extends readonly unknown[]>(
  ...items: Items
): ArrayRemove<Items[number]> {
  return new FieldChange("arrayRemove", items);
}

/** Removes the field: for `update`, and `set` with `merge`. */
export function deleteField(): DeleteField {
  return new FieldChange("deleteField", undefined);
}

export function isFieldChange(value: unknown): value is AnyFieldChange {
  return value instanceof FieldChange;
}
