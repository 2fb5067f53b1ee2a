import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFirestore } from "@ctb-data/firestore";
import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { countedStores } from "../../testing/counted-stores.ts";
import { faultStatuses, startFaultyFirestore } from "../../testing/faulty-firestore.ts";
import { startTestFirestore } from "../../testing/middle-world.ts";
import {
  contentOf,
  intakeError,
  membersFile,
  openTakingWorld,
  someMembers,
  takingBlueprint,
  type TakingWorld,
} from "../../testing/taking-world.ts";
import { PipelineError } from "../pipeline-error.ts";
import { intakeFile } from "./intake-file.ts";

let host = "";
beforeAll(async () => {
  const server = await startTestFirestore();
  host = server.address;
  return async () => await server[Symbol.asyncDispose]();
});

const few = { batch: 30 };
const members = someMembers(160);
const changed = members.map((line, n) => (n % 3 === 0 ? line.replace(",gold,", ",silver,") : line));

async function cleanContent(): Promise<ReadonlyMap<string, unknown>> {
  await using world = await openTakingWorld(host);
  await world.take(world.file(membersFile(changed)));
  return await contentOf(world);
}

test.each(Object.entries(faultStatuses))(
  "%s of every method, before and after the work is done, is borne",
  async (_name, status) => {
    await using world = await openTakingWorld(host);
    const asked = new Map<string, number>();
    await using faulty = await startFaultyFirestore(host, (method) => {
      const count = (asked.get(method) ?? 0) + 1;
      asked.set(method, count);
      // Each method's first call is not done, and its third is done and not told of.
      return count === 1 || count === 3
        ? { status, when: count === 1 ? "before" : "after" }
        : undefined;
    });
    const { registry, keyring, project: projectId } = world;
    await using firestore = await openFirestore({
      registry,
      keyring,
      projectId,
      emulatorHost: faulty.address,
      connectTimeoutMs: 0,
    });
    const stores = { ...world.stores, firestore };
    const blueprint = takingBlueprint();
    await intakeFile(stores, { blueprint, file: world.file(membersFile(members)), batch: 40 });
    const file = world.file(membersFile(changed));
    asked.clear();
    const report = await intakeFile(stores, { blueprint, file, batch: 40 });
    expect(report.created + report.changed + report.unchanged).toBe(160);
    expect(faulty.faults).toBeGreaterThan(5);
    expect(await contentOf(world)).toEqual(await cleanContent());
  },
);

test("what Firestore does not allow ends it as DENIED", async () => {
  await using world = await openTakingWorld(host);
  await using faulty = await startFaultyFirestore(host, (method) =>
    method === "BatchWrite" ? { status: 7, when: "before" } : undefined,
  );
  const { registry, keyring, project: projectId } = world;
  await using firestore = await openFirestore({
    registry,
    keyring,
    projectId,
    emulatorHost: faulty.address,
  });
  const file = world.file(membersFile(members));
  const taking = intakeFile({ ...world.stores, firestore }, { blueprint: takingBlueprint(), file });
  expect(await intakeError(taking)).toMatchObject({ code: "DENIED" });
});

test("two and four intakes of one file at once leave what one leaves", async () => {
  await using world = await openTakingWorld(host);
  const file = world.file(membersFile([...members, "ragged"]));
  await Promise.all([world.take(file, few), world.take(file, few)]);
  const later = world.file(membersFile([...changed, "ragged"]));
  const reports = await Promise.all(
    Array.from({ length: 4 }, async () => await world.take(later, few)),
  );
  for (const report of reports) {
    expect(report).toMatchObject({ read: 161, rejected: 1 });
    expect(report.created + report.changed + report.unchanged).toBe(160);
  }
  expect(await contentOf(world)).toEqual(await cleanContent());
  expect(readdirSync(world.folder)).toEqual(["members.csv", "members.csv.rejected.ndjson"]);
});

/** Takes a file in while somebody does something each time the documents were looked at. */
async function takeWhile(world: TakingWorld, lines: readonly string[], act: () => Promise<void>) {
  let times = 0;
  const stores = countedStores(world.stores, async (name) => {
    if (name !== "behind a get") return;
    times += 1;
    if (times === 1) await act();
  });
  const file = world.file(membersFile(lines));
  return await intakeFile(stores, { blueprint: takingBlueprint(), file });
}

test("a document that is changed, deleted or created between looking and writing is looked at again", async () => {
  await using world = await openTakingWorld(host);
  await world.take(world.file(membersFile(["a@x.de,A,gold,1,", "b@x.de,B,gold,2,"])));
  const paths = new Map(
    Array.from(await contentOf(world), ([id, fields]) => [
      JSON.stringify(fields).includes("a@x.de") ? "a" : "b",
      `member_intake/${id}`,
    ]),
  );
  const { raw } = world.firestore;
  const lines = ["a@x.de,A2,gold,1,", "b@x.de,B2,gold,2,", "c@x.de,C,gold,3,"];
  const report = await takeWhile(world, lines, async () => {
    const name = `${raw.database}/documents/${paths.get("a")}`;
    const fields = { _note: { stringValue: "mine" }, name: { stringValue: "changed" } };
    await raw.write(
      [
        { op: "merge", line: JSON.stringify({ name, fields }), fields: Object.keys(fields) },
        { op: "delete", path: paths.get("b") ?? "" },
      ],
      { ramp: false },
    );
    await world.take(world.file(membersFile(["c@x.de,C0,gold,3,"]), "c.csv"));
  });
  expect(report).toMatchObject({ created: 1, changed: 2, unchanged: 0 });
  const names = [...(await contentOf(world)).values()].map((fields) => JSON.stringify(fields));
  expect(new Set(names.map((text) => /"name":\{"stringValue":"(\w+)"/.exec(text)?.[1]))).toEqual(
    new Set(["A2", "B2", "C"]),
  );
  expect(names.join("\n")).toContain('"_note":{"stringValue":"mine"}');
});

test("a signal stops it with its own reason, and taking it in again ends as if it had not", async () => {
  await using world = await openTakingWorld(host);
  const file = world.file(membersFile([...changed, "ragged"]));
  const stopWith = async (reason: unknown): Promise<PipelineError> => {
    const controller = new AbortController();
    return await intakeError(
      world.take(file, {
        ...few,
        signal: controller.signal,
        onProgress: ({ kind }) => kind === "count" && controller.abort(reason),
      }),
    );
  };
  expect(await stopWith(undefined)).toMatchObject({ code: "CANCELLED" });
  const lost = new PipelineError("LEASE_LOST", "Lost.");
  expect(await stopWith(lost)).toBe(lost);
  const refused = new PipelineError("RUN_CANCELLED", "Cancelled.");
  const telling = world.take(file, {
    onWritten: async () => {
      await Promise.resolve();
      throw refused;
    },
  });
  expect(await intakeError(telling)).toBe(refused);
  expect(readdirSync(world.folder).filter((name) => name.startsWith("."))).toEqual([]);
  await world.take(file);
  expect(await contentOf(world)).toEqual(await cleanContent());
});

test("a session that is ended in PostgreSQL ends it, and taking it in again completes it", async () => {
  await using world = await openTakingWorld(host);
  await world.take(world.file(membersFile(members)));
  const stores = countedStores(world.stores, async (name) => {
    if (name !== "behind a get") return;
    await world.postgres.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%ctb_intake_keys%' AND pid <> pg_backend_pid()",
    );
  });
  const file = world.file(membersFile(changed));
  const taking = intakeFile(stores, { blueprint: takingBlueprint(), file, ...few });
  expect(await intakeError(taking)).toMatchObject({ code: "DATABASE_FAILED" });
  await world.take(file);
  expect(await contentOf(world)).toEqual(await cleanContent());
});

test.runIf(canMount())(
  "a full disk for rejects ends it, leaves no part of them, and keeps what was there (as root, with a file system of 256 KiB)",
  async () => {
    await using world = await openTakingWorld(host);
    const path = mkdtempSync(join(tmpdir(), "ctb-data-small-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", path]);
    try {
      const rejectsFile = join(path, "rejects.ndjson");
      await world.take(world.file(membersFile(["ragged"])), { rejectsFile });
      const many = Array.from({ length: 1000 }, () => `ragged ${"x".repeat(1000)}`);
      const error = await intakeError(
        world.take(world.file(membersFile([...members, ...many])), { rejectsFile }),
      );
      expect(error).toMatchObject({ code: "FILE_FAILED", file: rejectsFile });
      expect(error.hint).toContain("Make room");
      expect(readdirSync(path)).toEqual(["rejects.ndjson"]);
    } finally {
      execFileSync("umount", [path]);
      rmSync(path, { recursive: true });
    }
  },
);

function canMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const path = mkdtempSync(join(tmpdir(), "ctb-data-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", path], { stdio: "ignore" });
    execFileSync("umount", [path], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(path, { recursive: true });
  }
}

test("any files one after the other leave what the first line of each key in the last file that has it says", async () => {
  const line = fc.record({
    key: fc.integer({ min: 0, max: 6 }),
    name: fc.constantFrom("A", "B", "C"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(line, { maxLength: 9 }), { maxLength: 4 }),
      async (files) => {
        await using world = await openTakingWorld(host);
        const expected = new Map<string, string>();
        for (const lines of files) {
          const firsts = new Map<string, string>();
          for (const { key, name } of lines) {
            const mail = `k${key}@x.de`;
            if (!firsts.has(mail)) firsts.set(mail, name);
          }
          const text = membersFile(lines.map(({ key, name }) => `k${key}@x.de,${name},gold,,`));
          const report = await world.take(world.file(text));
          const news = [...firsts].filter(([mail]) => !expected.has(mail)).length;
          const same = [...firsts].filter(([mail, name]) => expected.get(mail) === name).length;
          expect(report).toMatchObject({
            created: news,
            unchanged: same,
            changed: firsts.size - news - same,
            repeated: lines.length - firsts.size,
          });
          for (const [mail, name] of firsts) expected.set(mail, name);
        }
        const found = [...(await contentOf(world)).values()].map((fields) =>
          JSON.stringify(fields),
        );
        expect(
          new Map(
            found.map((text) => [
              /k\d@x.de/.exec(text)?.[0],
              /"name":\{"stringValue":"(\w)"/.exec(text)?.[1],
            ]),
          ),
        ).toEqual(expected);
      },
    ),
    { numRuns: process.env["SLOW"] === "1" ? 50 : 5 },
  );
});
