import { nameOf } from "../name/resource-name.ts";
import type { DocumentMessage } from "../protocol/document-codec.ts";
import { timestampOf } from "../value/timestamp.ts";
import type { MapValue } from "../value/value.ts";

/** One version of a document. Immutable. Times are microseconds since 1970. */
export interface StoredDocument {
  /** Below `documents`, such as `clients/1`. */
  readonly path: string;
  readonly fields: MapValue;
  readonly createTime: number;
  readonly updateTime: number;
}

/** The document as the protocol has it. */
export function documentMessage(
  database: string,
  document: StoredDocument,
  fields: MapValue = document.fields,
): DocumentMessage {
  return {
    name: nameOf(database, document.path),
    fields,
    createTime: timestampOf(document.createTime),
    updateTime: timestampOf(document.updateTime),
  };
}
