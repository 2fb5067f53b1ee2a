import { checkShape, describe, type Checking } from "./check-shape.ts";
import { quoted, suggestion } from "./problem.ts";
import { documentIndexPartSchema, documentIndexSchema } from "./registry-schema.ts";
import type { DocumentField, DocumentIndex, DocumentIndexField } from "./registry.ts";
import { childOf, isMapAt, itemsOf, sourceOf, textAt, type Located } from "./yaml-node.ts";

type Fields = ReadonlyMap<string, DocumentField>;

/** The indexes that the file gives to documents. */
export function documentIndexesOf(
  at: Located | undefined,
  fields: Fields,
  checking: Checking,
): readonly DocumentIndex[] {
  if (at === undefined) return [];
  if (at.node.kind !== "list") {
    checking.problems.error(at, "wrong-value", `must be a list, not ${describe(at.node)}`);
    return [];
  }
  return itemsOf(at).flatMap((item) => indexOf(item, fields, checking) ?? []);
}

function indexOf(at: Located, fields: Fields, checking: Checking): DocumentIndex | undefined {
  if (!isMapAt(at)) return joined(at, at, { scope: "collection", fields, checking });
  const data = checkShape(documentIndexSchema, at, checking);
  const list = childOf(at, "fields");
  if (data === undefined || list === undefined) return undefined;
  return joined(at, list, { scope: data.scope ?? "collection", fields, checking });
}

interface IndexContext {
  readonly scope: DocumentIndex["scope"];
  readonly fields: Fields;
  readonly checking: Checking;
}

function joined(
  at: Located,
  list: Located,
  { scope, fields, checking }: IndexContext,
): DocumentIndex | undefined {
  const { problems } = checking;
  const items = itemsOf(list);
  const parts = items.map((item) => partOf(item, fields, checking));
  const good = parts.filter((part) => part !== undefined);
  if (good.length !== parts.length) return undefined;
  const paths = good.map(({ path }) => JSON.stringify(path));
  if (new Set(paths).size < paths.length)
    problems.error(at, "conflict", "an index has each field once");
  if (good.filter(({ by }) => by === "contains").length > 1)
    problems.error(at, "conflict", "an index of Firestore has one array at most");
  if (paths.slice(0, -1).includes('["__name__"]'))
    problems.error(
      at,
      "conflict",
      "the document's name is the last field of an index of Firestore",
    );
  if (good.slice(0, -1).some(({ by }) => typeof by === "object"))
    problems.error(at, "conflict", "the vector is the last field of an index of Firestore");
  return { fields: good, scope, source: sourceOf(at) };
}

function partOf(at: Located, fields: Fields, checking: Checking): DocumentIndexField | undefined {
  const text = textAt(at);
  if (text === undefined && !isMapAt(at)) {
    checking.problems.error(at, "wrong-value", `must be a field, not ${describe(at.node)}`);
    return undefined;
  }
  const data =
    text === undefined ? checkShape(documentIndexPartSchema, at, checking) : { field: text };
  if (data === undefined) return undefined;
  const spot = isMapAt(at) ? (childOf(at, "field") ?? at) : at;
  const found = pathOf(data.field, fields);
  if (found === undefined) {
    const known = suggestion(data.field, fields.keys());
    checking.problems.error(
      spot,
      "unknown-name",
      `there is no field ${quoted(data.field)}${known}`,
    );
    return undefined;
  }
  const isWhole = found.path.length === 1;
  const by = byOf(data, isWhole ? found.field?.type : undefined);
  if (typeof by === "string" || !("fault" in by)) return { path: found.path, by };
  checking.problems.error(spot, "conflict", by.fault);
  return undefined;
}

/** A field by its name, or what is inside of a map. */
function pathOf(
  name: string,
  fields: Fields,
): { readonly path: readonly string[]; readonly field?: DocumentField } | undefined {
  const field = fields.get(name);
  if (field !== undefined) return { path: [name], field };
  if (name === "__name__") return { path: [name] };
  const path = name.split(".");
  const outer = fields.get(path[0] ?? "");
  const mayHaveKeys = outer?.type === "map" || outer?.type === "any";
  return mayHaveKeys && path.length > 1 && !path.includes("") ? { path, field: outer } : undefined;
}

function byOf(
  {
    order,
    dimension,
  }: { readonly order?: "asc" | "desc" | undefined; readonly dimension?: number | undefined },
  type: DocumentField["type"] | undefined,
): DocumentIndexField["by"] | { readonly fault: string } {
  if (dimension !== undefined) {
    if (type !== undefined && type !== "vector" && type !== "any")
      return { fault: `a field of the type ${type} has no dimension` };
    return order === undefined ? { dimension } : { fault: "a vector has no order" };
  }
  if (type === "vector") return { fault: 'the index of a vector needs its "dimension"' };
  if (type !== "array") return order ?? "asc";
  return order === undefined ? "contains" : { fault: "an array is indexed without an order" };
}
