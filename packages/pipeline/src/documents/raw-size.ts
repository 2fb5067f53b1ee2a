import { isObject, memberOf } from "./raw-fields.ts";

/** The most that one document may take, name and fields together. https://firebase.google.com/docs/firestore/quotas */
export const mostDocumentBytes = 1_048_576;

/** What a document takes by Firestore's own rules: https://firebase.google.com/docs/firestore/storage-size */
export function documentSizeBytes(path: string, fields: unknown): number {
  return nameSize(path) + mapSize(fields) + 32;
}

/** Each id as a text, and 16 bytes. */
function nameSize(path: string): number {
  return path.split("/").reduce((size, id) => size + textSize(id), 16);
}

const textSize = (text: string): number => Buffer.byteLength(text) + 1;

function mapSize(fields: unknown): number {
  if (!isObject(fields)) return 0;
  let size = 0;
  for (const [name, value] of Object.entries(fields)) size += textSize(name) + valueSize(value);
  return size;
}

function valueSize(raw: unknown): number {
  const [type, content]: readonly unknown[] = isObject(raw) ? (Object.entries(raw)[0] ?? []) : [];
  switch (type) {
    case "nullValue":
    case "booleanValue":
      return 1;
    case "stringValue":
      return textSize(String(content));
    case "bytesValue":
      return Buffer.byteLength(String(content), "base64");
    case "referenceValue":
      return nameSize(String(content).split("/").slice(5).join("/"));
    case "geoPointValue":
      return 16;
    case "mapValue":
      return mapSize(memberOf(content, "fields"));
    case "arrayValue": {
      const values = memberOf(content, "values");
      return Array.isArray(values)
        ? values.reduce<number>((size, value) => size + valueSize(value), 0)
        : 0;
    }
    default:
      return 8;
  }
}
