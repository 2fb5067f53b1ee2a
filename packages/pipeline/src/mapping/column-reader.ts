import {
  decoderOf,
  jsonNull,
  modelOf,
  type Json,
  type Model,
  type ModelColumn,
  type ModelValue,
} from "@ctb-data/models";
import { jsonOfText, scalarTextOf } from "./json-scalar.ts";
import { attempt, Misfit } from "./misfit.ts";

/** What a value is read as: a text is JSON for a column of JSON, or it is data. */
export type ReadAs = "text" | "data";

/** Reads a value that is not null. */
export type ReadColumn = (value: Exclude<Json, null>) => ModelValue | Misfit;

/**
 * Compiles the reader of a column's values as files have them: texts as PostgreSQL reads them, or JSON's data. What comes out is what the
 * model of the column takes, by its type and all rules of the registry.
 */
export function columnReaderOf(column: ModelColumn, readAs: ReadAs): ReadColumn {
  const { kind, dimensions } = column.type;
  const read = dimensions > 0 ? arrayReaderOf(column, readAs) : plainReaderOf(kind, readAs);
  const model = modelOf({ name: "", columns: new Map([[column.name, column]]) });
  return (value) => {
    const raw = read(value);
    return raw instanceof Misfit ? raw : checked(model, column.name, raw);
  };
}

type Raw = Exclude<ModelValue, null>;
type ReadRaw = (value: Exclude<Json, null>) => Raw | Misfit;

function checked(model: Model, name: string, raw: Raw): ModelValue | Misfit {
  return attempt(() => model.parse(Object.fromEntries([[name, raw]]))[name] ?? null);
}

function plainReaderOf(kind: ModelColumn["type"]["kind"], readAs: ReadAs): ReadRaw {
  if (kind === "json") {
    return readAs === "data"
      ? (value) => value
      : (value) => (typeof value === "string" ? (jsonOfText(value) ?? jsonNull) : value);
  }
  const read = textReaders[kind];
  return (value) => {
    const text = scalarTextOf(value);
    if (text === undefined) {
      return new Misfit("wrong_type", "is an object or a list, not a single value");
    }
    return kind === "bytes" && readAs === "data" ? bytesOfData(text) : read(text);
  };
}

const plain = (text: string): Raw => text;
const trimmed = (text: string): Raw => text.trim();

const textReaders: Readonly<
  Record<Exclude<ModelColumn["type"]["kind"], "json">, (text: string) => Raw | Misfit>
> = {
  int16: wholeOf,
  int32: wholeOf,
  int64: wholeOf,
  decimal: trimmed,
  float32: floatOf,
  float64: floatOf,
  boolean: booleanOf,
  text: plain,
  enum: plain,
  uuid: trimmed,
  date: trimmed,
  time: trimmed,
  timestamp: trimmed,
  timestamptz: trimmed,
  interval: trimmed,
  inet: trimmed,
  bytes: bytesOfText,
};

/** A whole number, exactly; `12.00` is one. */
function wholeOf(text: string): bigint | Misfit {
  const whole = /^\s*(?:\+(?=\d))?(?<digits>-?\d{1,1000})(?:\.0*)?\s*$/.exec(text)?.groups?.[
    "digits"
  ];
  return whole === undefined ? new Misfit("wrong_type", "is not a whole number") : BigInt(whole);
}

const floatText = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|(?<special>nan|inf(?:inity)?))$/i;

function floatOf(text: string): number | Misfit {
  const match = floatText.exec(text.trim());
  if (match === null) return new Misfit("wrong_type", "is not a number");
  const special = match.groups?.["special"]?.toLowerCase();
  if (special === "nan") return Number.NaN;
  if (special !== undefined) return match[0].startsWith("-") ? -Infinity : Infinity;
  const value = Number(match[0]);
  const isLost =
    !Number.isFinite(value) || (value === 0 && /[1-9]/.test(match[0].split(/e/i)[0] ?? ""));
  return isLost ? new Misfit("out_of_range", "is out of the range of a double") : value;
}

const words = ["true", "false", "yes", "no", "on", "off", "1", "0"] as const;
const trueWords: ReadonlySet<string> = new Set(["true", "yes", "on", "1"]);

/** As PostgreSQL reads a boolean: the words, and what is the beginning of one of them only, in any case. */
function booleanOf(text: string): boolean | Misfit {
  const word = text.trim().toLowerCase();
  const [found, ...more] = words.filter((known) => word !== "" && known.startsWith(word));
  return found === undefined || more.length > 0
    ? new Misfit("wrong_type", "is not true or false")
    : trueWords.has(found);
}

function bytesOfText(text: string): Raw | Misfit {
  if (text.includes("\0")) {
    return new Misfit(
      "nul_character",
      "has a NUL character, which a text of PostgreSQL cannot hold",
    );
  }
  return attempt(() => decoderOf("bytes")(text) ?? "");
}

/** In JSON bytes are base64, or PostgreSQL's hexadecimal digits. */
function bytesOfData(text: string): Raw | Misfit {
  if (text.startsWith(String.raw`\x`)) return bytesOfText(text);
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text
    ? new Uint8Array(bytes)
    : new Misfit("wrong_format", "is not base64");
}

/** PostgreSQL's text of an array, or a list of JSON. */
function arrayReaderOf({ type }: ModelColumn, readAs: ReadAs): ReadRaw {
  const { kind, dimensions } = type;
  const textArray = decoderOf({ name: "text", kind: "text", dimensions });
  // Elements of PostgreSQL's text are texts themselves, also those that are JSON.
  const ofText: ArrayReading = { depth: Infinity, read: plainReaderOf(kind, "text") };
  const ofData: ArrayReading = {
    depth: kind === "json" ? dimensions : Infinity,
    read: plainReaderOf(kind, readAs),
  };
  return (value) => {
    if (isList(value)) return itemsOf(value, ofData);
    if (typeof value !== "string") return new Misfit("wrong_type", "is not an array");
    const texts = attempt(() => textArray(value.trim()));
    if (texts instanceof Misfit) return texts;
    if (!isList(texts)) return new Misfit("wrong_type", "is not an array");
    // An element of json may be a list itself: only the dimensions tell it from a part of the array.
    if (kind === "json" && texts.length > 0 && depthOf(texts) !== dimensions) {
      return new Misfit("wrong_format", `has not the ${dimensions} dimensions of its type`);
    }
    return itemsOf(texts, ofText);
  };
}

interface ArrayReading {
  /** How many levels of lists are the array's, not data of its elements. */
  readonly depth: number;
  readonly read: ReadRaw;
}

function itemsOf(items: readonly Json[], { depth, read }: ArrayReading): Raw | Misfit {
  const result: ModelValue[] = [];
  for (const item of items) {
    const raw = itemOf(item, { depth: depth - 1, read });
    if (raw instanceof Misfit) return raw;
    result.push(raw);
  }
  return result;
}

function itemOf(item: Json, reading: ArrayReading): ModelValue | Misfit {
  if (item === null) return null;
  return isList(item) && reading.depth > 0 ? itemsOf(item, reading) : reading.read(item);
}

function depthOf(items: ModelValue): number {
  return isList(items) ? 1 + depthOf(items[0] ?? null) : 0;
}

/** Of JSON, or of the texts of an array of PostgreSQL, in which nothing is that JSON lacks. */
function isList(value: ModelValue): value is readonly Json[] {
  return Array.isArray(value);
}
