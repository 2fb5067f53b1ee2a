import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { blueprintJsonSchema, parseRegistry, registryJsonSchema } from "./index.ts";

function read(file: string): string {
  return readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
}

test("the shipped schemas are current: run pnpm generate when not", () => {
  expect(JSON.parse(read("registry.schema.json"))).toEqual(registryJsonSchema());
  expect(JSON.parse(read("blueprint.schema.json"))).toEqual(blueprintJsonSchema());
});

const registrySchema = z.fromJSONSchema(JSON.parse(read("registry.schema.json")));
const blueprintSchema = z.fromJSONSchema(JSON.parse(read("blueprint.schema.json")));

test("an editor with the schema accepts the seed and what it names in its first line", () => {
  expect(
    registrySchema.safeParse(parse(read("seed/clnt_column_registry.yml"))).error,
  ).toBeUndefined();
  for (const name of ["acme", "company_list"]) {
    expect(
      blueprintSchema.safeParse(parse(read(`seed/vendor_blueprints/${name}.yml`))).error,
    ).toBeUndefined();
  }
  const modeline = /^# yaml-language-server: \$schema=(.*)$/m.exec(
    read("seed/clnt_column_registry.yml"),
  )?.[1];
  // `db/registry/…` of the user's folder, to where the package is installed.
  expect(modeline).toBe("../../node_modules/@ctb-data/registry/registry.schema.json");
});

const everything = `
version: 1
schema: app
enums: { status: [open, { value: done, deprecated: true }], level: { values: [low], description: x, meta: {} } }
mixins: { stamped: { columns: [{ name: created_at, type: timestamptz, default: now() }] } }
collections: { logs: { fields: { at: timestamp, by: { type: string, required: true } }, owner: by, access: { read: owner }, indexes: [at, [by, { field: at, order: desc }]] } }
tables:
  t:
    id: t1
    renamed_from: old
    description: x
    owner: me
    tags: [a]
    mixins: [stamped]
    primary_key: [id]
    columns:
      - { name: id, type: serial, id: c1, renamed_from: i }
      - { name: a, type: "varchar(9)", required: true, unique: true, default: 0, check: a > '', format: email, min: 1, max: 9, pattern: a, examples: [1], classification: pii, deprecated: no more, meta: { x: 1 } }
      - { name: b, type: integer, references: { table: t, column: id, on_delete: cascade, on_update: restrict }, check: { name: c, expression: b > 0 } }
      - { name: e, type: text, encrypted: { blind_index: { column: h, normalize: trim, bits: 128 } } }
      - { name: s, enum: status }
    unique: [[a, b], { columns: [b], name: only_b }]
    indexes: [a, [a, b], { columns: [{ column: a, order: desc }, { expression: lower(a) }], unique: true, method: btree, where: a > '', include: [b], name: i }]
    checks: [b > 1, { name: d, expression: b > 2 }]
    fk: [{ columns: [b], table: u, references: [id] }]
    firestore: { collection: c, id: id, fields: { x: a, own: map, o: { type: map, required: true } }, omit: [e], owner: a, access: { read: signed_in, write: none, create: owner, update: owner, delete: owner }, indexes: [{ fields: own.x, scope: collection_group }, { fields: [b, { field: own.v, dimension: 3 }] }] }
    meta: { free: true }
  u: { pk: id, columns: [{ name: id, type: integer }], firestore: true, fk: u.id }
`;

test("what the loader accepts, the schema accepts", () => {
  parseRegistry(everything, { strict: true });
  expect(registrySchema.safeParse(parse(everything)).error).toBeUndefined();
});

test("an unknown key is underlined", () => {
  const result = registrySchema.safeParse(
    parse("tables: { t: { columns: [{ name: a, nulable: true }] } }"),
  );
  expect(JSON.stringify(result.error?.issues)).toContain("nulable");
});

test("every key of the schema is explained or has a name that explains it", () => {
  expect(JSON.stringify(registryJsonSchema())).not.toContain('$ref":"#/definitions/__schema');
});
