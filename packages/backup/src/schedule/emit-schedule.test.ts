import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { zones } from "../../testing/policy-backups.ts";
import { someDailyPattern, somePattern } from "../../testing/policy-patterns.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { BackupError } from "../backup-error.ts";
import type { EmitScheduleOptions } from "./emit-job.ts";
import { emitSchedule } from "./emit-schedule.ts";
import { onCalendar } from "./on-calendar.ts";
import { parseSchedule, type Schedule } from "./parse-schedule.ts";
import { nextRuns } from "./schedule-times.ts";

const run = promisify(execFile);
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
const now = new Date("2026-11-24T12:00:00Z");
const slow = process.env["SLOW"] === "1";

function scheduleOf(pattern: string, timeZone = "UTC", at = now): Schedule {
  return parseSchedule({ pattern, timeZone, now: at });
}

function emit(target: EmitScheduleOptions["target"], options: Partial<EmitScheduleOptions> = {}) {
  return emitSchedule({
    target,
    schedule: scheduleOf("0 2 * * *"),
    directory: "/srv/app",
    image: "registry.example/app:1",
    now,
    ...options,
  });
}

/** The text of the only, or the last, file. */
function textOf(...how: Parameters<typeof emit>): string {
  return emit(...how).at(-1)?.text ?? "";
}

describe("OnCalendar", () => {
  test.each([
    ["0 2 * * *", "UTC", ["*-*-* 02:00:00 UTC"]],
    ["*/15 * * * *", "UTC", ["*-*-* *:00,15,30,45:00 UTC"]],
    ["* * * * *", "UTC", ["*-*-* *:*:00 UTC"]],
    ["5 2,14 * 1-3,12 1-5", "UTC", ["Mon,Tue,Wed,Thu,Fri *-01..03,12-* 02,14:05:00 UTC"]],
    ["0 0 1,15 * *", "Asia/Kolkata", ["*-*-01,15 00:00:00 Asia/Kolkata"]],
    ["0 0 13 * 5", "UTC", ["*-*-13 00:00:00 UTC", "Fri *-*-* 00:00:00 UTC"]],
    ["0 0 */1 * 5", "UTC", ["*-*-* 00:00:00 UTC"]],
    [
      "30 2 * * *",
      "Europe/Berlin",
      ["*-*-* 02:30:00 Europe/Berlin", "*-*-* 03:00:00 Europe/Berlin"],
    ],
    ["0 3 * * *", "Europe/Berlin", ["*-*-* 03:00:00 Europe/Berlin"]],
    // Not before October 2028 do its clocks change on a first or a fifteenth, and then by half an hour.
    [
      "0 2 1,15 * *",
      "Australia/Lord_Howe",
      ["*-*-01,15 02:00:00 Australia/Lord_Howe", "*-*-* 02:30:00 Australia/Lord_Howe"],
    ],
  ])("says %s in %s", (pattern, timeZone, expected) => {
    expect(onCalendar(scheduleOf(pattern, timeZone), now)).toEqual(expected);
  });

  test.skipIf(!hasSystemd)(
    "names the next 50 times that croner names, in UTC, whatever the pattern (systemd-analyze)",
    async () => {
      await fc.assert(
        fc.asyncProperty(
          somePattern,
          fc.integer({ min: 0, max: 500_000 }),
          async (pattern, minutes) => {
            const start = new Date(Date.parse("2026-01-01T00:00:30Z") + minutes * 60_000);
            const schedule = scheduleUnlessNever(pattern, "UTC", start);
            if (schedule === undefined) return;
            const elapses = await elapsesOf(onCalendar(schedule, start), start, 50);
            // systemd looks two centuries ahead: for 29 February these are fewer.
            const expected = nextRuns(schedule, 50, start).map((date) => date.toISOString());
            expect(elapses.length).toBeGreaterThan(10);
            expect(elapses).toEqual(expected.slice(0, elapses.length));
          },
        ),
        { numRuns: slow ? 200 : 15 },
      );
    },
    slow ? 600_000 : 120_000,
  );

  test.skipIf(!hasSystemd)(
    "wakes at every time of a daily backup, also on the days when clocks change (systemd-analyze)",
    async () => {
      await fc.assert(
        fc.asyncProperty(
          someDailyPattern,
          fc.constantFrom(...zones),
          fc.boolean(),
          async (pattern, timeZone, spring) => {
            const start = new Date(spring ? "2027-02-25T00:00:00Z" : "2026-10-01T00:00:00Z");
            const schedule = scheduleOf(pattern, timeZone, start);
            const elapses = new Set(await elapsesOf(onCalendar(schedule, start), start, 200));
            const last = [...elapses].at(-1) ?? "";
            const expected = nextRuns(schedule, 60, start)
              .map((date) => date.toISOString())
              .filter((time) => time <= last);
            expect(expected.length).toBeGreaterThan(5);
            expect(expected.filter((time) => !elapses.has(time))).toEqual([]);
          },
        ),
        { numRuns: slow ? 200 : 15 },
      );
    },
    slow ? 600_000 : 120_000,
  );
});

/** When systemd says that any of the expressions comes, in UTC. As far as all of them are known. */
async function elapsesOf(
  expressions: readonly string[],
  start: Date,
  count: number,
): Promise<readonly string[]> {
  const base = `${start.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const all = await Promise.all(
    expressions.map(async (expression) => {
      const parameters = ["calendar", `--iterations=${count}`, `--base-time=${base}`, expression];
      const { stdout } = await run("systemd-analyze", parameters, {
        env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
      });
      const found = stdout.matchAll(
        /(?:Next elapse|Iter\. #\d+): \w+ (\d+-\d+-\d+) (\d+:\d+:\d+) UTC/gu,
      );
      return [...found].map(([, day = "", time = ""]) => new Date(`${day}T${time}Z`).toISOString());
    }),
  );
  const ends = all.filter((times) => times.length === count).map((times) => times.at(-1) ?? "");
  const merged = [...new Set(all.flat())].filter((time) => ends.every((end) => time <= end));
  return merged.toSorted((left, right) => (left < right ? -1 : 1)).slice(0, count);
}

function scheduleUnlessNever(pattern: string, timeZone: string, start: Date): Schedule | undefined {
  try {
    return scheduleOf(pattern, timeZone, start);
  } catch (error) {
    if (error instanceof BackupError && error.message.includes("never comes")) return undefined;
    throw error;
  }
}

describe("systemd", () => {
  test("a timer that makes up for what was missed, and a service that runs what is due", () => {
    const [service, timer] = emit("systemd", {
      schedule: scheduleOf("0 2 * * *", "Europe/Berlin"),
      user: "backup",
      jitterMs: 600_000,
    });
    expect(service).toMatchObject({ name: "/etc/systemd/system/ctb-data-backup.service" });
    expect(service?.text).toContain("\nExecStart=ctb-data backup create --if-due\n");
    expect(service?.text).toContain("\nWorkingDirectory=/srv/app\n");
    expect(service?.text).toContain("\nUser=backup\n");
    expect(timer?.text.split("\n")).toEqual(
      expect.arrayContaining([
        "OnCalendar=*-*-* 02:00:00 Europe/Berlin",
        "OnCalendar=*-*-* 03:00:00 Europe/Berlin",
        "Persistent=true",
        "RandomizedDelaySec=600s",
        "FixedRandomDelay=yes",
        "WantedBy=timers.target",
      ]),
    );
  });

  test("percent signs, dollars, quotes, backslashes and spaces reach the program as they are", () => {
    const { text } = emit("systemd", {
      command: ["/opt/my app/ctb-data", "--config", String.raw`50%$HOME"x\y'z`],
      directory: "/srv/100% app",
    })[0] ?? { text: "" };
    expect(text).toContain(
      String.raw`ExecStart="/opt/my app/ctb-data" --config "50%%$$HOME\"x\\y'z" backup create --if-due`,
    );
    expect(text).toContain("\nWorkingDirectory=/srv/100%% app\n");
    expect(text).toContain('\nReadWritePaths="/srv/100%% app"\n');
  });

  test.each([
    { command: ["@ctb-data"] },
    { command: ["/opt/$x"] },
    { directory: "/srv/app\\" },
    { directory: "/srv/app " },
    { directory: "srv" },
    { directory: undefined },
  ])("%o is refused: systemd would read it as something else", (options) => {
    expect(() => emit("systemd", options)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTIONS" }),
    );
  });

  test.skipIf(!hasSystemd)(
    "systemd-analyze verify finds nothing wrong with the units",
    async () => {
      await using folder = testFolder();
      // Verify asks that the program and the directory are there.
      const directory = join(folder.path, "a 100% dir");
      mkdirSync(directory);
      const schedule = scheduleOf("15 2 1,15 * 1-5", "America/New_York");
      const files = emit("systemd", {
        directory,
        schedule,
        command: [process.execPath, 'say "$HI" \\ 5%'],
        jitterMs: 1500,
      });
      const paths = files.map(({ name, text }) => {
        const path = join(folder.path, basename(name));
        writeFileSync(path, text);
        return path;
      });
      expect(await run("systemd-analyze", ["verify", "--man=no", ...paths])).toEqual({
        stdout: "",
        stderr: "",
      });
    },
  );
});

describe("crontab", () => {
  test("asks every hour at the minutes of the pattern, since cron's time zone is not known", () => {
    expect(textOf("crontab", { schedule: scheduleOf("5,35 2 * * 1", "Europe/Berlin") })).toMatch(
      /^5,35 \* \* \* \* cd \/srv\/app && ctb-data backup create --if-due$/mu,
    );
  });

  test("says the pattern itself where the machine is in the zone of the schedule, with Sunday as 0", () => {
    const options = {
      schedule: scheduleOf("5 2 * jan 5-7", "Europe/Berlin"),
      machineTimeZone: "Europe/Berlin",
    };
    expect(textOf("crontab", options)).toMatch(/^5 2 \* 1 0,5,6 cd /mu);
  });

  test("asks every quarter of an hour where the two zones are not whole hours apart", () => {
    expect(textOf("crontab", { schedule: scheduleOf("5 2 * * *", "Asia/Kolkata") })).toMatch(
      /^5,20,35,50 \* \* \* \* /mu,
    );
    expect(
      textOf("crontab", {
        schedule: scheduleOf("5 2 * * *", "Asia/Kolkata"),
        machineTimeZone: "Asia/Colombo",
      }),
    ).toMatch(/^5 \* \* \* \* /mu);
  });

  test("asks every hour where cron programs disagree about the pattern", () => {
    expect(
      textOf("crontab", { schedule: scheduleOf("0 2 */2 * 1"), machineTimeZone: "UTC" }),
    ).toMatch(/^0 \* \* \* \* /mu);
  });

  test("what cron hands to sh is the command, to the letter, whatever is in it", async () => {
    const word = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
      .filter((text) => !/\p{Cc}|\p{Cs}/u.test(text));
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 4 }), async (words) => {
        const text = textOf("crontab", { directory: "/", command: ["printf", "%s\\n", ...words] });
        const line = text.split("\n").find((each) => !each.startsWith("#")) ?? "";
        const command = line.replace(/^(?:\S+ ){5}/u, "");
        // As cron does: a percent sign ends the command, unless a backslash is before it, which is taken away.
        expect(command).not.toMatch(/(?<!\\)%/u);
        const { stdout } = await run("sh", ["-c", command.replaceAll("\\%", "%")]);
        expect(stdout).toBe([...words, "backup", "create", "--if-due", ""].join("\n"));
      }),
      { numRuns: slow ? 200 : 20 },
    );
  });
});

describe("Kubernetes", () => {
  test("a CronJob that never runs twice at a time, in the zone of the schedule", () => {
    const yaml = parse(
      textOf("k8s", {
        schedule: scheduleOf("0 3 * * sun", "Europe/Berlin"),
        command: ["node", 'a "b": #c', "$(X)"],
        secret: "s",
      }),
    );
    expect(yaml).toMatchObject({
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "ctb-data-backup" },
      spec: {
        schedule: "0 3 * * 0",
        timeZone: "Europe/Berlin",
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: 3600,
        jobTemplate: {
          spec: {
            backoffLimit: 3,
            template: {
              spec: {
                restartPolicy: "Never",
                containers: [
                  {
                    name: "ctb-data-backup",
                    image: "registry.example/app:1",
                    command: ["node", 'a "b": #c', "$$(X)", "backup", "create", "--if-due"],
                    workingDir: "/srv/app",
                    envFrom: [{ secretRef: { name: "s" } }],
                  },
                ],
              },
            },
          },
        },
      },
    });
  });

  test.each([
    ["30 2 * * *", "Europe/Berlin", "30 2-3 * * *"],
    ["30 2,14 * * *", "America/New_York", "30 2,3,14 * * *"],
    ["10 2 * * *", "Australia/Lord_Howe", "10 2,3 * * *"],
    ["30 2 * * *", "UTC", "30 2 * * *"],
    ["0 2 */2 * 1", "UTC", "0 * * * *"],
    ["0 2 * * 7", "UTC", "0 2 * * 0"],
  ])(
    "%s in %s wakes in the hour after the one that is left out, too",
    (pattern, timeZone, expected) => {
      expect(parse(textOf("k8s", { schedule: scheduleOf(pattern, timeZone) }))).toMatchObject({
        spec: { schedule: expected.replace("2-3", "2,3") },
      });
    },
  );

  test("without an image there is none", () => {
    expect(() => emit("k8s", { image: undefined })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTIONS", hint: expect.stringContaining("image") }),
    );
  });
});

describe("GitHub Actions", () => {
  test("a workflow with the pattern and the zone", () => {
    const yaml = parse(
      textOf("github-actions", {
        schedule: scheduleOf("17 2 * * *", "Europe/Berlin"),
        directory: "apps/it's",
        command: ["npx", "ctb-data"],
      }),
    );
    expect(yaml).toMatchObject({
      name: "ctb-data-backup",
      on: {
        schedule: [{ cron: "17 2 * * *", timezone: "Europe/Berlin" }],
        workflow_dispatch: null,
      },
      concurrency: { "cancel-in-progress": false },
      permissions: { contents: "read" },
    });
    expect(yaml.jobs.backup.steps.at(-1)).toMatchObject({
      run: "npx ctb-data backup create --if-due",
      "working-directory": "apps/it's",
      env: { DATABASE_URL: "${{ secrets.DATABASE_URL }}" },
    });
  });

  test("an expression in the command is refused", () => {
    expect(() => emit("github-actions", { command: ["npx", "${{ github.event }}"] })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTIONS" }),
    );
  });
});

test.each(["systemd", "crontab", "k8s", "github-actions"] as const)(
  "%s: a line break can be smuggled into nothing",
  (target) => {
    for (const options of [
      { command: ["a\nExecStart=b"] },
      { directory: "/a\n* * * * * b" },
      { name: "a\nb" },
      { name: "-a" },
      { user: "a\nb" },
      { image: "a\nb" },
      { secret: "" },
      { command: [] },
    ])
      expect(() => emit(target, options)).toThrow(
        expect.objectContaining({ code: "INVALID_OPTIONS" }),
      );
  },
);
