import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startTestFirestore } from "../testing/middle-world.ts";
import { openPipelineWorld } from "../testing/pipeline-world.ts";

const packageFolder = join(import.meta.dirname, "..");
const seed = join(packageFolder, "../registry/seed");

test("the README's example takes a file in, promotes what is right and says what is wrong", async () => {
  await using server = await startTestFirestore();
  await using world = await openPipelineWorld(server.address);
  const said = await runExample(world);
  expect(said).toMatch(/^complete \{\s+read: 3,[^}]+\} \{[^}]+ inserted: 2,/u);
  expect(said).toMatch(/^client_intake\/\S+ created_at wrong_format The value of created_at /mu);
  const { rows } = await world.postgres.query("SELECT name, email FROM clients ORDER BY name");
  expect(rows).toEqual([
    { name: "Acme", email: "hello@acme.example" },
    { name: "Umbrella", email: "info@umbrella.example" },
  ]);
});

const companies = `Company,Email,Date added
 Acme ,Hello@Acme.example,2024-02-29
Umbrella,info@umbrella.example,2023-01-31
Initech,office@initech.example,2023-02-29
`;

async function runExample(place: { readonly url: string; readonly host: string }): Promise<string> {
  const readme = await readFile(join(packageFolder, "README.md"), "utf8");
  const example = /```ts\n(?<code>.*?)```/s.exec(readme)?.groups?.["code"] ?? "";
  const code = example
    .replace("127.0.0.1:8080", place.host)
    // A package under node_modules does not find itself by its name.
    .replace('"@ctb-data/pipeline"', JSON.stringify(new URL("index.ts", import.meta.url).href));
  await mkdir(join(packageFolder, "node_modules/.cache"), { recursive: true });
  const folder = await mkdtemp(join(packageFolder, "node_modules/.cache/readme-"));
  try {
    await writeFile(join(folder, "example.mjs"), stripTypeScriptTypes(code));
    await writeFile(join(folder, "companies.csv"), companies);
    await cp(
      join(seed, "clnt_column_registry.yml"),
      join(folder, "db/registry/clnt_column_registry.yml"),
    );
    await cp(
      join(seed, "vendor_blueprints/company_list.yml"),
      join(folder, "db/vendor_blueprints/company_list.yml"),
    );
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=@ctb-data/source", "example.mjs"],
      { cwd: folder, env: { ...process.env, DATABASE_URL: place.url } },
    );
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
