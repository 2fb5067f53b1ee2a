import { projectFields } from "../name/field-edit.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import type { MapValue } from "../value/value.ts";
import { isDocumentName } from "./parse-query-field.ts";
import type { ParsedQuery } from "./parsed-query.ts";

/** What of the fields a query returns. */
export function projectionOf({ select }: ParsedQuery): (fields: MapValue) => MapValue {
  if (!select) return (fields) => fields;
  const paths = select.filter((path) => !isDocumentName(path));
  return (fields) => projectFields(fields, paths);
}

/**
 * The same with the distance of each document in the field that was asked for. A selection that does not name the field
 * leaves it out.
 */
export function distanceProjectionOf(
  query: ParsedQuery,
  distances: ReadonlyMap<StoredDocument, number>,
): (document: StoredDocument) => MapValue {
  const project = projectionOf(query);
  const name = query.findNearest?.resultField?.[0];
  if (name === undefined) return ({ fields }) => project(fields);
  return (document) =>
    project(new Map(document.fields).set(name, distances.get(document) ?? Number.NaN));
}
