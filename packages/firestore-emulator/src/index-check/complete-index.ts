import { documentNameField } from "../name/field-path.ts";
import { isNameField, type Index, type IndexField } from "./index-set.ts";

/**
 * The fields of an index with the `__name__` that it ends with: in the direction of the last field, ascending after one
 * without direction, and before a vector.
 */
export function completeFields(fields: readonly IndexField[]): readonly IndexField[] {
  if (fields.some(({ path }) => isNameField(path))) return fields;
  const last = fields.at(-1);
  const name: IndexField = {
    path: [documentNameField],
    mode: last?.mode === "DESCENDING" ? "DESCENDING" : "ASCENDING",
  };
  return last !== undefined && typeof last.mode === "object"
    ? [...fields.slice(0, -1), name, last]
    : [...fields, name];
}

/** The fields of an index without a `__name__` that is implied, as files and commands write them. */
export function shortFields(fields: readonly IndexField[]): readonly IndexField[] {
  const others = fields.filter(({ path }) => !isNameField(path));
  const completed = completeFields(others);
  const implied =
    completed.length === fields.length &&
    completed.every(({ path, mode }, index) => {
      const field = fields[index];
      return field?.mode === mode && isNameField(field.path) === isNameField(path);
    });
  return implied && others.length > 0 ? others : fields;
}

/** The one field that the index is of, if single-field settings make such an index and not the list of composites. */
export function singleField({ fields }: Index): IndexField | undefined {
  const [field, ...more] = shortFields(fields);
  if (field === undefined || more.length > 0 || isNameField(field.path)) return undefined;
  return typeof field.mode === "object" ? undefined : field;
}
