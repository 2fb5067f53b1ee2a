import { projectFields } from "../name/field-path.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import type { MapValue } from "../value/value.ts";
import { isDocumentName } from "./parse-query-field.ts";
import type { ParsedQuery } from "./parsed-query.ts";

/** What a query returns of a document. */
export function projectionOf({ select }: ParsedQuery): (document: StoredDocument) => MapValue {
  if (!select) return ({ fields }) => fields;
  const paths = select.filter((path) => !isDocumentName(path));
  return ({ fields }) => projectFields(fields, paths);
}
