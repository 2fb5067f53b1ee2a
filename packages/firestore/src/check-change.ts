import type { ModelIssue } from "@ctb-data/models";
import type { CollectionSchema } from "./collection-schema.ts";
import { isFieldChange, type AnyFieldChange } from "./field-change.ts";
import { nameOfKind } from "./value-kind.ts";
import { isPlain } from "./write-values.ts";

/** What is wrong with a change of a whole field, by the field's type. */
export function changeIssue(
  schema: CollectionSchema | undefined,
  name: string,
  change: AnyFieldChange,
): readonly ModelIssue[] {
  const field = schema?.fields.get(name);
  if (schema === undefined || field === undefined)
    return schema === undefined ? [] : [{ path: [name], message: "is no field of it" }];
  const refuse = (message: string): readonly ModelIssue[] => [{ path: [name], message }];
  const { type } = field;
  switch (change.kind) {
    case "deleteField":
      return field.required ? refuse("is required, so that it cannot be deleted") : [];
    case "serverTimestamp":
      return type === "timestamp" || type === "any"
        ? []
        : refuse(`is serverTimestamp(), but the field is ${nameOfKind(type)}`);
    case "increment":
      if (
        type === "integer" &&
        typeof change.operand === "number" &&
        !Number.isInteger(change.operand)
      )
        return refuse("is increment() by a fraction, but the field is an integer");
      return type === "integer" || type === "double" || type === "any"
        ? []
        : refuse(`is increment(), but the field is ${nameOfKind(type)}`);
    case "arrayUnion":
    case "arrayRemove":
      if (type !== "array" && type !== "any" && !field.json)
        return refuse(`is ${change.kind}(), but the field is ${nameOfKind(type)}`);
      // What is removed may be what should never have been in it.
      return change.kind === "arrayUnion"
        ? schema.checkSome(undefined, { [name]: [...change.operand] })
        : [];
    default:
      return change satisfies never;
  }
}

/** What the SDK is to write, without the changes inside of maps: models know nothing of them. */
export function withoutChanges(given: unknown, written: unknown): unknown {
  if (!isMap(given) || !isMap(written) || !hasChange(given)) return written;
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(written)) {
    const part = given[key];
    if (!isFieldChange(part)) rest[key] = withoutChanges(part, value);
  }
  return rest;
}

function hasChange(value: unknown): boolean {
  return isFieldChange(value) || (isMap(value) && Object.values(value).some(hasChange));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && isPlain(value);
}
