import { isIPv4, isIPv6 } from "node:net";
import type { ColumnFormat } from "@ctb-data/registry";
import { z } from "zod";
import type { TextType } from "./column-text.ts";
import type { ModelColumn } from "./model-table.ts";
import { refuse, ValueProblem } from "./value-problem.ts";

const loneSurrogate = /\p{Surrogate}/u;

/** A text that PostgreSQL and Firestore can hold. @throws {ValueProblem} */
export function checkedText(value: unknown): string {
  if (typeof value !== "string") return refuse("a text", value);
  if (value.includes("\0")) {
    throw new ValueProblem("nul_character", "has a NUL character, which PostgreSQL cannot hold", {
      hint: "Remove it.",
    });
  }
  if (loneSurrogate.test(value)) {
    throw new ValueProblem("wrong_format", "has half a surrogate pair, which UTF-8 cannot hold", {
      hint: "Was a text cut in the middle of a character?",
    });
  }
  return value;
}

/** The number of code points, which is what PostgreSQL counts. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let at = 1; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xdc_00 && unit <= 0xdf_ff) length -= 1;
  }
  return length;
}

const isUrl = (text: string, schemes?: readonly string[]): boolean =>
  URL.canParse(text) && (schemes === undefined || schemes.includes(new URL(text).protocol));

const formats: Readonly<
  Record<ColumnFormat, readonly [is: (text: string) => boolean, name: string]>
> = {
  email: [(text) => z.regexes.email.test(text), "an e-mail address"],
  url: [(text) => isUrl(text, ["http:", "https:"]), "a URL that starts with http:// or https://"],
  uri: [(text) => isUrl(text), "a URI with a scheme"],
  hostname: [(text) => z.regexes.hostname.test(text), "a host name"],
  ipv4: [isIPv4, "an IPv4 address"],
  ipv6: [isIPv6, "an IPv6 address"],
  phone: [(text) => z.regexes.e164.test(text), "a telephone number such as +31201234567"],
  slug: [(text) => /^[\da-z]+(?:-[\da-z]+)*$/.test(text), "a slug such as a-b-1"],
};

/** Compiles the reader of a text column's input: length, `min`, `max`, `pattern`, `format` and `enum` of the registry. */
export function textInput(
  column: Pick<ModelColumn, "min" | "max" | "pattern" | "format" | "oneOf"> & {
    readonly type: TextType;
  },
): (value: unknown) => string {
  const { type, min = 0, max = Infinity, pattern, format, oneOf } = column;
  const isChar = typeof type !== "string" && type.name === "char";
  const length = typeof type === "string" || type.kind === "enum" ? undefined : type.length;
  const room = length ?? (isChar ? 1 : undefined);
  const most = Math.min(max, room ?? Infinity);
  const expression = pattern === undefined ? undefined : new RegExp(pattern, "u");
  const known = format === undefined ? undefined : formats[format];
  const checkListed = oneOf === undefined ? undefined : enumInput(oneOf);
  return (value) => {
    const text = checkedText(value);
    if (text.length > most || text.length < 2 * min) checkLength(text, min, most);
    if (expression !== undefined && !expression.test(text)) {
      throw new ValueProblem("wrong_format", `does not match the pattern ${pattern ?? ""}`);
    }
    if (known !== undefined && !known[0](text))
      throw new ValueProblem("wrong_format", `is not ${known[1]}`);
    checkListed?.(text);
    // PostgreSQL fills char(n) with spaces; the value is to be the same before and after it was there.
    return isChar && room !== undefined
      ? text + " ".repeat(Math.max(room - lengthOf(text), 0))
      : text;
  };
}

function checkLength(text: string, min: number, max: number): void {
  const length = lengthOf(text);
  if (length > max) {
    throw new ValueProblem("too_long", `is ${length} characters long, and must be at most ${max}`);
  }
  if (length < min) {
    throw new ValueProblem(
      "out_of_range",
      `is ${length} characters long, and must be at least ${min}`,
    );
  }
}

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** A UUID in lower case. @throws {ValueProblem} */
export function uuidInput(value: unknown): string {
  if (typeof value !== "string") return refuse("a text", value);
  if (!uuid.test(value)) throw new ValueProblem("wrong_format", "is not a UUID");
  return value.toLowerCase();
}

/** Compiles the reader of an enum's input. */
export function enumInput(values: readonly string[]): (value: unknown) => string {
  const known = new Set(values);
  return (value) => {
    if (typeof value !== "string") return refuse("a text", value);
    if (!known.has(value)) {
      throw new ValueProblem(
        "not_listed",
        `is not one of: ${values.slice(0, 20).join(", ")}${values.length > 20 ? ", …" : ""}`,
      );
    }
    return value;
  };
}
