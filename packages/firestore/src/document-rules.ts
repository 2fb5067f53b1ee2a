import type { DocumentAccess, DocumentAudience } from "@ctb-data/registry";
import type { RuledDocuments } from "./ruled-documents.ts";
import { ruleComment, ruleCost, ruleField, ruleText, ruleTexts } from "./rules-source.ts";

/** Firestore evaluates so many expressions for one request; the rest of the rule needs some too. */
const maxCost = 900;

/** Expressions that are too long are refused. */
const checksPerFunction = 20;

/** The rules of one collection, line by line. */
export function rulesOf(documents: RuledDocuments): readonly string[] {
  const { collection, description, access } = documents;
  const title = ruleComment(
    description === undefined ? collection : `${collection}: ${description}`,
  );
  const allowed = (["read", "create", "update", "delete"] as const).filter(
    (action) => access[action] !== "none" && !(action === "create" && cannotCreate(documents)),
  );
  if (allowed.length === 0) {
    return [title, "// No app may read or write it.", ...impossible(documents)];
  }
  const isWritten = allowed.includes("create") || allowed.includes("update");
  const body = [
    ...(allowed.some((action) => access[action] === "owner") ? ownerFunction(access) : []),
    ...(isWritten ? validFunctions(documents) : []),
    ...(allowed.includes("create") && documents.idChecks.length > 0
      ? functionOf("hasValidId()", documents.idChecks)
      : []),
    ...allowed.map((action) => allowLine(action, documents)),
  ];
  return [
    title,
    ...documents.encrypted.map((field) =>
      ruleComment(`${field} is encrypted: apps see ciphertext, and cannot write it.`),
    ),
    ...impossible(documents),
    `match ${matchPath(collection)} {`,
    ...body.map((line) => (line === "" ? "" : `  ${line}`)),
    "}",
  ];
}

/** A document that must have what only servers can write. */
function cannotCreate({ required, encrypted }: RuledDocuments): boolean {
  return encrypted.some((field) => required.includes(field));
}

function impossible(documents: RuledDocuments): readonly string[] {
  return documents.access.create !== "none" && cannotCreate(documents)
    ? ["// No app can create one: a field that is required is encrypted."]
    : [];
}

/** Other names than these are no part of a path in rules. */
const isPlainName = (collection: string): boolean => /^[A-Za-z_][\w-]*$/.test(collection);

function matchPath(collection: string): string {
  return isPlainName(collection) ? `/${collection}/{document}` : "/{collection}/{document}";
}

function ownerFunction({ owner }: DocumentAccess): readonly string[] {
  if (owner === undefined) return [];
  const uid = owner.kind === "id" ? "document" : ruleField(owner.field);
  return functionOf(owner.kind === "id" ? "isOwner()" : "isOwner(data)", [
    `request.auth.uid == ${uid}`,
  ]);
}

function validFunctions(documents: RuledDocuments): readonly string[] {
  const { fields, required, checks, encrypted } = documents;
  const names = [
    `data.keys().hasOnly(${ruleTexts(fields)})`,
    ...(required.length === 0 ? [] : [`data.keys().hasAll(${ruleTexts(required)})`]),
  ];
  const secrets = encrypted.map(
    (field) => `data.get(${ruleText(field)}, null) == before.get(${ruleText(field)}, null)`,
  );
  const isTooMuch = ruleCost([...names, ...checks, ...secrets].join(" && ")) > maxCost;
  const kept = isTooMuch ? [] : checks;
  const chunks = Array.from({ length: Math.ceil(kept.length / checksPerFunction) }, (_, index) =>
    kept.slice(index * checksPerFunction, (index + 1) * checksPerFunction),
  );
  const [only = [], ...more] = chunks;
  const named =
    more.length === 0 ? [] : chunks.map((_, index) => `hasValidFields${index + 1}(data)`);
  return [
    ...(isTooMuch
      ? [
          "// Values are left to the models: so many fields would take more than the 1,000 expressions",
          "// that Firestore evaluates for one request.",
        ]
      : []),
    ...functionOf("isValid(data, before)", [
      ...names,
      ...secrets,
      ...(more.length === 0 ? only : named),
    ]),
    ...named.flatMap((name, index) => functionOf(name, chunks[index] ?? [])),
  ];
}

function functionOf(head: string, conditions: readonly string[]): readonly string[] {
  const [first = "true", ...more] = conditions;
  const last = more.pop();
  return [
    `function ${head} {`,
    `  return ${first}${last === undefined ? ";" : ""}`,
    ...more.map((condition) => `    && ${condition}`),
    ...(last === undefined ? [] : [`    && ${last};`]),
    "}",
    "",
  ];
}

type Action = "read" | "create" | "update" | "delete";

function allowLine(action: Action, documents: RuledDocuments): string {
  const { access, idChecks, collection } = documents;
  const written = "request.resource.data";
  const stored = "resource.data";
  const conditions = [
    ...(isPlainName(collection) ? [] : [`collection == ${ruleText(collection)}`]),
    "request.auth != null",
    ...ownerConditions(action, access[action], access),
    ...(action === "create" && idChecks.length > 0 ? ["hasValidId()"] : []),
    ...(action === "create" ? [`isValid(${written}, {})`] : []),
    ...(action === "update" ? [`isValid(${written}, ${stored})`] : []),
  ];
  return `allow ${action}: if ${conditions.join(" && ")};`;
}

/** Who wrote a document, and that it stays that one's. */
function ownerConditions(
  action: Action,
  audience: DocumentAudience,
  { owner }: DocumentAccess,
): readonly string[] {
  if (owner === undefined) return [];
  if (owner.kind === "id") return audience === "owner" ? ["isOwner()"] : [];
  if (audience === "owner") {
    const before = action === "create" ? [] : ["isOwner(resource.data)"];
    const after =
      action === "create" || action === "update" ? ["isOwner(request.resource.data)"] : [];
    return [...before, ...after];
  }
  if (action !== "update") return [];
  const key = ruleText(owner.field);
  return [`request.resource.data.get(${key}, null) == resource.data.get(${key}, null)`];
}
