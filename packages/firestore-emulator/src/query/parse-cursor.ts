import { documentNameField } from "../name/field-path.ts";
import { parseDocumentName } from "../name/resource-name.ts";
import type { CursorMessage } from "../protocol/messages.ts";
import { invalidArgument } from "../rpc-error.ts";
import { Reference } from "../value/reference.ts";
import type { Value } from "../value/value.ts";
import { checkQueryValue } from "./check-query-value.ts";
import { isDocumentName } from "./parse-query-field.ts";
import type { Bound, Order } from "./parsed-query.ts";

/**
 * Reads where a query starts or ends.
 *
 * @param orders those that were given: a cursor has no values for what they imply.
 * @throws {RpcError} INVALID_ARGUMENT
 */
export function parseCursor(
  database: string,
  orders: readonly Order[],
  cursor: CursorMessage | undefined,
): Bound | undefined {
  if (!cursor) return undefined;
  if (cursor.values.length > orders.length) {
    throw invalidArgument("Cursor has too many values.");
  }
  const values = cursor.values.map((value, index) => {
    const field = orders[index]?.field ?? [documentNameField];
    checkQueryValue(field, value);
    if (isDocumentName(field)) checkName(database, value);
    return value;
  });
  return { values, before: cursor.before };
}

function checkName(database: string, value: Value): void {
  if (!(value instanceof Reference)) {
    throw invalidArgument("Cursor __key__ value is not a document reference.");
  }
  if (parseDocumentName(value.name, "Resource").database !== database) {
    throw invalidArgument("The cursor key is in a different database than the query");
  }
}
