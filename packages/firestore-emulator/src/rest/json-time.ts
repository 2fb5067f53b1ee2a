import { parseTimeText } from "../persistence/time-text.ts";
import { Timestamp } from "../value/timestamp.ts";
import type { JsonPlace } from "./json-place.ts";
import { invalidValue } from "./json-problem.ts";
import type { JsonValue } from "./json-text.ts";

const withOffset = /^(?<local>.{19,29})(?<sign>[+-])(?<hours>\d\d):(?<minutes>[0-5]\d)$/u;
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;

/** Reads RFC 3339, in UTC or with an offset, to the nanosecond. @throws {RpcError} INVALID_ARGUMENT */
export function timestampFromJson(json: JsonValue, place: JsonPlace): Timestamp {
  const timestamp = typeof json === "string" ? parsed(json) : undefined;
  if (!timestamp) throw invalidValue(place, "type.googleapis.com/google.protobuf.Timestamp", json);
  return timestamp;
}

function parsed(text: string): Timestamp | undefined {
  const { local, sign, hours, minutes } = withOffset.exec(text)?.groups ?? {};
  if (local === undefined) return parseTimeText(text);
  const time = parseTimeText(`${local}Z`);
  const offset = (Number(hours) * 60 + Number(minutes)) * 60;
  if (!time || Number(hours) > 23) return undefined;
  const seconds = time.seconds - (sign === "-" ? -offset : offset);
  return seconds < firstSecond || seconds > lastSecond
    ? undefined
    : new Timestamp(seconds, time.nanos);
}

/** RFC 3339 in UTC with as many digits after the second as are needed, in threes. */
export function timestampToJson({ seconds, nanos }: Timestamp): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}${fraction(nanos)}Z`;
}

/** `1.500s` */
export function durationToJson({
  seconds,
  nanos,
}: {
  readonly seconds: number;
  readonly nanos: number;
}): string {
  return `${seconds}${fraction(nanos)}s`;
}

function fraction(nanos: number): string {
  if (nanos === 0) return "";
  const digits = String(nanos).padStart(9, "0");
  if (nanos % 1_000_000 === 0) return `.${digits.slice(0, 3)}`;
  return nanos % 1000 === 0 ? `.${digits.slice(0, 6)}` : `.${digits}`;
}
