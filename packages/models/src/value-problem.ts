import type { IssueCode } from "./model-error.ts";

/** Why a value is refused, before it is known where it stands. Becomes an issue of a `ModelError`. */
export class ValueProblem extends Error {
  override readonly name: string = "ValueProblem";
  readonly code: IssueCode;
  readonly hint: string | undefined;
  /** Where inside of the value: indexes of an array, keys of JSON. */
  readonly path: readonly PropertyKey[];

  constructor(
    code: IssueCode,
    message: string,
    {
      hint,
      path = [],
    }: { readonly hint?: string | undefined; readonly path?: readonly PropertyKey[] } = {},
  ) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.path = path;
  }

  /** The same problem of what has the value at this place. */
  inside(place: PropertyKey): ValueProblem {
    return new ValueProblem(this.code, this.message, {
      hint: this.hint,
      path: [place, ...this.path],
    });
  }
}

/** What a value is, in words that do not tell it. */
export function nameOfValue(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "an array";
  if (value instanceof Date) return "a Date";
  if (value instanceof Uint8Array) return "bytes";
  switch (typeof value) {
    case "string":
      return "a text";
    case "number":
      return "a number";
    case "bigint":
      return "a bigint";
    case "boolean":
      return "a boolean";
    case "object":
      return nameOfObject(value);
    case "function":
    case "symbol":
    case "undefined":
    default:
      return `a value of type ${typeof value}`;
  }
}

/** Objects of the SDKs of Firestore are told by their shape. */
function nameOfObject(value: object): string {
  if ("seconds" in value && "nanoseconds" in value) return "a Timestamp";
  if ("latitude" in value && "longitude" in value) return "a GeoPoint";
  if ("path" in value && Object.getPrototypeOf(value) !== Object.prototype) return "a reference";
  return "an object";
}

/** Throws the problem of a value that is of a wrong JavaScript type. */
export function refuse(expected: string, value: unknown, hint?: string): never {
  throw new ValueProblem("wrong_type", `must be ${expected}, not ${nameOfValue(value)}`, { hint });
}

/** The end of a switch that has a case for everything: the compiler says so when it has not. */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable: ${String(value)}`);
}
