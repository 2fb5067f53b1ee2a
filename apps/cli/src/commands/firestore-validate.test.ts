import { openFirestore } from "@ctb-data/firestore";
import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { runCliProcess } from "../../testing/cli-process.ts";
import { testDir, type TestDir } from "../../testing/test-dir.ts";

const file = "db/registry/clnt_column_registry.yml";
const registry = `tables:
  pets:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: text, required: true }
    firestore: true
collections:
  notes: { fields: { text: string } }
`;

interface Project extends AsyncDisposable {
  readonly dir: TestDir;
  readonly env: Readonly<Record<string, string>>;
}

/** A project with these documents in a Firestore of its own. */
async function project(documents: Readonly<Record<string, object>>): Promise<Project> {
  const stack = new AsyncDisposableStack();
  const dir = stack.use(await testDir({ [file]: registry }));
  const { address } = stack.use(await startFirestoreEmulator());
  const env = { FIRESTORE_EMULATOR_HOST: address, FIREBASE_PROJECT_ID: "demo-test" };
  await using firestore = await openFirestore({
    registry: parseRegistry(registry),
    projectId: "demo-test",
    emulatorHost: address,
  });
  for (const [path, data] of Object.entries(documents)) {
    await firestore.document(path).set({ ...data });
  }
  return { dir, env, [Symbol.asyncDispose]: async () => await stack.disposeAsync() };
}

test("documents that fit end it with 0, and say so", async () => {
  await using made = await project({ "pets/1": { name: "Rex" }, "notes/x": { text: "hi" } });
  const { code, stdout, stderr } = await runCliProcess(["firestore", "validate"], {
    cwd: made.dir.path,
    env: made.env,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(
    "pets: 1 document, all fit\nnotes: 1 document, all fit\n✓ 2 documents looked at: all fit.\n",
  );
});

test("documents that do not fit end it with 3, and are named with their fields", async () => {
  await using made = await project({
    "pets/1": { name: "Rex" },
    "pets/2": { name: 7 },
    "pets/3": { name: 8 },
    "pets/4": {},
  });
  const { code, stdout } = await runCliProcess(["firestore", "validate", "pets"], {
    cwd: made.dir.path,
    env: made.env,
  });
  expect(code).toBe(3);
  expect(stdout).toContain("pets: 4 documents, 3 not\n");
  expect(stdout).toContain("error   name must be a text, not a number: 2 documents (2, 3)\n");
  expect(stdout).toContain("error   name is missing: 1 document (4)\n");
  expect(stdout).toContain("4 documents looked at, 3 not as the registry has it.\n");
});

test("names in documents cannot forge lines or move the cursor", async () => {
  await using made = await project({
    "pets/2\u001b[2K\r\n✓ fine": { name: 7, "odd\u001b]0;title\u0007": 1 },
    "stray\n✓ fine/1": {},
  });
  const { stdout } = await runCliProcess(["firestore", "validate"], {
    cwd: made.dir.path,
    env: made.env,
  });
  expect(stdout).toContain(String.raw`(2\u001b[2K\u000d\u000a✓ fine)`);
  expect(stdout).toContain(String.raw`odd\u001b]0;title\u0007 is`);
  expect(stdout).toContain(String.raw`stray\u000a✓ fine: the registry has no such collection`);
  expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
});

test("what the registry does not know is a warning, and a fault with --strict", async () => {
  await using made = await project({ "pets/1": { name: "Rex", colour: "red" }, "strays/1": {} });
  const options = { cwd: made.dir.path, env: made.env };
  const lenient = await runCliProcess(["firestore", "validate"], options);
  expect(lenient.code).toBe(0);
  expect(lenient.stdout).toContain("warning colour is no field of it: 1 document (1)\n");
  expect(lenient.stdout).toContain("warning strays: the registry has no such collection\n");
  const strict = await runCliProcess(["firestore", "validate", "--strict", "--json"], options);
  expect({ code: strict.code, stderr: strict.stderr }).toEqual({ code: 3, stderr: "" });
  expect(JSON.parse(strict.stdout)).toMatchObject({
    fits: false,
    strict: true,
    documents: 1,
    invalid: 1,
    collections: [
      { collection: "pets", findings: [{ field: "colour", kind: "unknown field" }] },
      { collection: "notes", findings: [] },
    ],
    unknownCollections: [{ path: "strays" }],
  });
});

test("--sample looks at so many of each", async () => {
  const pets = Array.from({ length: 30 }, (_, id) => [`pets/${id + 1}`, { name: "Rex" }] as const);
  await using made = await project(Object.fromEntries(pets));
  const { code, stdout } = await runCliProcess(
    ["firestore", "validate", "pets", "--sample", "10", "--json"],
    { cwd: made.dir.path, env: made.env },
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ documents: 10, collections: [{ complete: false }] });
});

test("a collection that the registry does not have is wrong usage", async () => {
  await using made = await project({});
  const { code, stderr } = await runCliProcess(["firestore", "validate", "pest"], {
    cwd: made.dir.path,
    env: made.env,
  });
  expect(code).toBe(2);
  expect(stderr).toContain(
    "error: The registry has no collection pest. (UNKNOWN_COLLECTION)\nhint: ",
  );
});

test("without any setting it is the embedded Firestore, which production refuses", async () => {
  await using dir = await testDir({ [file]: registry });
  const empty = await runCliProcess(["firestore", "validate"], { cwd: dir.path });
  expect(empty).toMatchObject({
    code: 0,
    stderr:
      "Embedded Firestore in .ctb-data/firestore (no FIREBASE_PROJECT_ID, no FIRESTORE_EMULATOR_HOST).\n",
  });
  const refused = await runCliProcess(["firestore", "validate"], {
    cwd: dir.path,
    env: { NODE_ENV: "production" },
  });
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain("(EMBEDDED_IN_PRODUCTION)");
});

test("commands that run at the same time take turns with the embedded Firestore", async () => {
  await using dir = await testDir({ [file]: registry });
  const runs = [1, 2, 3].map(async () => {
    return await runCliProcess(["firestore", "validate", "--json"], { cwd: dir.path });
  });
  for (const { code, stdout } of await Promise.all(runs)) {
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ fits: true, documents: 0 });
  }
});
