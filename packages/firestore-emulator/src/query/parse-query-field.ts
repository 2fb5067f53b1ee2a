import { documentNameField, parseFieldPath, type FieldPath } from "../name/field-path.ts";
import type { FieldReference } from "../protocol/messages.ts";
import { invalidArgument } from "../rpc-error.ts";
import { isReserved } from "../write/check-fields.ts";

const maxPathBytes = 1500;

/**
 * A field as a query names it. `["__name__"]` is the document itself.
 *
 * @throws {RpcError} INVALID_ARGUMENT when it is none, or no field may have that name.
 */
export function parseQueryField(field: FieldReference | undefined): FieldPath {
  const text = field?.fieldPath ?? "";
  const path = parseFieldPath(text);
  if (isDocumentName(path)) return path;
  for (const name of path) {
    if (name === documentNameField) throw invalidArgument("the name __key__ is reserved");
    if (isReserved(name)) throw invalidArgument(`Invalid reserved name in field path ${name}`);
  }
  if (Buffer.byteLength(text) > maxPathBytes) {
    throw invalidArgument(`property path is longer than ${maxPathBytes} bytes.`);
  }
  return path;
}

/** Whether the path stands for the document's own name. */
export function isDocumentName(path: FieldPath): boolean {
  return path.length === 1 && path[0] === documentNameField;
}
