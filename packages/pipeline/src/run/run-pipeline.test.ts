import { readdir, readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import {
  companiesBlueprint,
  companiesFile,
  profilesBlueprint,
  profilesFile,
} from "../../testing/companies.ts";
import { pipelineState } from "../../testing/pipeline-state.ts";
import { openPipelineWorld } from "../../testing/pipeline-world.ts";
import { readRun } from "../runs/read-runs.ts";

test("a file goes through Firestore into PostgreSQL and out to a vendor, and doing it again changes nothing", async () => {
  await using world = await openPipelineWorld();
  const blueprint = await world.blueprint(companiesBlueprint);
  await writeFile(world.at("in.csv"), companiesFile(250));
  const options = { file: world.at("in.csv"), output: world.at("out.csv"), batch: 100 };
  const run = await world.run(blueprint, options);
  expect(run).toMatchObject({
    vendor: "companies",
    status: "complete",
    input: { state: "done", counts: { read: 250, created: 250, rejected: 0, doubtful: 0 } },
    middle: { state: "done", counts: { read: 250, valid: 250, inserted: 250, marked: 250 } },
    output: { state: "done", counts: { read: 250, written: 250, rejected: 0 } },
  });
  expect(run.output?.files).toMatchObject([{ file: world.at("out.csv") }]);
  const lines = (await readFile(world.at("out.csv"), "utf8")).split("\n");
  expect(lines).toHaveLength(252);
  expect(lines.slice(0, 2)).toEqual(["MAIL;SINCE;NAME", "mail.0@example.com;20240201;COMPANY 0"]);
  const state = await pipelineState(world);
  const again = await world.run(blueprint, options);
  expect(again.id).not.toBe(run.id);
  expect(again).toMatchObject({
    status: "complete",
  });
  expect([again.input?.counts, again.middle?.counts].map(withoutZeros)).toEqual([
    { read: 250, unchanged: 250 },
    { read: 250, valid: 250, unchanged: 250 },
  ]);
  expect(again.output?.files).toEqual(run.output?.files);
  expect(await pipelineState(world)).toEqual(state);
});

test("what is wrong is told by field, leaves the rest alone, and comes in when it is mended", async () => {
  await using world = await openPipelineWorld();
  const blueprint = await world.blueprint(companiesBlueprint);
  const wrong = {
    3: "3,,mail.3@example.com,04.02.2024",
    5: `5,${"x".repeat(256)},mail.5@example.com,06.02.2024`,
    7: "7,Company 7,mail.7@example.com,30.02.2024",
    9: "9,Company 9,mail.8@example.com,10.02.2024",
    11: ",Company 11,mail.11@example.com,12.02.2024",
    13: "13,Company 13",
  };
  await writeFile(world.at("in.csv"), companiesFile(20, wrong));
  const run = await world.run(blueprint, { file: world.at("in.csv") });
  expect(run.input).toMatchObject({ counts: { read: 20, created: 18, rejected: 2, doubtful: 3 } });
  expect(run.middle).toMatchObject({ counts: { read: 18, invalid: 3, inserted: 14, refused: 1 } });
  const rejected = (await readFile(world.at("in.csv.rejected.ndjson"), "utf8")).trim().split("\n");
  expect(rejected.map((line): unknown => JSON.parse(line))).toMatchObject([
    { line: 13, failures: [{ field: "No", code: "missing" }] },
    { line: 15, failures: [{ code: "ragged" }] },
  ]);
  expect(await failuresOf(world)).toEqual([
    "created_at wrong_format",
    "email duplicate_key",
    "name missing",
    "name too_long",
  ]);
  const intake = world.firestore.documents("clients_intake");
  for (const { id, data } of await intake.where("validated", "==", false).get()) {
    await intake.doc(id).merge({
      ...(data["name"] === null ? { name: "Named" } : {}),
      ...(String(data["name"]).length > 255 ? { name: "Short" } : {}),
      ...(data["created_at"] === "30.02.2024" ? { created_at: new Date("2024-02-29") } : {}),
      ...(data["name"] === "Company 8" || data["name"] === "Company 9"
        ? { email: "mail.9@example.com" }
        : {}),
    });
  }
  const mended = await world.run(blueprint, { steps: ["promote"] });
  expect(await failuresOf(world)).toEqual([]);
  expect(withoutZeros(mended.middle?.counts)).toEqual({
    read: 18,
    valid: 18,
    inserted: 4,
    unchanged: 14,
    marked: 4,
  });
  expect(await failuresOf(world)).toEqual([]);
  expect((await pipelineState(world)).clients).toHaveLength(18);
});

test("rows that people made by hand are taken over by the vendor's number, beside what the blueprint always says", async () => {
  await using world = await openPipelineWorld();
  await world.postgres.query(
    "ALTER TABLE blueprints ADD UNIQUE (blueprint_type, created_at); INSERT INTO blueprints (blueprint_type, created_at) VALUES ('nord', '2026-01-02'), ('sued', '2026-01-02')",
  );
  const blueprint = await world.blueprint(
    "{vendor: nord, version: 1, intake: {table: blueprints, key: Day, columns: {blueprint_type: {constant: nord}, created_at: Day, config: Data}}}",
  );
  await writeFile(world.at("nord.csv"), "Day,Data\n2026-01-02,1\n2026-01-03,2\n");
  const run = await world.run(blueprint, { file: world.at("nord.csv") });
  expect(run.middle?.counts).toMatchObject({ adopted: 1, inserted: 1 });
});

test("a profile waits for its client: refused while it is not there, promoted when it is", async () => {
  await using world = await openPipelineWorld();
  const profiles = await world.blueprint(profilesBlueprint);
  const companies = await world.blueprint(companiesBlueprint);
  await writeFile(world.at("profiles.ndjson"), profilesFile(30));
  await writeFile(world.at("in.csv"), companiesFile(25));
  const early = await world.run(profiles, { file: world.at("profiles.ndjson") });
  expect(early.middle?.counts).toMatchObject({ read: 30, valid: 30, waiting: 30, refused: 30 });
  expect(new Set(await failuresOf(world))).toEqual(new Set(["client_id missing_reference"]));
  await world.run(companies, { file: world.at("in.csv") });
  const late = await world.run(profiles, { output: world.at("out.txt") });
  expect(late.middle?.counts).toMatchObject({ read: 30, inserted: 25, waiting: 5, refused: 5 });
  expect(await failuresOf(world)).toHaveLength(5);
  const lines = (await readFile(world.at("out.txt"), "utf8")).trimEnd().split("\n");
  expect(lines).toHaveLength(25);
  expect(lines).toContain("mail.1@example.com            S1");
});

test("a dry run counts what would be, and writes nothing in any store and no file", async () => {
  await using world = await openPipelineWorld();
  const blueprint = await world.blueprint(companiesBlueprint);
  await writeFile(world.at("in.csv"), companiesFile(40, { 4: "4,,mail.4@example.com,05.02.2024" }));
  const options = { file: world.at("in.csv"), output: world.at("out.csv") };
  const input = await world.run(blueprint, { ...options, dryRun: true });
  expect(input).toMatchObject({ id: 0, input: { counts: { created: 40, doubtful: 1 } } });
  await world.run(blueprint, { ...options, steps: ["intake"] });
  const before = await allOf(world);
  const rehearsed = await world.run(blueprint, { ...options, dryRun: true });
  expect(rehearsed).toMatchObject({
    id: 0,
    input: { counts: { created: 0, unchanged: 40 } },
    middle: { counts: { read: 40, valid: 39, invalid: 1, inserted: 39 } },
    output: { counts: { written: 0 } },
  });
  expect(await allOf(world)).toEqual(before);
  expect(await readdir(world.folder)).toEqual(["in.csv"]);
});

test("two runners at once share one run: each row is there once, and both see it complete", async () => {
  await using world = await openPipelineWorld();
  const blueprint = await world.blueprint(companiesBlueprint);
  await writeFile(world.at("in.csv"), companiesFile(400));
  const options = { file: world.at("in.csv"), output: world.at("out.csv"), batch: 20 };
  const [first, second] = await Promise.all([
    world.run(blueprint, options),
    world.run(blueprint, options),
  ]);
  expect(first.id).toBe(second.id);
  expect([first.status, second.status]).toEqual(["complete", "complete"]);
  expect((await readRun(world.stores, first.id)).runners).toEqual([]);
  expect(second.middle?.counts).toMatchObject({ read: 400, inserted: 400 });
  expect((await pipelineState(world)).clients).toHaveLength(400);
});

test("a run that cannot be is refused before anything is touched", async () => {
  await using world = await openPipelineWorld();
  const blueprint = await world.blueprint(companiesBlueprint);
  const inOnly = await world.blueprint(companiesBlueprint.replace(/export:[^]*$/, ""));
  const outOnly = await world.blueprint(companiesBlueprint.replace(/intake:[^]*(?=export:)/, ""));
  const before = await allOf(world);
  await expect(world.run(inOnly, { steps: ["export"] })).rejects.toMatchObject({
    code: "INVALID_BLUEPRINT",
  });
  await expect(world.run(inOnly, { output: world.at("out.csv") })).rejects.toMatchObject({
    code: "INVALID_BLUEPRINT",
    message: "The blueprint of companies has no export: nothing of it goes out.",
  });
  await expect(world.run(outOnly, { file: world.at("in.csv") })).rejects.toMatchObject({
    code: "INVALID_BLUEPRINT",
    message: "The blueprint of companies has no intake: nothing of it comes in.",
  });
  for (const number of [0, -1, 1.5, Number.NaN])
    for (const option of ["batch", "parts"])
      await expect(world.run(blueprint, { [option]: number })).rejects.toMatchObject({
        code: "INVALID_OPTIONS",
        message: `${option} is ${number}: it must be a whole number from 1.`,
      });
  await expect(world.run(blueprint, { steps: ["intake"] })).rejects.toMatchObject({
    code: "INVALID_OPTIONS",
  });
  await expect(world.run(blueprint, { steps: ["export"] })).rejects.toMatchObject({
    code: "INVALID_OPTIONS",
  });
  await expect(world.run(blueprint, { file: world.at("none.csv") })).rejects.toMatchObject({
    code: "FILE_FAILED",
    message: expect.stringMatching(/none\.csv cannot be read: it is not there\.$/u),
  });
  await expect(world.run(blueprint, { file: "/dev/zero" })).rejects.toMatchObject({
    code: "FILE_FAILED",
    message: "The file /dev/zero cannot be read: it is not a file.",
  });
  expect(await allOf(world)).toEqual(before);
});

test("an intake that fails ends the run as failed with the sentence, and the next run begins anew", async () => {
  await using world = await openPipelineWorld();
  const blueprint = await world.blueprint(companiesBlueprint);
  await writeFile(world.at("in.csv"), "No,Nam,E-Mail,Since\n1,a,b@example.com,01.02.2024\n");
  const failing = world.run(blueprint, { file: world.at("in.csv") });
  const message = await failing.then(
    () => "It did not fail.",
    (error: unknown) => (error instanceof Error ? error.message : ""),
  );
  expect(message).toMatch(/Name/u);
  const { rows } = await world.postgres.query(
    "SELECT id, status, input_stage ->> 'failure' AS failure FROM imo_processes",
  );
  expect(rows).toEqual([{ id: 1, status: "failed", failure: message }]);
  await writeFile(world.at("in.csv"), companiesFile(3));
  const next = await world.run(blueprint, { file: world.at("in.csv") });
  expect(next.id).toBe(2);
  expect(next.input?.counts).toMatchObject({ created: 3 });
});

function withoutZeros(counts: Readonly<Record<string, number>> = {}): object {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

type World = Awaited<ReturnType<typeof openPipelineWorld>>;

async function failuresOf({ firestore }: World): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { data } of firestore.documents("validation_failed")) {
    const failures: unknown = data["failures"];
    if (!Array.isArray(failures)) throw new Error("There are no failures.");
    for (const { field, code } of failures) found.push(`${field} ${code}`);
  }
  return found.toSorted();
}

/** Both stores: every row of every table with its version, every document with its times. */
async function allOf({ postgres, firestore }: World): Promise<readonly unknown[]> {
  const { rows: tables } = await postgres.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'ctb_data') ORDER BY 1`,
  );
  const found: unknown[] = [];
  for (const { name } of tables) {
    const { rows } = await postgres.query(
      `SELECT xmin::text, t::text AS row FROM ${name} t ORDER BY 2`,
    );
    found.push(name, rows);
  }
  const snapshot = await firestore.raw.snapshot();
  for await (const { bytes } of snapshot.read({ start: undefined, end: undefined }))
    found.push(bytes.toString());
  return found;
}
