import type { ColumnType } from "@ctb-data/registry";
import type { ColumnDomain } from "./column-domain.ts";
import { listMaker, type ColumnMaker } from "./column-maker.ts";
import { jsonMaker } from "./json-maker.ts";
import { decimalMaker, floatMaker, integerMaker } from "./number-maker.ts";
import { arrayMaker, booleanMaker, bytesMaker, enumMaker, inetMaker, uuidMaker } from "./other-makers.ts"; // prettier-ignore
import { textMaker } from "./text-maker.ts";
import { dateMaker, intervalMaker, timeMaker } from "./time-maker.ts";

/** The maker of a column's values. */
export function makerOf(domain: ColumnDomain): ColumnMaker {
  const { type } = domain;
  if (type.dimensions === 0) return plainMakerOf(domain);
  const item: ColumnType = { ...type, dimensions: 0 };
  return arrayMaker(plainMakerOf({ ...domain, type: item }), domain);
}

function plainMakerOf(domain: ColumnDomain): ColumnMaker {
  const { type, oneOf } = domain;
  const maker = makerOfKind(domain);
  if (oneOf === undefined || ["text", "enum", "boolean"].includes(type.kind)) return maker;
  // `CHECK (rating IN (1, 2, 3))`: the model reads texts of numbers, too, but for floats and integers.
  return listMaker(oneOf.map((text) => valueOfText(type.kind, text)));
}

function valueOfText(kind: ColumnType["kind"], text: string): unknown {
  return ["int16", "int32", "float32", "float64"].includes(kind) ? Number(text) : text;
}

function makerOfKind(domain: ColumnDomain): ColumnMaker {
  const { kind } = domain.type;
  switch (kind) {
    case "int16":
    case "int32":
    case "int64":
      return integerMaker(kind, domain);
    case "decimal":
      return decimalMaker(domain);
    case "float32":
    case "float64":
      return floatMaker(kind, domain);
    case "boolean":
      return booleanMaker(domain);
    case "text":
      return textMaker(domain);
    case "uuid":
      return uuidMaker;
    case "date":
    case "timestamp":
    case "timestamptz":
      return dateMaker(kind, domain);
    case "time":
      return timeMaker(domain);
    case "interval":
      return intervalMaker();
    case "json":
      return jsonMaker(domain);
    case "bytes":
      return bytesMaker(domain);
    case "inet":
      return inetMaker;
    case "enum":
    default:
      return enumMaker(domain);
  }
}
