import { encoderOf, type ModelIssue } from "@ctb-data/models";
import { FirestoreError, formatIssues } from "../firestore-error.ts";
import { kindOfValue } from "../value-kind.ts";
import type { ValueWriter } from "../write-values.ts";
import { isGeoPoint, isReference, isTimestamp, isVector } from "../write-values.ts";

/** Keeps negative zeros and every digit, which JSON.stringify does not. */
const print = encoderOf({ name: "json", kind: "json", dimensions: 0 });

export interface LineTarget {
  /** `projects/p/databases/d` */
  readonly database: string;
  readonly values: ValueWriter;
}

/**
 * The raw line of a document with these fields, without times and line feed.
 *
 * @throws {FirestoreError} INVALID_VALUE for what Firestore would change, cut or drop.
 */
export function lineOfValues(path: string, data: object, target: LineTarget): string {
  const issues: ModelIssue[] = [];
  const fields = Object.entries(data).map(([name, value]) => {
    const written = target.values.write(value, { path: [name], issues });
    return [name, issues.length === 0 ? jsonOf(written, target.database) : undefined] as const;
  });
  if (issues.length > 0)
    throw new FirestoreError(
      "INVALID_VALUE",
      `The document ${path} cannot be written: ${formatIssues(issues)}.`,
      { path, issues },
    );
  const name = `${target.database}/documents/${path}`;
  return print({
    name,
    ...(fields.length > 0 && { fields: Object.fromEntries(fields) }),
  });
}

/** A value of the SDK as Firestore's REST has it. */
function jsonOf(value: unknown, database: string): unknown {
  const kind = kindOfValue(value);
  if (kind === "string" || kind === "boolean") return { [`${kind}Value`]: value };
  if (kind === "integer") return { integerValue: String(value) };
  if (kind === "double") return { doubleValue: Number.isFinite(value) ? value : String(value) };
  if (typeof value !== "object" || value === null) return { nullValue: null };
  if (Array.isArray(value)) return arrayOf(value, database);
  return kind === "map" ? mapOf(value, database) : nativeOf(value, database);
}

function arrayOf(items: readonly unknown[], database: string): unknown {
  const values = items.map((item) => jsonOf(item, database));
  return { arrayValue: values.length === 0 ? {} : { values } };
}

function mapOf(value: object, database: string): unknown {
  const entries = Object.entries(value).map(([name, part]) => [name, jsonOf(part, database)]);
  return { mapValue: entries.length === 0 ? {} : { fields: Object.fromEntries(entries) } };
}

function nativeOf(value: object, database: string): unknown {
  if (value instanceof Uint8Array)
    return {
      bytesValue: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64"),
    };
  if (isTimestamp(value)) return { timestampValue: timeText(value) };
  if (isGeoPoint(value))
    return { geoPointValue: { latitude: value.latitude, longitude: value.longitude } };
  if (isVector(value)) return vectorOf(value.toArray());
  return isReference(value) ? { referenceValue: `${database}/documents/${value.path}` } : undefined;
}

function vectorOf(numbers: readonly number[]): unknown {
  const values = numbers.map((number) => ({
    doubleValue: Number.isFinite(number) ? number : String(number),
  }));
  return {
    mapValue: {
      fields: {
        __type__: { stringValue: "__vector__" },
        value: { arrayValue: values.length === 0 ? {} : { values } },
      },
    },
  };
}

function timeText({
  seconds,
  nanoseconds,
}: {
  readonly seconds: number;
  readonly nanoseconds: number;
}): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(nanoseconds).padStart(9, "0")}Z`;
}
