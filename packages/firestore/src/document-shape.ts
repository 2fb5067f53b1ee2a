import type {
  AnyValue,
  DocumentWithId,
  FirestoreMap,
  FirestoreTimestamp,
  FirestoreValue,
} from "@ctb-data/models";
import type {
  ArrayRemove,
  ArrayUnion,
  DeleteField,
  Increment,
  ServerTimestamp,
} from "./field-change.ts";
import type { documentId } from "./field-path.ts";

/** The types of the documents of one collection. */
export interface DocumentShape {
  /** The fields, as Firestore holds them. */
  readonly data: object;
  /** What the model makes of them. */
  readonly value: unknown;
  /** A row of which the model makes a document. */
  readonly row: object;
}

/** A document of which nothing is known. */
export type AnyData = Readonly<Record<string, unknown>>;

/** The shape of a collection that is asked for by its name. */
export interface NamedShape<Data extends object> extends DocumentShape {
  readonly data: Data;
  readonly value: AnyValue;
  readonly row: AnyValue;
}

/** The shape of a collection of which the registry knows nothing. */
export type AnyShape = NamedShape<AnyData>;

/** The shape of a collection that is asked for by a generated class. */
export interface ClassShape<
  Data extends object,
  Value extends object,
  Instance extends object,
> extends DocumentShape {
  readonly data: Data;
  readonly value: Instance;
  readonly row: Value;
}

/** A generated class whose table is kept in Firestore. */
export interface DocumentClass<Value extends object, Data extends object, Instance extends object> {
  new (value: Value): Instance;
  readonly model: {
    readonly table: { readonly name: string };
    readonly toDocument: (value: Value, ownFields?: object) => DocumentWithId<Data>;
  };
}

type OptionalKeys<Data> = {
  [Key in keyof Data]-?: {} extends Pick<Data, Key> ? Key : never;
}[keyof Data];

type ChangeOf<Value> =
  | (FirestoreTimestamp extends Value ? ServerTimestamp | Date : never)
  | (number extends Value ? Increment : never)
  | (Extract<Value, readonly unknown[]> extends readonly (infer Item)[]
      ? [Item] extends [never]
        ? never
        : ArrayUnion<Item> | ArrayRemove<Item>
      : never)
  | (FirestoreMap extends Value ? MapInput : never);

/** A map with changes in it. */
export interface MapInput {
  readonly [field: string]:
    | FirestoreValue
    | Date
    | ServerTimestamp
    | Increment
    | ArrayUnion
    | ArrayRemove
    | MapInput;
}

/** What can be written to a field: its value, a `Date` for a timestamp, or a change such as `serverTimestamp()`. */
export type FieldInput<Value> = Value | ChangeOf<Value>;

/** A whole document to write. */
export type DocumentInput<Data> = { readonly [Key in keyof Data]: FieldInput<Data[Key]> };

/** The fields that are maps, so that paths lead into them. */
export type MapField<Data> = {
  [Key in keyof Data & string]-?: string extends Key
    ? Key
    : FirestoreMap extends NonNullable<Data[Key]>
      ? Key
      : never;
}[keyof Data & string];

/** Some fields to write; `metadata.source` writes inside of a map, and `deleteField()` removes what may be missing. */
export type DocumentChanges<Data> = {
  readonly [Key in keyof Data]?:
    | FieldInput<Data[Key]>
    | (Key extends OptionalKeys<Data> ? DeleteField : never);
} & {
  readonly [Path in `${MapField<Data>}.${string}`]?: FieldInput<FirestoreValue> | DeleteField;
};

/** A field to ask for: a name, a path into a map, or `documentId`. */
export type FieldPath<Data> =
  | (keyof Data & string)
  | `${MapField<Data>}.${string}`
  | typeof documentId
  | readonly string[];

/** The value of a field. */
export type ValueAt<Data, Path> = Path extends keyof Data
  ? Exclude<Data[Path], undefined>
  : FirestoreValue;

/** The same where a `Date` may stand for a timestamp. */
export type Operand<Value> = Value | (FirestoreTimestamp extends Value ? Date : never);
