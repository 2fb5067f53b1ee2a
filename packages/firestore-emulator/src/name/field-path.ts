import { invalidArgument } from "../rpc-error.ts";
import { isMap, type MapValue, type Value } from "../value/value.ts";

/** The names of the maps and of the field in them that a path leads through: `a.b` is `["a", "b"]`. */
export type FieldPath = readonly string[];

/** The pseudo field that stands for a document's own name. */
export const documentNameField = "__name__";

const simpleName = /^[A-Z_a-z][\w]*$/u;

/**
 * Reads `a.b` and `` `a.b`.c ``. Within backticks, `\` takes the next character as it is.
 *
 * @throws {RpcError} INVALID_ARGUMENT when it is no field path.
 */
export function parseFieldPath(text: string): FieldPath {
  if (simpleName.test(text)) return [text];
  const names: string[] = [];
  let index = 0;
  if (text === "") throw invalidArgument("Invalid empty property path string.");
  for (;;) {
    const [name, end] = text[index] === "`" ? readQuoted(text, index) : readSimple(text, index);
    names.push(name);
    if (end === text.length) return names;
    if (text[end] !== ".") throw invalidPath(text);
    index = end + 1;
  }
}

function readSimple(text: string, start: number): [string, number] {
  const dot = text.indexOf(".", start);
  const end = dot === -1 ? text.length : dot;
  const name = text.slice(start, end);
  if (!simpleName.test(name)) throw invalidPath(text);
  return [name, end];
}

function readQuoted(text: string, start: number): [string, number] {
  let name = "";
  for (let index = start + 1; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if (character === "`") {
      if (name === "") throw invalidPath(text);
      return [name, index + 1];
    }
    if (character === "\\") index += 1;
    name += text[index] ?? "";
  }
  throw invalidPath(text);
}

function invalidPath(text: string): Error {
  return invalidArgument(
    `Invalid property path "${text}". Unquoted property paths must match regex ([a-zA-Z_][a-zA-Z_0-9]*), and quoted property paths must match regex (\`(?:[^\`\\\\]|(?:\\\\.))+\`)`,
  );
}

/** The text of a path, with backticks where a name needs them. */
export function formatFieldPath(path: FieldPath): string {
  return path
    .map((name) =>
      simpleName.test(name)
        ? name
        : `\`${name.replaceAll(/[`\\]/gu, (character) => `\\${character}`)}\``,
    )
    .join(".");
}

/** The value that a path leads to; `undefined` where there is none. */
export function valueAt(fields: MapValue, path: FieldPath): Value | undefined {
  const [first] = path;
  if (first !== undefined && path.length === 1) return fields.get(first);
  let value: Value | undefined = fields;
  for (const name of path) {
    if (!isMap(value)) return undefined;
    value = value.get(name);
  }
  return value;
}

/**
 * A copy of the fields with the value in the path's place, or without that field when the value is `undefined`. What the
 * path leads through and is no map becomes one, unless there is nothing to put there.
 */
export function withValueAt(fields: MapValue, path: FieldPath, value: Value | undefined): MapValue {
  const [name, ...rest] = path;
  if (name === undefined) return fields;
  const copy = new Map(fields);
  if (rest.length === 0) {
    if (value === undefined) copy.delete(name);
    else copy.set(name, value);
    return copy;
  }
  const inner = fields.get(name);
  if (value === undefined && !isMap(inner)) return fields;
  copy.set(name, withValueAt(isMap(inner) ? inner : new Map<string, Value>(), rest, value));
  return copy;
}

/** Only the fields that the paths lead to, within the maps that they lead through. */
export function projectFields(fields: MapValue, paths: readonly FieldPath[]): MapValue {
  let projected: MapValue = new Map();
  for (const path of paths) {
    const value = valueAt(fields, path);
    if (value !== undefined) projected = withValueAt(projected, path, value);
  }
  return projected;
}
