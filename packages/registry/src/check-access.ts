import type { Checking } from "./check-shape.ts";
import { quoted, suggestion } from "./problem.ts";
import type { DocumentRules, TableDraft } from "./registry-draft.ts";
import type { DocumentAccess, DocumentField, DocumentOwner } from "./registry.ts";
import { childOf, isMapAt, keySpot, type Located, type Spot } from "./yaml-node.ts";

/** What the rules of documents are checked against. */
interface AccessDraft {
  readonly at: Located;
  readonly rules: DocumentRules;
  readonly fields: ReadonlyMap<string, DocumentField>;
  /** Undefined for documents without a table. */
  readonly table?: TableDraft;
  readonly idColumn?: string;
}

/** Who may do what to documents. Reports an owner that cannot be one. */
export function accessOf(draft: AccessDraft, { problems }: Checking): DocumentAccess {
  const { at, rules } = draft;
  const { write = "none", read = "none", ...named } = rules.access ?? {};
  const owner = rules.owner === undefined ? undefined : ownerOf(rules.owner, draft, problems);
  const access: DocumentAccess = {
    ...(owner === undefined ? {} : { owner }),
    read,
    create: named.create ?? write,
    update: named.update ?? write,
    delete: named.delete ?? write,
  };
  const needsOwner = [access.read, access.create, access.update, access.delete].includes("owner");
  if (needsOwner && rules.owner === undefined) {
    problems.error(
      isMapAt(at) ? keySpot(at, "access") : at,
      "missing-key",
      "access names the owner, and nothing says who that is",
      "name the column or field with the user id: owner: …",
    );
  }
  return access;
}

function ownerOf(
  name: string,
  { at, fields, table, idColumn }: AccessDraft,
  problems: Checking["problems"],
): DocumentOwner | undefined {
  const spot: Spot = isMapAt(at) ? (childOf(at, "owner") ?? at) : at;
  if (name === idColumn) return { kind: "id" };
  const isColumn = table?.columns.has(name) === true;
  const field = isColumn
    ? [...fields.values()].find(({ column }) => column === name)
    : fields.get(name);
  const column = field?.column === undefined ? undefined : table?.columns.get(field.column)?.column;
  if (field === undefined) {
    if (table?.incomplete === true) return undefined;
    const known = [...(table?.columns.keys() ?? []), ...fields.keys()];
    const message = isColumn
      ? `documents do not have the column ${quoted(name)}, so that it cannot name their owner`
      : `there is no ${table === undefined ? "" : "column or "}field ${quoted(name)}${suggestion(name, known)}`;
    problems.error(spot, isColumn ? "conflict" : "unknown-name", message);
    return undefined;
  }
  if (field.type !== "string" || column?.encryption !== undefined) {
    const what = column?.encryption === undefined ? `of the type ${field.type}` : "encrypted";
    problems.error(
      spot,
      "invalid-document",
      `the field ${quoted(field.name)} is ${what}, and a user id is a plain string`,
    );
    return undefined;
  }
  return { kind: "field", field: field.name };
}
