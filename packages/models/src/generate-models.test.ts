import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  columnTypes,
  parseRegistry,
  type Column,
  type ColumnType,
  type Registry,
  type Table,
} from "@ctb-data/registry";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkGenerated, generateModels, writeGenerated } from "./index.ts";

const numRuns = process.env["SLOW"] === "1" ? 100 : 10;
const here = dirname(fileURLToPath(import.meta.url));
const source = { file: "r.yml", line: 1, column: 1 };

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ctb-models-"));
  await writeFile(join(dir, "package.json"), '{"type":"module"}');
});
afterAll(async () => {
  await rm(dir, { recursive: true });
});

function column(name: string, type: ColumnType, more: Partial<Column> = {}): Column {
  return { name, type, nullable: true, examples: [], meta: {}, source, ...more };
}

function table(name: string, columns: readonly Column[], more: Partial<Table> = {}): Table {
  return {
    name,
    columns: new Map(columns.map((one) => [one.name, one])),
    tags: [],
    uniques: [],
    indexes: [],
    checks: [],
    foreignKeys: [],
    meta: {},
    source,
    ...more,
  };
}

function registry(tables: readonly Table[]): Registry {
  return {
    version: 1,
    schema: "public",
    enums: new Map(),
    tables: new Map(tables.map((one) => [one.name, one])),
    collections: new Map(),
    files: ["r.yml"],
  };
}

const text: ColumnType = { name: "text", kind: "text", dimensions: 0 };
const hostile = [
  "__proto__",
  "constructor",
  "prototype",
  "toJson",
  "toJSON",
  "toRow",
  "class",
  "static",
  "then",
  "",
  'a"b',
  "a'b",
  "a`b${x}",
  "a\nb\r\u2028\u2029",
  "naïve ☃",
  "*/ evil()",
  "\\",
  "0",
  "a-b",
  "\uD800",
];
const name = fc.oneof(
  fc.constantFrom(...hostile),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ maxLength: 8 }),
);
const type: fc.Arbitrary<ColumnType> = fc.oneof(
  fc.constantFrom(...Object.entries(columnTypes)).chain(([typeName, { kind }]) => {
    const known = Object.keys(columnTypes).find(
      (key): key is keyof typeof columnTypes => key === typeName,
    );
    return fc.nat(1).map((dimensions): ColumnType => ({ name: known ?? "text", kind, dimensions }));
  }),
  fc
    .array(name, { maxLength: 3 })
    .map((values): ColumnType => ({ name: "mood", kind: "enum", values, dimensions: 0 })),
);
const anyColumn = fc
  .record({
    name,
    type,
    nullable: fc.boolean(),
    description: fc.option(name, { nil: undefined }),
    withDefault: fc.boolean(),
  })
  .map(({ name: columnName, type: columnType, nullable, description, withDefault }) =>
    column(columnName, columnType, {
      nullable,
      ...(description === undefined ? {} : { description }),
      ...(withDefault ? { default: "'*/'" } : {}),
    }),
  );
const closed = {
  access: { read: "none", create: "none", update: "none", delete: "none" },
  indexes: [],
} as const;
const anyTable = fc
  .tuple(
    name,
    fc.uniqueArray(anyColumn, { selector: (one) => one.name, minLength: 1, maxLength: 4 }),
    fc.boolean(),
  )
  .map(([tableName, columns, hasDocuments]) => {
    const [id] = columns;
    const fields = new Map(
      columns.map((one) => [
        one.name,
        { name: one.name, column: one.name, type: "any" as const, source },
      ]),
    );
    return table(
      tableName,
      columns,
      hasDocuments && id !== undefined
        ? { firestore: { ...closed, collection: tableName, idColumn: id.name, fields, source } }
        : {},
    );
  });
const anyRegistry = fc
  .uniqueArray(anyTable, { selector: (one) => one.name, minLength: 1, maxLength: 3 })
  .map(registry);

/** Checks the types of generated code, as strictly as TypeScript can. */
async function compile(folder: string): Promise<void> {
  const tsc = join(
    dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
    "bin",
    "tsc",
  );
  const compilerOptions = {
    allowImportingTsExtensions: true,
    customConditions: ["@ctb-data/source"],
    declaration: true,
    erasableSyntaxOnly: true,
    exactOptionalPropertyTypes: true,
    isolatedDeclarations: true,
    lib: ["es2023"],
    module: "nodenext",
    noEmit: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    strict: true,
    target: "es2023",
    typeRoots: [join(here, "../node_modules/@types")],
    types: ["node"],
    verbatimModuleSyntax: true,
  };
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, include: ["."] }),
  );
  const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  expect(stdout).toBe("");
}

function run(args: readonly string[]): string {
  return execFileSync(process.execPath, args, { encoding: "utf8", stdio: "pipe" });
}

const sorted = (list: unknown): readonly string[] =>
  Array.isArray(list) ? list.map((one) => JSON.stringify(one)).toSorted() : [];

/** How code in a folder imports this package: TypeScript knows no URLs. */
function importFor(folder: string): string {
  return relative(folder, join(here, "index.ts")).split(sep).join("/");
}

describe("generated code", () => {
  it("of the seed is what this package ships", async () => {
    const seed = await readFile(join(here, "../../registry/seed/clnt_column_registry.yml"), "utf8");
    const files = generateModels(parseRegistry(seed), { importFrom: "../generated-imports.ts" });
    // The document types are part of the models' files too.
    const shipped = files.filter(({ path }) => path !== "firestore.ts");
    // UPDATE_SEED=1 writes them.
    if (process.env["UPDATE_SEED"] === "1") await writeGenerated(join(here, "seed"), shipped);
    expect(await checkGenerated(join(here, "seed"), shipped)).toEqual([]);
  });

  it("of any registry can be imported and used, whatever its names are", async () => {
    const registries = fc.array(anyRegistry, { minLength: numRuns * 2, maxLength: numRuns * 2 });
    await fc.assert(
      fc.asyncProperty(registries, async (all) => {
        const folders = await Promise.all(
          all.map(async (any, index) => {
            const folder = join(dir, `run${index}`);
            await writeGenerated(folder, generateModels(any, { importFrom: importFor(folder) }));
            return folder;
          }),
        );
        // By Node itself, which strips the types.
        const script = `const shown = [];
          for (const folder of process.argv.slice(1)) {
            await import(folder + "/firestore.ts");
            const classes = Object.values(await import(folder + "/index.ts")).filter((one) => typeof one === "function");
            shown.push(classes.map((one) => [one.model.table.name, [...one.model.table.columns.keys()]]));
          }
          console.log(JSON.stringify(shown));`;
        const options = ["--conditions=@ctb-data/source", "--input-type=module", "-e", script];
        const out: unknown = JSON.parse(
          run([...options, ...folders.map((folder) => pathToFileURL(folder).href)]),
        );
        const expected = all.map(({ tables }) =>
          sorted([...tables.values()].map((one) => [one.name, [...one.columns.keys()]])),
        );
        expect(Array.isArray(out) ? out.map(sorted) : out).toEqual(expected);
      }),
      { numRuns: 1, endOnFailure: true },
    );
  }, 120_000);

  it("of hostile names compiles, and its instances work", async () => {
    const folder = join(dir, "hostile");
    const columns = hostile
      .filter((one) => one !== "\uD800")
      .map((one) => column(one, text, { description: "ends */ here" }));
    const fields = new Map(
      columns.map((one) => [
        one.name,
        { name: one.name, column: one.name, type: "string" as const, source },
      ]),
    );
    const things = table(
      "things",
      [
        column("id", { name: "serial", kind: "int32", dimensions: 0 }, { nullable: false }),
        ...columns,
      ],
      {
        firestore: { ...closed, collection: "things", idColumn: "id", fields, source },
      },
    );
    const odd = [
      "thing",
      "Things",
      "Thing Values",
      "class",
      "Object",
      "z",
      "表",
      "1st",
      "con",
      "Json",
      "index",
    ].map((one) => table(one, columns));
    await writeGenerated(
      folder,
      generateModels(registry([things, ...odd]), { importFrom: importFor(folder) }),
    );
    const use = `import { Thing, type ThingRow } from "./index.ts";
const row: Required<ThingRow> = { id: 1, ${hostile
      .filter((one) => one !== "\uD800")
      .map((one) => `[${JSON.stringify(one)}]: ${JSON.stringify(`v ${one}`)}`)
      .join(", ")} };
const thing = Thing.fromRow(row);
const id: number = thing.id;
const json: string | null | undefined = thing.toJson;
const own: string | null | undefined = thing["__proto__"];
const proto: string | null | undefined = thing["constructor"];
const text = JSON.stringify(Thing.toJson(thing));
const back = Thing.fromJson(text);
const { id: documentId, data } = Thing.toDocument(thing);
const again = Thing.fromDocument(documentId, data);
console.log(JSON.stringify([id, json, own, proto, Object.entries(back), Object.entries(again), thing instanceof Thing]));
`;
    await writeFile(join(folder, "use.ts"), use);
    await compile(folder);
    const out: unknown = JSON.parse(run(["--conditions=@ctb-data/source", join(folder, "use.ts")]));
    const entries = [
      ["id", 1],
      ...hostile.filter((one) => one !== "\uD800").map((one) => [one, `v ${one}`]),
    ];
    expect(Array.isArray(out) ? out.slice(0, 4) : out).toEqual([
      1,
      "v toJson",
      "v __proto__",
      "v constructor",
    ]);
    expect(sorted(Array.isArray(out) ? out[4] : out)).toEqual(sorted(entries));
    expect(sorted(Array.isArray(out) ? out[5] : out)).toEqual(sorted(entries));
    expect(Array.isArray(out) ? out[6] : out).toBe(true);
  }, 60_000);

  it("is the same for the same registry, has no time in it, and follows the order of the registry", () => {
    fc.assert(
      fc.property(anyRegistry, (any) => {
        expect(generateModels(any)).toEqual(generateModels(any));
      }),
      { numRuns },
    );
    const [first, second] = generateModels(
      registry([table("zebras", [column("b", text), column("a", text)]), table("apes", [])]),
    );
    expect([first?.path, second?.path]).toEqual(["zebra.ts", "ape.ts"]);
    expect(first?.content).toMatch(/readonly b\?: string \| null;\n {2}readonly a\?/);
    expect(first?.content).toMatch(/^\/\/ Generated by ctb-data \(models\)\. Do not edit/);
  });

  it.each([
    ["clients", "Client"],
    ["imo_processes", "ImoProcess"],
    ["companies", "Company"],
    ["addresses", "Address"],
    ["order_status", "OrderStatus"],
    ["statuses", "Status"],
    ["people", "Person"],
    ["data", "Data"],
    ["boxes", "Box"],
    ["houses", "House"],
    ["analysis", "Analysis"],
    ["camelCaseNames", "CamelCaseName"],
    ["2fa_codes", "Table2faCode"],
    ["Date", "Date2"],
    ["!", "Table"],
  ])("names the class of %s %s", (tableName, className) => {
    const [file] = generateModels(registry([table(tableName, [])]));
    expect(file?.content).toContain(`export class ${className} extends`);
  });

  it("tells the tables client and clients apart", () => {
    const files = generateModels(
      registry([table("clients", []), table("client", []), table("client_value", [])]),
    );
    const classes = files.flatMap(({ content }) =>
      [...content.matchAll(/export class (\w+)/g)].map(([, className]) => className),
    );
    expect(classes).toEqual(["Client", "Client2", "ClientValue2"]);
    expect(new Set(files.map(({ path }) => path.toLowerCase())).size).toBe(files.length);
  });

  it("takes only the listed texts of a column as input, and reads whatever the database holds", () => {
    const [file] = generateModels(
      registry([
        table("leads", [
          column("stage", { name: "text", kind: "text", dimensions: 0 }, { oneOf: ["new", "won"] }),
        ]),
      ]),
    );
    expect(file?.content).toContain('readonly stage?: "new" | "won" | null;');
    expect(file?.content).toContain("readonly stage?: string | null;");
    expect(file?.content).toContain('oneOf: ["new", "won"]');
  });

  it("imports what it is told to", () => {
    const [file, , index] = generateModels(registry([table("clients", [])]), {
      importFrom: "#models",
      importExtension: ".js",
    });
    expect(file?.content).toContain('from "#models";');
    expect(index?.content).toContain('from "./client.js";');
  });
});
