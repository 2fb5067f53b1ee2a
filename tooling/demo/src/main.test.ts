import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

interface Demo extends AsyncDisposable {
  readonly process: ChildProcess;
  /** What it printed so far. */
  printed(): string;
  /** Resolves when it has printed this. */
  until(text: string): Promise<void>;
  /** Resolves with its exit code. */
  ended(): Promise<number | null>;
  /** The folders and processes that it left behind. */
  leftovers(): Promise<readonly string[]>;
}

async function startDemo(env: Readonly<Record<string, string>> = {}): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), "ctb-data-demo-test-"));
  await chmod(folder, 0o711);
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@ctb-data/source", main], {
    cwd: "/",
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], TMPDIR: folder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      for (const listener of listeners) {
        listener();
      }
    });
  }
  const end = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
  });
  return {
    process: child,
    printed: () => printed,
    ended: async () => await end,
    until: async (text) => {
      const seen = new Promise<void>((resolve) => {
        listeners.add(() => {
          if (printed.includes(text)) {
            resolve();
          }
        });
      });
      await Promise.race([seen, end]);
    },
    leftovers: async () => {
      const processes = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
      const running = processes.split("\n").filter((line) => line.includes(folder));
      return [...(await readdir(folder)), ...running];
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

test("the demo loads 503 companies, brings them back after both stores are lost, and leaves nothing behind", async () => {
  await using demo = await startDemo();
  expect(await demo.ended()).toBe(0);
  expect(demo.printed()).toContain("503 records read, 503 clients written,");
  expect(demo.printed()).toContain("in 11 loads:");
  expect(demo.printed()).toMatch(/^Industrials +83 +done$/mu);
  expect(demo.printed()).toContain("(WOULD_LOSE_DATA)");
  expect(demo.printed()).toContain("200 documents confirmed: kill -9 ");
  expect(demo.printed()).toContain("all 200 of them are there.");
  expect(demo.printed()).toContain("503 clients written, 0 failed.");
  expect(demo.printed()).toContain("11 blueprints written, 0 failed.");
  expect(demo.printed()).toContain("The listener heard of 503 clients in ");
  expect(demo.printed()).toMatch(/^clients +503 +503 +0$/mu);
  expect(demo.printed()).toMatch(/^blueprints +11 +11 +0$/mu);
  expect(demo.printed()).toContain("✓ 514 documents looked at: all fit.");
  expect(demo.printed()).toMatch(/All \d+ generated files are up to date\./u);
  expect(demo.printed()).toMatch(/^It holds 4 tables with 531 rows, 514 documents;/mu);
  expect(demo.printed()).toMatch(/^✓ \S+ drill: \d+ objects, .+; 531 rows, 514 documents;/mu);
  expect(demo.printed()).toMatch(openedPart());
  expect(demo.printed()).toContain("0 tables in PostgreSQL, 0 collections in Firestore.");
  expect(demo.printed()).toMatch(/^✓ Restored \S+ 4 tables with 531 rows, 514 documents,/mu);
  expect(demo.printed()).toMatch(/^table clients +503 +([0-9a-f]{12}) +\1$/mu);
  expect(demo.printed()).toMatch(/^documents of clients +503 +([0-9a-f]{12}) +\1$/mu);
  expect(demo.printed()).toMatch(/^catalog +\d+ +([0-9a-f]{12}) +\1$/mu);
  expect(demo.printed()).toContain("Equal: every row, the schema, and every document.");
  expect(demo.printed()).toContain("3 rows of blueprints refer by client_id");
  expect(demo.printed()).toMatch(/^Equal: \d+ tables and collections are as they were/mu);
  expect(await demo.leftovers()).toEqual([]);
});

test.each([
  "1/28",
  "Start PostgreSQL",
  "$ ctb-data migrate up",
  "Load the companies",
  "Start Firestore",
  "kill -9",
  "12/28",
  "$ ctb-data backup create",
  "$ ctb-data backup verify --drill",
  "DROP DATABASE",
  "$ ctb-data backup restore",
  "$ ctb-data integrity fix",
])("the demo stopped at %j ends with 130, and leaves nothing behind", async (place) => {
  await using demo = await startDemo();
  await demo.until(place);
  demo.process.kill("SIGINT");
  expect(await demo.ended()).toBe(130);
  expect(demo.printed()).toContain("error: The demo was stopped.");
  expect(await demo.leftovers()).toEqual([]);
});

test("a step that fails ends the demo with 1, and leaves nothing behind", async () => {
  await using demo = await startDemo();
  await demo.until("$ ctb-data migrate up");
  const child = await childOf(demo.process, "migrate up");
  process.kill(child, "SIGKILL");
  expect(await demo.ended()).toBe(1);
  expect(demo.printed()).toContain("error: ctb-data migrate ended with SIGKILL, not 0.");
  expect(await demo.leftovers()).toEqual([]);
});

test("a temporary folder that cannot be made ends the demo with 1", async () => {
  await using demo = await startDemo({ TMPDIR: "/proc/none" });
  expect(await demo.ended()).toBe(1);
  expect(demo.printed()).toMatch(/^error: .+$/mu);
});

/** What the programs of the machine make of a part is printed, or which of them is not there. */
function openedPart(): RegExp {
  const found = ["age", "zstd"].every((name) => !spawnSync(name, ["--version"]).error);
  return found
    ? /^1\tAlphabet Inc\. \(Class A\)\t\\N\t.+\n2\t/mu
    : /^Not done: .+ cannot be found on this machine\.$/mu;
}

/** The process that another one has started with these words, as soon as it is there. */
async function childOf({ pid = 0 }: ChildProcess, words: string): Promise<number> {
  for (;;) {
    const children = execFileSync("ps", ["-eo", "ppid=,pid=,args="], { encoding: "utf8" });
    const found = children
      .split("\n")
      .map((line) => line.trim().split(/\s+/u))
      .find(([parent, , ...args]) => Number(parent) === pid && args.join(" ").endsWith(words));
    if (found !== undefined) {
      return Number(found[1]);
    }
    await sleep(10);
  }
}
