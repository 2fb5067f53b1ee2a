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

test("the demo takes 503 companies from a file through both stores to two vendors, brings them back after both stores are lost, and leaves nothing behind", async () => {
  await using demo = await startDemo();
  expect(await demo.ended()).toBe(0);
  expect(demo.printed()).toContain("companies.csv: 503 companies, 4 of them wrong on purpose.");
  expect(demo.printed()).toMatch(/^ +input +done +503 read, 503 created, 3 doubtful; /mu);
  expect(demo.printed()).toMatch(/^ +middle +done +503 read, 500 valid, 3 invalid, 503 marked; /mu);
  for (const code of ["too_long", "missing", "wrong_format", "duplicate_key"])
    expect(demo.printed()).toMatch(new RegExp(`^ +· client_intake/.+ \\(${code}\\)$`, "mu"));
  expect(demo.printed()).toMatch(/^validation_failed\/client_intake:[0-9a-f]{40} \{/mu);
  expect(demo.printed()).toMatch(/^499 +499$/mu);
  expect(demo.printed()).toMatch(/^503 +503$/mu);
  expect(demo.printed()).toMatch(
    /^ +middle +done +503 read, 503 valid, 4 inserted, 499 unchanged,/mu,
  );
  expect(demo.printed()).toMatch(
    /^[A-Z.]{1,5};IBM;45;19570304;|^IBM;IBM;45;19570304;contact@ibm\.example$/mu,
  );
  expect(demo.printed()).toMatch(/^ISS\d{10}\d{8}[A-Z]{2}\d\d\.\d\d\.\d{4}.{40}$/mu);
  expect(demo.printed()).toMatch(/^Run 1 of sp500 1, made /mu);
  expect(demo.printed()).toMatch(/^Industrials +83 +1957-03-04$/mu);
  expect(demo.printed()).toContain("(WOULD_LOSE_DATA)");
  expect(demo.printed()).toContain("200 documents confirmed: kill -9 ");
  expect(demo.printed()).toContain("all 200 of them are there.");
  expect(demo.printed()).toContain("503 clients written, 0 failed.");
  expect(demo.printed()).toContain("507 blueprints written, 0 failed.");
  expect(demo.printed()).toContain("The listener heard of 503 clients in ");
  expect(demo.printed()).toMatch(/^clients +503 +503 +0$/mu);
  expect(demo.printed()).toMatch(/^blueprints +507 +507 +0$/mu);
  expect(demo.printed()).toContain("✓ 1,010 documents looked at: all fit.");
  expect(demo.printed()).toMatch(/All \d+ generated files are up to date\./u);
  expect(demo.printed()).toMatch(/^It holds 8 tables with 2,\d{3} rows, 2,016 documents;/mu);
  expect(demo.printed()).toMatch(/^✓ \S+ drill: \d+ objects, .+; 2,\d{3} rows, 2,016 documents;/mu);
  expect(demo.printed()).toMatch(openedPart());
  expect(demo.printed()).toContain("0 tables in PostgreSQL, 0 collections in Firestore.");
  expect(demo.printed()).toMatch(/^✓ Restored \S+ 8 tables with 2,\d{3} rows, 2,016 documents,/mu);
  expect(demo.printed()).toMatch(/^table clients +503 +([0-9a-f]{12}) +\1$/mu);
  expect(demo.printed()).toMatch(/^documents of clients +503 +([0-9a-f]{12}) +\1$/mu);
  expect(demo.printed()).toMatch(/^catalog +\d+ +([0-9a-f]{12}) +\1$/mu);
  expect(demo.printed()).toContain("Equal: every row, the schema, and every document.");
  expect(demo.printed()).toContain("3 rows of blueprints refer by client_id");
  expect(demo.printed()).toMatch(/^Equal: \d+ tables and collections are as they were/mu);
  expect(await demo.leftovers()).toEqual([]);
});

test.each([
  "1/34",
  "Start PostgreSQL",
  "$ ctb-data migrate up",
  "$ ctb-data imo intake",
  "$ ctb-data imo promote",
  "$ ctb-data imo run",
  "Start Firestore",
  "kill -9",
  "12/34",
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
    ? /^\d+\t[^\t]+\tcontact@[a-z-]+\.example\t.+\n\d+\t/mu
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
