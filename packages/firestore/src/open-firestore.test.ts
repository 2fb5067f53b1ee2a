import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { firestoreHost } from "../testing/emulator.ts";
import { everyType, type Everything } from "../testing/registries.ts";
import { openTcpDoor } from "../testing/tcp-door.ts";
import { errorOf, newProject, openTestFirestore } from "../testing/test-firestore.ts";
import { FirestoreError } from "./firestore-error.ts";
import { openFirestore } from "./open-firestore.ts";

const registry = everyType;
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const clientEmail = "store@demo.iam.gserviceaccount.com";
/** A piece of the key that nothing may show. */
const secret = privateKey.split("\n")[5] ?? "";

/** Everything that a program could print of it. */
function shown(error: unknown): string {
  const parts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause)
    parts.push(
      String(at),
      at.stack ?? "",
      inspect(at, { depth: 20, showHidden: true }),
      JSON.stringify(at),
    );
  return parts.join("\n");
}

describe("credentials", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ctb-firestore-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  async function file(content: string): Promise<string> {
    const path = join(folder, `${newProject()}.json`);
    await writeFile(path, content);
    return path;
  }

  test("a service-account file or its parts open a database, keys with \\n escapes and quotes as well", async () => {
    const account = { project_id: "demo", client_email: clientEmail, private_key: privateKey };
    const escaped = privateKey.replaceAll("\n", String.raw`\n`);
    const given = [
      await file(JSON.stringify(account)),
      { projectId: "demo", clientEmail, privateKey },
      { projectId: "demo", clientEmail, privateKey: escaped },
      { projectId: "demo", clientEmail, privateKey: `"${escaped}"` },
      { projectId: "demo", clientEmail, privateKey: privateKey.replaceAll("\n", "\r\n") },
    ];
    for (const credentials of given) {
      await using firestore = await openFirestore({ registry, credentials, connectTimeoutMs: 0 });
      expect(firestore).toMatchObject({
        projectId: "demo",
        databaseId: "(default)",
        emulator: false,
        description: "Firestore demo",
      });
      const reference = firestore.types.reference("things/1");
      const everything = { depth: 20, showHidden: true };
      expect(inspect([firestore, firestore.documents("a"), reference], everything)).not.toContain(
        secret.slice(0, 20),
      );
      expect(JSON.stringify([reference])).not.toContain(secret.slice(0, 20));
    }
  });

  test("credentials that are none are refused without showing them", async () => {
    const half = privateKey.slice(0, 400);
    const { privateKey: elliptic } = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    const given = [
      join(folder, "missing.json"),
      folder,
      privateKey,
      await file(`{"private_key": "${secret}`),
      await file("[1]"),
      await file(JSON.stringify({ client_email: clientEmail })),
      await file(JSON.stringify({ client_email: clientEmail, private_key: half })),
      await file(JSON.stringify({ private_key: privateKey })),
      { clientEmail, privateKey: half },
      { clientEmail, privateKey: "" },
      { clientEmail: privateKey, privateKey },
      { clientEmail, privateKey: elliptic },
      Object({ clientEmail: 5, privateKey: { key: secret } }),
    ];
    for (const credentials of given) {
      const error = await errorOf(openFirestore({ registry, projectId: "demo", credentials }));
      expect(error).toBeInstanceOf(FirestoreError);
      expect(error).toMatchObject({ code: "INVALID_CREDENTIALS", hint: expect.any(String) });
      expect(shown(error)).not.toContain(secret);
      expect(shown(error)).not.toContain(half.slice(60, 100));
    }
  });
});

test("a file of GOOGLE_APPLICATION_CREDENTIALS that is none is refused, and opens the database when it is one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ctb-firestore-"));
  const path = join(folder, "key.json");
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", path);
  const options = { registry, credentials: "application-default", connectTimeoutMs: 0 } as const;
  const what = `The file ${path} of GOOGLE_APPLICATION_CREDENTIALS`;
  try {
    const error = await errorOf(openFirestore(options));
    expect(error).toMatchObject({ code: "INVALID_CREDENTIALS" });
    expect(error).toHaveProperty("message", `${what} cannot be read: ENOENT.`);
    for (const [content, fault] of [
      ["{broken", "is not JSON."],
      ['{"type":"service_account"}', "has no e-mail address of a service account."],
    ] as const) {
      await writeFile(path, content);
      expect(await errorOf(openFirestore(options))).toMatchObject({
        code: "INVALID_CREDENTIALS",
        message: `${what} ${fault}`,
        hint: expect.any(String),
      });
    }
    const account = { project_id: "demo", client_email: clientEmail, private_key: privateKey };
    await writeFile(path, JSON.stringify({ type: "service_account", ...account }));
    await using opened = await openFirestore(options);
    expect(opened.projectId).toBe("demo");
  } finally {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  }
});

test("a key that came into the wrong option is not shown", async () => {
  const account = { project_id: "demo", client_email: clientEmail, private_key: privateKey };
  const encoded = Buffer.from(JSON.stringify(account)).toString("base64");
  const body = privateKey.split("\n").slice(1, -2).join("");
  const credentials = { clientEmail, privateKey };
  const given = [
    ...[JSON.stringify(account), encoded, body, secret, `./${encoded}`, `/a/.b/${body}`].map(
      (path) => ({ credentials: path }),
    ),
    ...[privateKey, encoded, body, secret].flatMap((key) => [
      { projectId: `${key}/`, credentials },
      { databaseId: key, projectId: "demo", credentials },
      { emulatorHost: key, projectId: "demo" },
    ]),
  ];
  const path =
    "/home/ada/Projects2/company/secrets/my-project-1-firebase-adminsdk-fbsvc-0a1b2c.json";
  expect(shown(await errorOf(openFirestore({ registry, credentials: path })))).toContain(path);
  for (const options of given) {
    const error = await errorOf(openFirestore({ registry, connectTimeoutMs: 0, ...options }));
    expect(error).toBeInstanceOf(FirestoreError);
    expect(shown(error)).not.toContain(secret);
    expect(shown(error)).not.toContain(encoded.slice(100, 140));
  }
});

test.runIf(process.platform === "linux")(
  "a service-account file without end is not read to its end",
  async () => {
    const error = await errorOf(openFirestore({ registry, credentials: "/dev/zero" }));
    expect(error).toMatchObject({
      code: "INVALID_CREDENTIALS",
      message: "The service-account file /dev/zero is too large to be one.",
    });
  },
);

test("options that cannot be are refused, each with what to do", async () => {
  const emulatorHost = "127.0.0.1:1";
  const wrong: readonly (readonly [object, string])[] = [
    [{}, "Neither credentials nor an emulator"],
    [{ projectId: "demo", credentials: "" }, "Neither credentials nor an emulator"],
    [{ emulatorHost }, "No project"],
    [{ emulatorHost, projectId: "" }, "No project"],
    [{ emulatorHost, projectId: "a/b" }, "cannot be the id of a project"],
    [{ emulatorHost, projectId: "demo", databaseId: "A B" }, "cannot be the id of a database"],
    [
      { emulatorHost: "http://localhost:1", projectId: "demo" },
      "is not the address of an emulator",
    ],
    [{ emulatorHost: "localhost", projectId: "demo" }, "is not the address of an emulator"],
    [{ emulatorHost: "localhost:99999", projectId: "demo" }, "is not the address of an emulator"],
    [{ emulatorHost, projectId: "demo", timeoutMs: -1 }, "timeoutMs"],
    [{ emulatorHost, projectId: "demo", connectTimeoutMs: Number.NaN }, "connectTimeoutMs"],
  ];
  for (const [options, message] of wrong) {
    expect(await errorOf(openFirestore({ registry, ...options }))).toMatchObject({
      code: "INVALID_OPTIONS",
      message: expect.stringContaining(message),
    });
  }
});

test("several databases are open at once, and do not see each other's documents", async () => {
  await using one = await openTestFirestore<Everything>({ registry });
  await using other = await openTestFirestore<Everything>({ registry });
  await using named = await openTestFirestore<Everything>({
    registry,
    projectId: one.projectId,
    databaseId: "second",
  });
  await one.collection("notes").doc("1").create({ text: "one" });
  await named.collection("notes").doc("1").create({ text: "named" });
  expect(await other.collection("notes").doc("1").get()).toBeUndefined();
  expect((await one.collection("notes").doc("1").get())?.data.text).toBe("one");
  expect((await named.collection("notes").doc("1").get())?.data.text).toBe("named");
  await one.close();
  expect(await errorOf(one.collection("notes").get())).toMatchObject({ code: "CLOSED" });
  expect((await named.collection("notes").doc("1").get())?.data.text).toBe("named");
});

test("the emulator of the options wins over that of the environment, and over its absence", async () => {
  const index = JSON.stringify(new URL("index.ts", import.meta.url).href);
  const code = `
    import { openFirestore } from ${index};
    const registry = { tables: new Map(), collections: new Map() };
    await using one = await openFirestore({ registry, projectId: "demo", emulatorHost: ${JSON.stringify(firestoreHost())} });
    console.log(one.description, (await one.health()).ok);
    const cloud = await openFirestore({ registry, connectTimeoutMs: 0, credentials: {
      projectId: "demo", clientEmail: ${JSON.stringify(clientEmail)}, privateKey: process.env.KEY } });
    console.log(Reflect.get(cloud.context.client, "_settings").ssl, Reflect.get(cloud.context.client, "_settings").servicePath);
    console.log(process.env.FIRESTORE_EMULATOR_HOST);`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ["--conditions=@ctb-data/source", "--input-type=module", "--eval", code],
    { env: { ...process.env, FIRESTORE_EMULATOR_HOST: "127.0.0.1:9", KEY: privateKey } },
  );
  expect(stdout.split("\n")).toEqual([
    `Firestore demo on the emulator ${firestoreHost()} true`,
    "undefined undefined",
    "127.0.0.1:9",
    "",
  ]);
  expect(stderr).toBe("");
});

test("health says where it is, how fast it answers and how far the clocks are apart", async () => {
  await using firestore = await openTestFirestore({ registry });
  expect(await firestore.health()).toEqual({
    ok: true,
    description: `Firestore ${firestore.projectId} on the emulator ${firestoreHost()}`,
    projectId: firestore.projectId,
    databaseId: "(default)",
    emulator: true,
    latencyMs: expect.any(Number),
    clockSkewMs: expect.any(Number),
  });
});

test("a server that is not there is told within the time for it", async () => {
  const error = await errorOf(
    openFirestore({
      registry,
      projectId: "demo",
      emulatorHost: "127.0.0.1:1",
      connectTimeoutMs: 500,
    }),
  );
  expect(error).toMatchObject({
    code: "CONNECTION_FAILED",
    message: expect.stringContaining("127.0.0.1:1"),
    hint: expect.stringContaining("Nothing listens on 127.0.0.1:1."),
  });
  await using later = await openFirestore({
    registry,
    projectId: "demo",
    emulatorHost: "127.0.0.1:1",
    connectTimeoutMs: 0,
  });
  expect(await later.health({ timeoutMs: 300 })).toMatchObject({
    ok: false,
    emulator: true,
    error: { code: "CONNECTION_FAILED" },
  });
  await later.close({ graceMs: 0 });
});

test("a limit longer than timers can be is not taken for none", async () => {
  const longest = { timeoutMs: 2 ** 40, connectTimeoutMs: 2 ** 40 };
  await using firestore = await openTestFirestore<Everything>({ registry, ...longest });
  const notes = firestore.collection("notes");
  await notes.doc("1").set({ text: "t" });
  const found = await notes.doc("1").get({ timeoutMs: Infinity });
  expect(found?.data.text).toBe("t");
});

test("a connection that is cut comes back, and one that stalls ends in time", async () => {
  await using door = await openTcpDoor(firestoreHost());
  await using firestore = await openTestFirestore<Everything>({
    registry,
    emulatorHost: door.host,
    timeoutMs: 20_000,
  });
  const notes = firestore.collection("notes");
  await notes.doc("1").create({ text: "before" });
  door.cut();
  const read = notes.doc("1").get();
  setTimeout(() => door.open(), 300);
  expect((await read)?.data.text).toBe("before");
  await notes.doc("1").update({ text: "after" });
  door.stall();
  expect(await errorOf(notes.doc("1").get({ timeoutMs: 200 }))).toMatchObject({
    code: "TIMEOUT",
    path: "notes/1",
  });
  const signal = AbortSignal.timeout(100);
  expect(await errorOf(notes.get({ signal }))).toMatchObject({ code: "CANCELLED" });
  // It does not wait for what stalls.
  await firestore.close({ graceMs: 200 });
});

test("a loop goes on after its connection was cut, and gives each document once", async () => {
  await using door = await openTcpDoor(firestoreHost());
  await using firestore = await openTestFirestore<Everything>({
    registry,
    emulatorHost: door.host,
  });
  const notes = firestore.collection("notes");
  await notes.bulkWrite(
    Array.from({ length: 200 }, (_, index) => ({
      op: "set" as const,
      id: String(index).padStart(3, "0"),
      data: { text: "t", count: index },
    })),
    { ramp: false },
  );
  const seen: string[] = [];
  for await (const { id } of notes.iterate({ pageSize: 50 })) {
    seen.push(id);
    if (seen.length === 75) {
      door.cut();
      setTimeout(() => door.open(), 200);
    }
  }
  expect(seen).toHaveLength(200);
  expect(new Set(seen).size).toBe(200);
});

test("an answer that breaks off in the middle is read again, each document once, at one moment as well", async () => {
  await using door = await openTcpDoor(firestoreHost());
  await using firestore = await openTestFirestore<Everything>({
    registry,
    emulatorHost: door.host,
  });
  const notes = firestore.collection("notes");
  await notes.bulkWrite(
    Array.from({ length: 300 }, (_, index) => ({
      op: "set" as const,
      id: String(index).padStart(3, "0"),
      data: { text: "x".repeat(5000), count: index },
    })),
    { ramp: false },
  );
  const all = Array.from({ length: 300 }, (_, index) => index);
  door.cutAfter(500_000);
  expect((await notes.get()).map(({ data }) => data.count)).toEqual(all);
  const then = firestore.at(await firestore.readTime()).collection("notes");
  door.cutAfter(500_000);
  expect((await then.get()).map(({ data }) => data.count)).toEqual(all);
  door.cutAfter(500_000);
  expect(await firestore.validate()).toMatchObject({ ok: true, documents: 300 });
});

test("errors of the server hold no request, and close may be called twice", async () => {
  const firestore = await openTestFirestore<Everything>({ registry });
  const error = await errorOf(
    firestore.collection("notes").doc("none").update({ text: "a secret text" }),
  );
  expect(shown(error)).not.toContain("a secret text");
  expect(shown(error)).not.toContain("Bearer");
  expect(error).toMatchObject({ name: "FirestoreError", cause: { message: expect.any(String) } });
  await Promise.all([firestore.close(), firestore.close()]);
  await firestore[Symbol.asyncDispose]();
});
