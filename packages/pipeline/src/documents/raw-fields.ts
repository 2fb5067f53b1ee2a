/** Fields of a document as Firestore's REST has them: each value an object that names its type. */
export type RawFields = Readonly<Record<string, unknown>>;

/** Whether a value is an object with members. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is found inside of a value by one name after the other; undefined where there is nothing. */
export function memberOf(value: unknown, ...names: readonly string[]): unknown {
  let part = value;
  for (const name of names) {
    if (!isObject(part) || !Object.hasOwn(part, name)) return undefined;
    part = part[name];
  }
  return part;
}

/** The text of a value that is one. */
export function textIn(value: unknown): string | undefined {
  const text = memberOf(value, "stringValue");
  return typeof text === "string" ? text : undefined;
}
