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
