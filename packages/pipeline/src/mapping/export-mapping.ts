import type { Keyring } from "@ctb-data/models";
import type { BlueprintExport, ExportField, Registry, ValueOrigin } from "@ctb-data/registry";
import type { FieldFailure } from "../failure.ts";
import { blueprintColumnOf } from "./blueprint-column.ts";
import { fieldPrinterOf, type PrintValue } from "./field-printer.ts";
import { decrypterOf, pathEndReaderOf, sourceReaderOf, type ReadSource } from "./field-source.ts";
import { fieldTextOf } from "./field-text.ts";
import { jsonCheckOf } from "./json-check.ts";
import { attempt, Misfit } from "./misfit.ts";

/** What becomes of a source value: the vendor's text, null for nothing at all, or why the record is rejected. */
export type FieldText = string | null | readonly FieldFailure[];

/** Makes the vendor's text of PostgreSQL's text of a source value (without COPY's escapes); null is NULL. Never throws for what it holds. */
export type MakeFieldText = (text: string | null) => FieldText;

/** How one of the vendor's fields is made. Compiled once per export. */
export interface FieldMapping {
  readonly field: ExportField;
  /** The column that the text is of, and the path into it. Undefined for a constant, whose `make` needs no text. */
  readonly origin: ValueOrigin | undefined;
  /** The source is encrypted: its text is the ciphertext, and no failure tells what it means. A path into it cannot be taken by the server. */
  readonly isEncrypted: boolean;
  /** Of the text of the whole column: the path is taken here. */
  readonly make: MakeFieldText;
  /** Of the JSON at the end of the path, for a query that takes the steps itself. The same as `make` without a path. */
  readonly makeAtPath: MakeFieldText;
  /** Every text that is not empty comes out as it is. */
  readonly isSame: boolean;
}

/**
 * Compiles how the fields of an export are made, in the vendor's order. What a text must not be because of the output (its width, line
 * ends) is not looked at here.
 *
 * @throws {PipelineError} INVALID_BLUEPRINT when the blueprint is of another registry; INVALID_OPTIONS without a keyring for encrypted columns.
 */
export function compileExportMapping(
  exporting: BlueprintExport,
  registry: Registry,
  keyring?: Keyring,
): readonly FieldMapping[] {
  const { format } = exporting.output;
  // Nobody who reads such a file can tell an empty text from none.
  const emptyIsNothing = format === "csv" || format === "fixed-width";
  return [...exporting.fields.values()].map((field) =>
    fieldMappingOf(field, { registry, keyring, emptyIsNothing }),
  );
}

interface Compiling {
  readonly registry: Registry;
  readonly keyring: Keyring | undefined;
  readonly emptyIsNothing: boolean;
}

function fieldMappingOf(field: ExportField, compiling: Compiling): FieldMapping {
  const { origin } = field;
  if (origin.kind === "constant") {
    const text = fieldTextOf(origin.value, field.type);
    const make = (): FieldText => text;
    return { field, origin: undefined, isEncrypted: false, make, makeAtPath: make, isSame: false };
  }
  const { path } = origin;
  const { table, column } = blueprintColumnOf(
    compiling.registry,
    origin.table ?? "",
    origin.column,
  );
  const { type } = column;
  const isMapped = field.values !== undefined || field.format !== undefined;
  const takesJson = field.type.kind === "json" && field.type.dimensions === 0 && !isMapped;
  const source = { table, column, path, takesJson };
  const ofJson = type.kind === "json" && type.dimensions === 0;
  const print =
    ofJson && takesJson
      ? jsonCheckOf(field.type, type)
      : fieldPrinterOf(field, ofJson ? undefined : type);
  const read = sourceReaderOf(source);
  const isEncrypted = column.encryption !== undefined;
  const decrypt = isEncrypted ? decrypterOf(source, compiling.keyring) : undefined;
  const { emptyIsNothing } = compiling;
  const make = makerOf(field, { decrypt, read, print, emptyIsNothing });
  const atEnd = { decrypt: undefined, read: pathEndReaderOf(takesJson), print, emptyIsNothing };
  return {
    field,
    origin,
    isEncrypted,
    make,
    makeAtPath: path.length === 0 || isEncrypted ? make : makerOf(field, atEnd),
    isSame: !isEncrypted && !field.trim && read === undefined && print === undefined,
  };
}

interface Making {
  readonly decrypt: ((text: string) => string | Misfit) | undefined;
  readonly read: ReadSource | undefined;
  readonly print: PrintValue | undefined;
  readonly emptyIsNothing: boolean;
}

function makerOf(field: ExportField, making: Making): MakeFieldText {
  const { name, trim, required } = field;
  const { decrypt, read, print, emptyIsNothing } = making;
  const never = required ? failed(name, new Misfit("missing", "is missing")) : null;
  const nothing =
    field.default === undefined ? never : (fieldTextOf(field.default, field.type) ?? never);
  const makeOf = (text: string): string | null | undefined | Misfit => {
    const clear = decrypt === undefined ? text : decrypt(text);
    if (clear instanceof Misfit) return clear;
    const value = read === undefined ? clear : read(clear);
    if (typeof value !== "string") return value ?? undefined;
    const kept = trim ? value.trim() : value;
    if (kept === "" && emptyIsNothing && nothing !== null) return undefined;
    return print === undefined ? kept : print(kept);
  };
  return (text) => {
    if (text === null) return nothing;
    const made = attempt(() => makeOf(text));
    if (made === undefined) return nothing;
    if (made === null || (made === "" && emptyIsNothing)) return never ?? made;
    return typeof made === "string" ? made : failed(name, made);
  };
}

function failed(field: string, { code, message }: Misfit): readonly FieldFailure[] {
  return [{ field, code, message: `The value of ${field} ${message}.` }];
}
