import { createHash } from "node:crypto";
import type { FieldFailure } from "../failure.ts";

/** What one document of failures may have: well below a mebibyte and 40,000 index entries, and more than anybody reads. */
const most = { failures: 300, nameLength: 500, messageLength: 1000 } as const;

/** The failures of a document, as they are kept. */
export interface FailureContent {
  readonly collection: string;
  /** `projects/p/databases/d/documents/clients/42` */
  readonly document: string;
  /** Of the document that failed. */
  readonly contentHash: string;
  readonly failures: readonly FieldFailure[];
}

type Fields = Readonly<Record<string, object>>;

const text = (value: string): object => ({ stringValue: value });

/**
 * The fields of a document of failures as Firestore's REST has them, their names in order, but for `failed_at`. Very many failures, and
 * very long texts, are cut: `more` counts what was left out.
 */
export function failureFieldsOf(content: FailureContent): Fields {
  const { collection, contentHash, document, failures } = content;
  const shown = failures.slice(0, most.failures).map(({ code, field, message }) => ({
    mapValue: {
      fields: {
        code: text(code),
        field: text(cutText(field, most.nameLength)),
        message: text(cutText(message, most.messageLength)),
      },
    },
  }));
  const left = failures.length - shown.length;
  return {
    collection: text(collection),
    content_hash: text(contentHash),
    document: { referenceValue: document },
    failures: { arrayValue: shown.length === 0 ? {} : { values: shown } },
    ...(left > 0 && { more: { integerValue: String(left) } }),
  };
}

/** A text that Firestore keeps as it is. A hash of all tells those apart that begin alike. */
export function cutText(value: string, length: number): string {
  const kept =
    value.length <= length
      ? value
      : `${value.slice(0, length)}… (${value.length} characters, ${createHash("sha256").update(value).digest("hex").slice(0, 8)})`;
  return kept.replaceAll(/\p{Surrogate}/gu, "\u{fffd}");
}
