import { columnTypesOfWide, type RandomExport, type RandomField } from "./random-export.ts";

/** A row as PostgreSQL's texts, by column. */
export interface ReferenceRow {
  readonly own: ReadonlyMap<string, string | null>;
  readonly other: ReadonlyMap<string, string | null>;
  /** The JSON column as jsonb prints it. */
  readonly docText: string | null;
  readonly tags: readonly (string | null)[] | null;
}

export interface ReferenceFile {
  readonly content: string;
  readonly written: number;
  /** The place of each rejected record, and field and code of each failure. */
  readonly rejected: readonly (readonly string[])[];
  /** Of CSV: what a reader must find. */
  readonly values: readonly (readonly string[])[];
}

class Failure {
  readonly code: string;
  constructor(code: string) {
    this.code = code;
  }
}
type Made = string | null | Failure;

/** What an export has to be, made slowly: nothing here is shared with it. */
export function referenceFile(rows: readonly ReferenceRow[], random: RandomExport): ReferenceFile {
  const { output, fields } = random;
  const eol = "line_end" in output && output.line_end === "crlf" ? "\r\n" : "\n";
  const rejected: string[][] = [];
  const values: string[][] = [];
  let content = "";
  if (output.format === "csv" && output.header)
    content = fields.map(({ name }) => csvValue(name, random)).join(output.delimiter) + eol;
  for (const row of rows.toSorted((a, b) => compareRows(a, b, random.orderBy))) {
    const made = fields.map((field) => fitting(field, makeField(field, row, random), random));
    const failures = made.flatMap((value, index) =>
      value instanceof Failure ? [`${fields[index]?.name} ${value.code}`] : [],
    );
    if (failures.length > 0) {
      rejected.push([`Wide%20%C3%A4/${row.own.get("id")}`, ...failures]);
      continue;
    }
    const texts = made.map((value) => (value instanceof Failure ? "" : value));
    if (output.format === "csv") {
      values.push(texts.map((text) => text ?? ""));
      content += texts.map((text) => csvValue(text, random)).join(output.delimiter) + eol;
    } else if (output.format === "ndjson") {
      const members = texts.map((text, index) => {
        const field = fields[index];
        return field === undefined ? "" : `${JSON.stringify(field.name)}:${jsonValue(field, text)}`;
      });
      content += `{${members.join(",")}}\n`;
    } else {
      content += texts.map((text, index) => fixedValue(fields[index], text)).join("") + eol;
    }
  }
  return { content, written: rows.length - rejected.length, rejected, values };
}

function csvValue(text: string | null, { output, fields }: RandomExport): string {
  if (output.format !== "csv") throw new Error("This is no CSV.");
  if (text === null) return fields.length === 1 ? '""' : "";
  const isQuoted =
    output.quote === "always" ||
    text === "" ||
    text.startsWith("\u{feff}") ||
    (fields.length === 1 && text === "\\.") ||
    ['"', "\r", "\n", output.delimiter].some((part) => text.includes(part));
  return isQuoted ? `"${text.replaceAll('"', '""')}"` : text;
}

const numberColumns = new Set(["id", "small", "big", "dec", "f4", "f8"]);

/** What the values of the field are in JSON. */
function jsonKindOf({ from, path, type, format, values, constant }: RandomField): string {
  if (type !== undefined || path !== undefined || format !== undefined || values !== undefined)
    return "text";
  if (constant !== undefined || from === undefined) return "text";
  if (numberColumns.has(from)) return "number";
  return from === "flag" ? "boolean" : from === "doc" ? "json" : "text";
}

function jsonValue(field: RandomField, text: string | null): string {
  if (text === null) return "null";
  return jsonKindOf(field) === "text" ? JSON.stringify(text) : text;
}

function fixedValue(field: RandomField | undefined, text: string | null): string {
  const { width = 0, align = "left", fill = " " } = field ?? {};
  const characters = Array.from(text ?? "");
  while (characters.length < width)
    if (align === "left") characters.push(fill);
    else characters.unshift(fill);
  return characters.join("");
}

/** Whether the output can hold what was made. */
function fitting(field: RandomField, made: Made, { output }: RandomExport): Made {
  if (made === null || made instanceof Failure) return made;
  if (output.format === "ndjson" && jsonKindOf(field) === "number" && /[a-z]$/i.test(made))
    return new Failure("out_of_range");
  if (output.format !== "fixed-width") return made;
  if (Array.from(made).length > (field.width ?? 0)) return new Failure("too_long");
  return /[\r\n]/.test(made) ? new Failure("wrong_format") : made;
}

function makeField(field: RandomField, row: ReferenceRow, { output }: RandomExport): Made {
  if (field.constant !== undefined) return field.constant === null ? null : String(field.constant);
  const missing = field.required === true ? new Failure("missing") : null;
  const nothing = field.default === undefined ? missing : String(field.default);
  const source = sourceOf(field, row);
  if (source === null) return nothing;
  if (source instanceof Failure) return source;
  const emptyIsNothing = output.format !== "ndjson";
  const text = field.trim === true ? source.trim() : source;
  if (text === "" && emptyIsNothing && nothing !== null) return nothing;
  const made = mapped(field, text);
  if (made === null || (made === "" && emptyIsNothing)) return missing ?? made;
  return made;
}

function sourceOf({ from = "", path, type, format, values }: RandomField, row: ReferenceRow): Made {
  if (from === "other.name") return row.other.get("name") ?? null;
  if (from !== "doc") {
    const text = row.own.get(from) ?? null;
    if (from === "flag" && text !== null) return text === "t" ? "true" : "false";
    return text;
  }
  const isWhole = path === undefined && type === undefined && format === undefined && values === undefined; // prettier-ignore
  if (isWhole) return row.docText;
  if (row.docText === null) return null;
  return scalar(walk(row.docText, path ?? ""));
}

function walk(docText: string, path: string): unknown {
  let at: unknown = JSON.parse(docText);
  for (const [, name, quoted, index] of path.matchAll(/([a-z]+)|\["([^"]+)"\]|\[(\d+)\]/g)) {
    if (typeof at !== "object" || at === null) return null;
    if (index !== undefined ? !Array.isArray(at) : Array.isArray(at)) return null;
    const found = Object.entries(at).find(([key]) => key === (name ?? quoted ?? index));
    at = found?.[1] ?? null;
  }
  return at;
}

function scalar(value: unknown): Made {
  if (value === null) return null;
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean"
    ? `${value}`
    : new Failure("wrong_type");
}

function mapped(field: RandomField, text: string): Made {
  const { values, otherwise = "reject" } = field;
  if (values !== undefined) {
    const found = Object.entries(values).find(([key]) => key === text);
    if (found !== undefined) return found[1];
    if (otherwise === "reject") return new Failure("not_listed");
    if (otherwise !== "keep") return otherwise.value;
  }
  const printed = formatted(field, text);
  if (printed instanceof Failure) return printed;
  const length = /^varchar\((\d+)\)$/.exec(field.type ?? "")?.[1];
  return length !== undefined && Array.from(printed).length > Number(length)
    ? new Failure("too_long")
    : printed;
}

function formatted({ format, from = "" }: RandomField, text: string): string | Failure {
  if (format === undefined) return text;
  if (format === "upper") return text.toUpperCase();
  if (format === "lower") return text.toLowerCase();
  if (typeof format === "string") return dateText(format, text, from);
  if (typeof format["pad"] === "number") {
    const characters = Array.from(text);
    if (characters.length > format["pad"]) return new Failure("too_long");
    const filling = String(format["fill"] ?? " ").repeat(format["pad"] - characters.length);
    return format["side"] === "right" ? text + filling : filling + text;
  }
  return numberText(format, text);
}

function numberText(
  format: Readonly<Record<string, string | number>>,
  text: string,
): string | Failure {
  if (/[a-z]$/i.test(text)) return new Failure("out_of_range");
  const [, sign = "", whole = "", part = "", power = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text) ?? [];
  let [head, tail] = [whole, part];
  for (let steps = Number(power); steps > 0; steps -= 1) {
    head += tail.slice(0, 1) || "0";
    tail = tail.slice(1);
  }
  for (let steps = Number(power); steps < 0; steps += 1) {
    tail = (head.slice(-1) || "0") + tail;
    head = head.slice(0, -1);
  }
  head = head.replace(/^0+(?=\d)/, "") || "0";
  const { decimals, digits = 1, decimal_mark: mark = ".", group_mark: group = "" } = format;
  if (typeof decimals === "number") {
    if (/[1-9]/.test(tail.slice(decimals))) return new Failure("wrong_format");
    tail = tail.slice(0, decimals).padEnd(decimals, "0");
  }
  head = head.padStart(Number(digits), "0");
  const groups: string[] = [];
  for (let rest = head; rest !== ""; rest = rest.slice(0, -3)) groups.unshift(rest.slice(-3));
  const shown = group === "" ? head : groups.join(String(group));
  const isZero = !/[1-9]/.test(head + tail);
  return `${isZero ? "" : sign}${shown}${tail === "" ? "" : mark}${tail}`;
}

function dateText(pattern: string, text: string, from: string): string | Failure {
  const full = from === "clock" ? `0000-00-00 ${text}` : text;
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = ""] =
    /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?(?:\+00)?$/.exec(full) ?? [];
  if (year === undefined) return new Failure("out_of_range");
  return pattern
    .replace("YYYY", year)
    .replace("MM", month ?? "")
    .replace("DD", day ?? "")
    .replace("HH", hour)
    .replace("mm", minute)
    .replace("ss", second)
    .replace("SSS", fraction.padEnd(6, "0").slice(0, 3));
}

function compareRows(a: ReferenceRow, b: ReferenceRow, orderBy: string | undefined): number {
  const byColumn = orderBy === undefined ? 0 : compareBy(orderBy, a, b);
  return byColumn === 0 ? Number(a.own.get("id")) - Number(b.own.get("id")) : byColumn;
}

function compareBy(column: string, a: ReferenceRow, b: ReferenceRow): number {
  if (column === "tags") return compareLists(a.tags, b.tags);
  const [left, right] = [a, b].map((row) =>
    column === "doc" ? row.docText : (row.own.get(column) ?? null),
  );
  if (left === null || left === undefined || right === null || right === undefined)
    return nullLast(left, right);
  if (column === "big") return Number(BigInt(left) > BigInt(right)) - Number(BigInt(left) < BigInt(right)); // prettier-ignore
  const type = columnTypesOfWide.get(column);
  if (type?.kind === "enum") return type.values.indexOf(left) - type.values.indexOf(right);
  if (column === "day") return dayNumber(left) < dayNumber(right) ? -1 : Number(dayNumber(left) > dayNumber(right)); // prettier-ignore
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function nullLast(left: unknown, right: unknown): number {
  return Number(left === null || left === undefined) - Number(right === null || right === undefined); // prettier-ignore
}

function compareLists(
  left: readonly (string | null)[] | null,
  right: readonly (string | null)[] | null,
): number {
  if (left === null || right === null) return nullLast(left, right);
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [one, other] = [left[index] ?? null, right[index] ?? null];
    const order = one === null || other === null ? nullLast(one, other) : Buffer.compare(Buffer.from(one), Buffer.from(other)); // prettier-ignore
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function dayNumber(text: string): number {
  if (text.endsWith("infinity")) return text.startsWith("-") ? -Infinity : Infinity;
  const [year = 0, month = 0, day = 0] = text.replace(" BC", "").split("-").map(Number);
  return (text.endsWith("BC") ? 1 - year : year) * 400 + month * 31 + day;
}
