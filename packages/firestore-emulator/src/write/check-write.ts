import { formatFieldPath, parseFieldPath, type FieldPath } from "../name/field-path.ts";
import { parseDocumentName } from "../name/resource-name.ts";
import type { Mask, Precondition, Write } from "../protocol/messages.ts";
import { invalidArgument } from "../rpc-error.ts";
import { microsOf, type Timestamp } from "../value/timestamp.ts";
import type { MapValue } from "../value/value.ts";
import { checkFields, isReserved } from "./check-fields.ts";
import { checkTransforms, type CheckedTransform } from "./field-transform.ts";

/** A precondition; an `updateTime` in microseconds. */
export type CheckedPrecondition =
  | { readonly kind: "exists"; readonly exists: boolean }
  | { readonly kind: "updateTime"; readonly micros: number };

/** A write that was found valid, whatever the document is now. */
export interface CheckedWrite {
  readonly path: string;
  readonly precondition: CheckedPrecondition | undefined;
  readonly operation:
    | { readonly kind: "delete" }
    | {
        readonly kind: "update";
        readonly fields: MapValue;
        /** `undefined` replaces the whole document. */
        readonly mask: readonly FieldPath[] | undefined;
        readonly transforms: readonly CheckedTransform[];
      };
}

/**
 * @param database the name that the request is of; writes elsewhere are refused.
 * @throws {RpcError} INVALID_ARGUMENT
 */
export function checkWrite(database: string, write: Write): CheckedWrite {
  const precondition = checkPrecondition(write.currentDocument);
  if (write.update) {
    return {
      path: checkPath(database, write.update.name),
      precondition,
      operation: {
        kind: "update",
        fields: checkFields(write.update.fields),
        mask: write.updateMask && checkMask(write.updateMask),
        transforms: checkTransforms(write.updateTransforms),
      },
    };
  }
  if (write.delete !== undefined) {
    if (write.updateTransforms.length > 0) {
      throw invalidArgument("a delete must not specify a update transform.");
    }
    return { path: checkPath(database, write.delete), precondition, operation: { kind: "delete" } };
  }
  if (!write.transform) throw invalidArgument("empty write operation");
  return checkTransformWrite(database, write.transform, precondition);
}

function checkTransformWrite(
  database: string,
  { document, fieldTransforms }: NonNullable<Write["transform"]>,
  precondition: CheckedPrecondition | undefined,
): CheckedWrite {
  const path = checkPath(database, document);
  if (fieldTransforms.length === 0) {
    throw invalidArgument("The list of FieldTransform must not be empty.");
  }
  const transforms = checkTransforms(fieldTransforms);
  return {
    path,
    precondition,
    operation: { kind: "update", fields: new Map(), mask: [], transforms },
  };
}

function checkPath(database: string, name: string): string {
  const resource = parseDocumentName(name);
  if (resource.database !== database) {
    throw invalidArgument(
      `Document name "${name}" is not in the database of the request, "${database}".`,
    );
  }
  return resource.path;
}

/** @throws {RpcError} INVALID_ARGUMENT when a path of the mask is no field path or names what is reserved. */
export function checkMask({ fieldPaths }: Mask): FieldPath[] {
  return fieldPaths.map((text) => {
    const path = parseFieldPath(text);
    if (path.some(isReserved) && text !== "__name__") {
      throw invalidArgument(`Invalid reserved name in field path ${formatFieldPath(path)}`);
    }
    return path;
  });
}

function checkPrecondition(
  precondition: Precondition | undefined,
): CheckedPrecondition | undefined {
  if (precondition?.exists !== undefined) return { kind: "exists", exists: precondition.exists };
  if (!precondition?.updateTime) return undefined;
  return { kind: "updateTime", micros: checkMicros(precondition.updateTime) };
}

function checkMicros(timestamp: Timestamp): number {
  const { seconds, nanos } = timestamp;
  if (seconds < -62_135_596_800 || seconds > 253_402_300_799 || nanos < 0 || nanos > 999_999_999) {
    throw invalidArgument(`The update time ${seconds}.${nanos} is not a valid timestamp.`);
  }
  return microsOf(timestamp);
}
