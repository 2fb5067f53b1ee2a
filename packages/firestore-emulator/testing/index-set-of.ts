import { singleField } from "../src/index-check/complete-index.ts";
import type { FieldMode, Index, IndexSet } from "../src/index-check/index-set.ts";
import { readIndexes } from "../src/index-check/read-indexes.ts";
import { formatFieldPath } from "../src/name/field-path.ts";

/** `cities: state ASC, population DESC`, or `cities group: …`. A field is `ASC`, `DESC`, `CONTAINS` or `VECTOR<3>`. */
export function indexSetOf(...descriptions: readonly string[]): IndexSet {
  return readIndexes({ indexes: descriptions.map(indexJson) }, "test");
}

/** A set with nothing but these overrides, as `firestore.indexes.json` has them. */
export function overridesOf(...fieldOverrides: readonly object[]): IndexSet {
  return readIndexes({ fieldOverrides }, "test");
}

function indexJson(description: string): object {
  const [target = "", fields = ""] = description.split(": ");
  const [collectionGroup = "", group] = target.split(" ");
  return {
    collectionGroup,
    queryScope: group === undefined ? "COLLECTION" : "COLLECTION_GROUP",
    // `ASC` and `DESC` are the beginnings of the words in the file.
    fields: fields.split(", ").map((field) => {
      const [fieldPath = "", mode = ""] = field.split(" ");
      const dimension = /^VECTOR<(\d+)>$/u.exec(mode)?.[1];
      if (dimension !== undefined) {
        return { fieldPath, vectorConfig: { dimension: Number(dimension), flat: {} } };
      }
      return mode === "CONTAINS"
        ? { fieldPath, arrayConfig: mode }
        : { fieldPath, order: `${mode}ENDING` };
    }),
  };
}

/** The same text of an index, with every `__name__`. An index that is an exemption begins with `single`. */
export function indexText(index: Index): string {
  const { collectionGroup, scope, fields } = index;
  const group = scope === "COLLECTION" ? "" : " group";
  const list = fields.map(({ path, mode }) => `${formatFieldPath(path)} ${modeText(mode)}`);
  const single = singleField(index) ? "single " : "";
  return `${single}${collectionGroup}${group}: ${list.join(", ")}`;
}

function modeText(mode: FieldMode): string {
  if (typeof mode === "object") return `VECTOR<${mode.vectorDimension}>`;
  return mode.replace("ENDING", "");
}
