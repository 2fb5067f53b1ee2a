import { expect, test } from "vitest";
import { formatColumnType, parseColumnType } from "./column-type.ts";
import type { EnumType } from "./registry.ts";

const enums = new Map<string, EnumType>([
  ["Status", { name: "Status", values: ["a"], source: { file: "r.yml", line: 1, column: 1 } }],
]);

function print(text: string): string {
  const parsed = parseColumnType(text, enums);
  return "type" in parsed ? formatColumnType(parsed.type) : parsed.message;
}

test.each([
  ["INT", "integer"],
  ["int8", "bigint"],
  ["Serial4", "serial"],
  ["decimal", "numeric"],
  ["Numeric(10, 2) []", "numeric(10,2)[]"],
  ["numeric(10)", "numeric(10,0)"],
  ["numeric(2,-3)", "numeric(2,-3)"],
  ["FLOAT", "double precision"],
  ["float(24)", "real"],
  ["float(25)", "double precision"],
  ["double   precision", "double precision"],
  ["Character Varying(255)", "varchar(255)"],
  ["varchar[]", "varchar[]"],
  ["varchar", "varchar"],
  ["char", "char(1)"],
  ["char(10)", "char(10)"],
  ["bpchar", "bpchar"],
  ["text[3][]", "text[][]"],
  ["timestamp(3) with time zone", "timestamptz(3)"],
  ["TIMESTAMP WITHOUT TIME ZONE", "timestamp"],
  ["time(0)", "time(0)"],
  ["Status[]", "Status[]"],
])("%s means %s", (text, type) => {
  expect(print(text)).toBe(type);
});

test.each([
  ["varchr(255)", 'unknown type "varchr(255)", did you mean "varchar"?'],
  ["status", 'unknown type "status", did you mean "Status"?'],
  ["integr", 'unknown type "integr", did you mean "integer"?'],
  ["citext", 'unknown type "citext"'],
  ["varchar(0)", "the length of varchar must be from 1 to 10485760"],
  ["varchar(1,2)", "the length of varchar is one number"],
  ["varchar(x)", "the parameters of varchar must be whole numbers"],
  ["numeric(0)", "the precision of numeric must be from 1 to 1000"],
  ["numeric(5,2,1)", "the scale of numeric is one number"],
  ["timestamp(7)", "the precision of timestamp must be from 0 to 6"],
  ["integer(4)", "integer takes no parameters"],
  ["serial[]", "an array of serial is not possible"],
  ["text[][][][][][][]", "an array has at most 6 dimensions"],
  ["varchar(255", 'the type "varchar(255" has brackets that do not fit'],
  ["constructor", 'unknown type "constructor"'],
  [`text ${"x".repeat(300)}`, "the type is too long"],
])("%s is refused", (text, message) => {
  expect(print(text)).toBe(message);
});
