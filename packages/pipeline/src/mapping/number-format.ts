import { valueFromText, valueToText } from "@ctb-data/models";
import type { ValueFormat } from "@ctb-data/registry";
import { escaped } from "./escaped.ts";
import { attempt, Misfit } from "./misfit.ts";

/** How numbers look in the vendor's text. */
export type NumberFormat = Extract<ValueFormat, { readonly kind: "number" }>;

/** Compiles the printer of a number format: of PostgreSQL's text of a number. Nothing is rounded. */
export function numberPrinterOf(format: NumberFormat): (text: string) => string | Misfit {
  const { digits = 1, decimals, decimalMark, groupMark } = format;
  return (text) => {
    const plain = /^-?\d+(?:\.\d+)?$/.test(text) ? text : positionalOf(text);
    if (plain instanceof Misfit) return plain;
    const sign = plain.startsWith("-") ? "-" : "";
    const point = plain.indexOf(".");
    const whole = plain.slice(sign.length, point === -1 ? undefined : point);
    const fraction = fractionOf(point === -1 ? "" : plain.slice(point + 1), decimals);
    if (fraction === undefined) {
      return new Misfit("wrong_format", `has more than ${decimals} decimals`);
    }
    const head = groupsOf(whole.padStart(digits, "0"), groupMark);
    const isZero = sign === "-" && /^0*$/.test(whole + fraction);
    return `${isZero ? "" : sign}${head}${fraction === "" ? "" : decimalMark + fraction}`;
  };
}

/** The digits without an exponent. */
function positionalOf(text: string): string | Misfit {
  const value = attempt(() => valueToText("decimal", valueFromText("decimal", text)));
  if (value instanceof Misfit || /\d/.test(value)) return value;
  return new Misfit("out_of_range", "is not a finite number");
}

function fractionOf(fraction: string, decimals: number | undefined): string | undefined {
  if (decimals === undefined) return fraction;
  if (fraction.length <= decimals) return fraction.padEnd(decimals, "0");
  return /^0*$/.test(fraction.slice(decimals)) ? fraction.slice(0, decimals) : undefined;
}

function groupsOf(whole: string, mark: string): string {
  return mark === "" ? whole : whole.replaceAll(/\B(?=(?:\d{3})+$)/g, mark);
}

/** Compiles the reader of a number format: gives a decimal number such as `-12.50`, digit by digit. */
export function numberReaderOf(format: NumberFormat): (text: string) => string | Misfit {
  const { decimals, decimalMark, groupMark } = format;
  const mark = escaped(groupMark);
  const whole = groupMark === "" ? "\\d+" : `\\d{1,3}(?:${mark}\\d{3})+|\\d+`;
  const most = decimals === undefined ? "" : String(decimals);
  const fraction =
    decimalMark === "" || decimals === 0
      ? ""
      : `(?:${escaped(decimalMark)}(?<fraction>\\d{1,${most}}))?`;
  const expression = new RegExp(`^(?<sign>[+-]?)(?<whole>${whole})${fraction}$`, "u");
  return (text) => {
    const groups = expression.exec(text)?.groups;
    if (groups === undefined) return new Misfit("wrong_format", describe(format));
    const digits = (groups["whole"] ?? "").replaceAll(groupMark, "");
    const sign = groups["sign"] === "-" ? "-" : "";
    const behind = groups["fraction"];
    if (decimalMark !== "" || decimals === undefined || decimals === 0) {
      return `${sign}${digits}${behind === undefined ? "" : `.${behind}`}`;
    }
    const all = digits.padStart(decimals + 1, "0");
    return `${sign}${all.slice(0, -decimals)}.${all.slice(-decimals)}`;
  };
}

function describe({ decimals, decimalMark, groupMark }: NumberFormat): string {
  const most = decimals === undefined ? "" : ` at most ${decimals}`;
  const marked =
    decimalMark === ""
      ? `digits of which the last ${decimals} are decimals`
      : `digits with${most} decimals behind ${JSON.stringify(decimalMark)}`;
  return `is not ${marked}${groupMark === "" ? "" : `, in groups of three with ${JSON.stringify(groupMark)} between them`}`;
}
