import type { DeployedRules } from "@ctb-data/firestore";
import { generateFirestoreFiles } from "@ctb-data/firestore/generate";
import { randomRegistry, runs } from "@ctb-data/postgres/testing/random-registry";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { idsOf } from "../../../testing/drift-database.ts";
import { checkFirestoreDrift, type FirestoreFiles } from "./check-firestore-drift.ts";

const registry = parseRegistry(`
tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: varchar(255), nullable: false }
      - { name: email, type: varchar(255) }
      - { name: tags, type: "text[]" }
      - { name: config, type: jsonb }
      - { name: secret, type: text, encrypted: true }
    indexes: [{ columns: [name, { column: email, order: desc }] }, { columns: [name, tags] }]
    firestore:
      collection: clients
      access: { read: signed_in }
      indexes: [{ fields: [name], scope: collection_group }]
`);

function filesOf(of: Registry): { indexes: string; rules: string } {
  const [indexes, rules] = generateFirestoreFiles(of);
  if (!indexes || !rules) throw new Error("Nothing was generated.");
  return { indexes: indexes.content, rules: rules.content };
}
const files = filesOf(registry);

function told(given: FirestoreFiles): readonly string[] {
  return idsOf(checkFirestoreDrift({ registry, files: given }));
}

/** The generated file with one text in the place of another that is there. */
function edited(text: string, from: string, to: string): string {
  expect(text).toContain(from);
  return text.replace(from, to);
}

/** As Google has what the generated files say. */
const deployed: DeployedRules = {
  indexes: [
    {
      collectionGroup: "clients",
      queryScope: "COLLECTION",
      fields: [
        { fieldPath: "name", order: "ASCENDING" },
        { fieldPath: "email", order: "DESCENDING" },
        { fieldPath: "__name__", order: "DESCENDING" },
      ],
      state: "READY",
    },
    {
      collectionGroup: "clients",
      queryScope: "COLLECTION",
      fields: [
        { fieldPath: "name", order: "ASCENDING" },
        { fieldPath: "tags", arrayConfig: "CONTAINS" },
        { fieldPath: "__name__", order: "ASCENDING" },
      ],
      state: "READY",
    },
  ],
  fieldOverrides: [
    {
      collectionGroup: "clients",
      fieldPath: "name",
      indexes: [
        { order: "ASCENDING", queryScope: "COLLECTION_GROUP", state: "READY" },
        { arrayConfig: "CONTAINS", queryScope: "COLLECTION", state: "READY" },
        { order: "DESCENDING", queryScope: "COLLECTION", state: "READY" },
        { order: "ASCENDING", queryScope: "COLLECTION", state: "READY" },
      ],
      ttl: false,
    },
    { collectionGroup: "clients", fieldPath: "config", indexes: [], ttl: false },
    { collectionGroup: "clients", fieldPath: "secret", indexes: [], ttl: false },
  ],
  rules: { text: files.rules.replaceAll("\n", "\r\n"), releasedAt: "2026-01-01T00:00:00Z" },
};

function live(changes: Partial<DeployedRules>): readonly string[] {
  return idsOf(checkFirestoreDrift({ registry, deployed: { ...deployed, ...changes } }));
}

describe("checkFirestoreDrift", () => {
  test("the files that a registry makes are no drift, whatever their order, form, line ends and marks", async () => {
    expect(told(files)).toEqual([]);
    const parsed: { indexes: unknown[]; fieldOverrides: unknown[] } = JSON.parse(files.indexes);
    const other = { fieldOverrides: parsed.fieldOverrides.toReversed(), indexes: parsed.indexes.toReversed() };
    expect(told({ indexes: JSON.stringify(other), rules: `\uFEFF${files.rules.replaceAll("\n", "\r\n")}\r\n` })).toEqual([]);
    await fc.assert(
      fc.asyncProperty(randomRegistry, async (any) => {
        expect(checkFirestoreDrift({ registry: any, files: filesOf(any) })).toEqual([]);
        await Promise.resolve();
      }),
      runs,
    );
  }); // prettier-ignore

  test("files that are not there are told, but a registry without documents needs none", () => {
    expect(told({ indexes: undefined, rules: undefined })).toEqual([
      "firestore_drift:file:indexes:missing",
      "firestore_drift:file:rules:missing",
    ]);
    const bare = parseRegistry("tables: { a: { columns: [{ name: b, type: text }] } }");
    const none = { indexes: undefined, rules: undefined };
    expect(checkFirestoreDrift({ registry: bare, files: none })).toEqual([]);
    expect(checkFirestoreDrift({ registry })).toEqual([]);
  });

  test.each([
    ['"fieldPath": "email",\n          "order": "DESCENDING"', '"fieldPath": "email",\n          "order": "ASCENDING"', ["firestore_drift:file:index:clients(name asc, email asc):unknown", "firestore_drift:file:index:clients(name asc, email desc):missing"]],
    ['"queryScope": "COLLECTION",\n      "fields"', '"queryScope": "COLLECTION_GROUP",\n      "fields"', ["firestore_drift:file:index:clients(name asc, email desc):missing", "firestore_drift:file:index:group clients(name asc, email desc):unknown"]],
    ['"fieldPath": "secret",', '"fieldPath": "other",', ["firestore_drift:file:field:clients.other", "firestore_drift:file:field:clients.secret"]],
    ['"fieldPath": "secret",', '"fieldPath": "secret", "ttl": true,', ["firestore_drift:file:field:clients.secret"]],
    ['"queryScope": "COLLECTION_GROUP"', '"queryScope": "COLLECTION"', ["firestore_drift:file:field:clients.name"]],
  ])("%s for %s in the file of indexes is told, and no more", (from, to, ids) => {
    expect(told({ ...files, indexes: edited(files.indexes, from, to) })).toEqual(ids);
  }); // prettier-ignore

  test("a file of indexes that is none is told", () => {
    for (const [indexes, reason] of [["{", "not JSON"], ["[]", "not a JSON object"], ['{"indexes":{}}', "indexes is not a list"]] as const) {
      expect(checkFirestoreDrift({ registry, files: { ...files, indexes } })).toMatchObject([
        { id: "firestore_drift:file:indexes:unreadable", severity: "error", message: expect.stringContaining(reason) },
      ]);
    }
  }); // prettier-ignore

  test("rules that differ are told with the first line, and what is in force weighs more", () => {
    const open = edited(files.rules, "allow read", "allow write, read");
    const line = open.split("\n").findIndex((text) => text.includes("allow write, read")) + 1;
    const [finding] = checkFirestoreDrift({ registry, files: { ...files, rules: open } });
    expect(finding).toMatchObject({
      id: "firestore_drift:file:rules:different",
      kind: "firestore_drift",
      store: "firestore",
      severity: "warning",
      message: expect.stringContaining(`from line ${line} on: \`allow write, read`),
      advice: expect.stringContaining("ctb-data generate"),
    });
    const shorter = checkFirestoreDrift({ registry, files: { ...files, rules: files.rules.split("\n").slice(0, 5).join("\n") } }); // prettier-ignore
    expect(shorter[0]?.message).toMatch(/from line 6 on: nothing instead of/);
    const inForce = { ...deployed, rules: { text: open, releasedAt: "" } };
    expect(checkFirestoreDrift({ registry, deployed: inForce })).toMatchObject([
      { id: "firestore_drift:deployed:rules:different", severity: "error" },
    ]);
  });

  test("what Google has of the files is no drift, with the names that it adds", () => {
    expect(live({})).toEqual([]);
  });

  test("indexes that are missing, too many, being built or broken are told", () => {
    const [first, second] = deployed.indexes;
    if (!first || !second) throw new Error("There are two.");
    expect(live({ indexes: [first] })).toEqual(["firestore_drift:deployed:index:clients(name asc, tags contains):missing"]); // prettier-ignore
    expect(live({ indexes: [{ ...first, state: "CREATING" }, { ...second, state: "NEEDS_REPAIR" }] })).toEqual(["firestore_drift:deployed:index:clients(name asc, email desc):building", "firestore_drift:deployed:index:clients(name asc, tags contains):broken"]); // prettier-ignore
    expect(live({ indexes: [first, second, { ...first, collectionGroup: "other" }] })).toEqual(["firestore_drift:deployed:index:other(name asc, email desc):unknown"]); // prettier-ignore
    const otherWay = { ...first, fields: first.fields.with(2, { fieldPath: "__name__", order: "ASCENDING" as const }) }; // prettier-ignore
    expect(live({ indexes: [otherWay, second] })).toEqual(["firestore_drift:deployed:index:clients(name asc, email desc):missing", "firestore_drift:deployed:index:clients(name asc, email desc, __name__ asc):unknown"]); // prettier-ignore
  });

  test("exemptions, times to live and rules that are missing or too many are told", () => {
    const [name, config, secret] = deployed.fieldOverrides;
    if (!name || !config || !secret) throw new Error("There are three.");
    expect(live({ fieldOverrides: [name, config] })).toEqual(["firestore_drift:deployed:field:clients.secret"]); // prettier-ignore
    expect(live({ fieldOverrides: [name, config, { ...secret, ttl: true }] })).toEqual(["firestore_drift:deployed:field:clients.secret"]); // prettier-ignore
    expect(live({ fieldOverrides: [...deployed.fieldOverrides, { collectionGroup: "logs", fieldPath: "until", ttl: true }] })).toEqual(["firestore_drift:deployed:field:logs.until"]); // prettier-ignore
    const [expiry] = checkFirestoreDrift({
      registry,
      deployed: { ...deployed, fieldOverrides: [...deployed.fieldOverrides, { collectionGroup: "logs", fieldPath: "until", ttl: true }] },
    }); // prettier-ignore
    expect(expiry).toMatchObject({ severity: "note", advice: expect.stringContaining("no word") });
    expect(live({ rules: undefined })).toEqual(["firestore_drift:deployed:rules:missing"]);
  });

  test("an index of vectors is the same where Google puts the name before the vector", () => {
    const vectors = parseRegistry(`
tables: {}
collections:
  places:
    fields: { kind: string, where: vector }
    indexes: [{ fields: [kind, { field: where, dimension: 3 }] }]
`);
    const found = checkFirestoreDrift({
      registry: vectors,
      deployed: {
        indexes: [
          {
            collectionGroup: "places",
            queryScope: "COLLECTION",
            fields: [
              { fieldPath: "kind", order: "ASCENDING" },
              { fieldPath: "__name__", order: "ASCENDING" },
              { fieldPath: "where", vectorConfig: { dimension: 3 } },
            ],
            state: "READY",
          },
        ],
        fieldOverrides: [],
        rules: { text: filesOf(vectors).rules, releasedAt: "" },
      },
    });
    expect(found).toEqual([]);
  });
});
