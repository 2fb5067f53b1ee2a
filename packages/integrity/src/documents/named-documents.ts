/** A document that a value refers to. */
export interface NamedDocument {
  /** Relative to the database. */
  readonly path: string;
  /** Where the reference stands: names of fields, and places in arrays. */
  readonly place: readonly (string | number)[];
}

/**
 * The documents of this database that a raw line refers to by values that are references, at any depth.
 *
 * @param database `projects/p/databases/d`
 */
export function namedDocuments(line: string, database: string): readonly NamedDocument[] {
  // Most documents refer to none that way.
  if (!line.includes('"referenceValue"')) return [];
  const found: NamedDocument[] = [];
  const prefix = `${database}/documents/`;
  const walk = (value: unknown, place: readonly (string | number)[]): void => {
    const name = memberOf(value, "referenceValue");
    if (typeof name === "string" && name.startsWith(prefix))
      found.push({ path: name.slice(prefix.length), place });
    walkFields(memberOf(memberOf(value, "mapValue"), "fields"), place);
    const values = memberOf(memberOf(value, "arrayValue"), "values");
    if (Array.isArray(values))
      for (const [index, item] of values.entries()) walk(item, [...place, index]);
  };
  const walkFields = (fields: unknown, place: readonly (string | number)[]): void => {
    if (typeof fields !== "object" || fields === null) return;
    for (const [name, value] of Object.entries(fields)) walk(value, [...place, name]);
  };
  const document: unknown = JSON.parse(line);
  walkFields(memberOf(document, "fields"), []);
  return found;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
