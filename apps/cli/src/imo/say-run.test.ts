import { stripVTControlCharacters } from "node:util";
import type { PlacedFailure, RunRecord, StageRecord } from "@ctb-data/pipeline";
import { describe, expect, test } from "vitest";
import { recordingChannel } from "../../testing/recording-channel.ts";
import { displayWidth } from "../terminal/display-width.ts";
import { nextOfRun } from "./next-of-run.ts";
import { sayOutcome } from "./say-outcome.ts";
import { type RunDetail, sayRun } from "./say-run.ts";

const failures = (count: number, placeOf: (n: number) => string): readonly PlacedFailure[] =>
  Array.from({ length: count }, (_, n) => ({
    place: placeOf(n),
    field: n % 2 === 0 ? "email" : "",
    code: "wrong_format",
    message: `It is not an e-mail address, ${n}.`,
  }));

const hash = "0123456789abcdef".repeat(4);

const middle: StageRecord = {
  state: "done",
  step: "promote",
  ms: 3400,
  counts: { read: 1501, valid: 1489, inserted: 1480, adopted: 2, invalid: 12, refused: 7 },
  firstErrors: failures(19, (n) => `client_intake/${n}`),
  workers: ["a.example:12", "b.example:7"],
};

const run: RunRecord = {
  id: 7,
  blueprintId: 3,
  vendor: "company_list",
  version: "1",
  status: "pending",
  createdAt: "2026-11-25T02:24:13.123Z",
  runners: [],
  input: {
    state: "done",
    step: "intake",
    target: { file: "data/companies.csv", sha256: hash },
    startedAt: "2026-11-25T02:24:13.200Z",
    finishedAt: "2026-11-25T02:24:14.400Z",
    ms: 1200,
    counts: { rejected: 2, read: 1503, created: 1501, doubtful: 1, unchanged: 0 },
    files: [{ file: "data/companies.csv", bytes: 52_100, sha256: hash }],
    firstErrors: failures(2, (n) => `line ${n + 7}`),
    workers: ["a.example:12"],
  },
  middle,
  output: undefined,
};

const said = (
  record: RunRecord,
  {
    columns,
    ...detail
  }: Partial<RunDetail> & { readonly columns?: number; readonly next?: string } = {},
): string => {
  const out = recordingChannel(columns, columns !== undefined);
  sayRun(out, record, { isFull: false, ...detail });
  sayOutcome(out, record, { stages: detail.stages, next: detail.next });
  return out.text();
};

test("each stage is told with its counts, files and first failures, and where all of them are", () => {
  expect(said(run, { next: "ctb-data imo promote" })).toBe(`Run 7 of company_list 1
  input   done      1,503 read, 1,501 created, 1 doubtful, 2 rejected; 1.2 s
    data/companies.csv: 52.1 kB, SHA-256 0123456789ab…
    · line 7, email: It is not an e-mail address, 0. (wrong_format)
    · line 8: It is not an e-mail address, 1. (wrong_format)
    … and 1 more record; all that were rejected are in data/companies.csv.rejected.ndjson; doubtful ones became documents all the same, to be mended there
  middle  done      1,501 read, 1,489 valid, 1,480 inserted, 2 adopted, 12 invalid, 7 refused; 3.4 s
    · client_intake/0, email: It is not an e-mail address, 0. (wrong_format)
    · client_intake/1: It is not an e-mail address, 1. (wrong_format)
    · client_intake/2, email: It is not an e-mail address, 2. (wrong_format)
    · client_intake/3: It is not an e-mail address, 3. (wrong_format)
    · client_intake/4, email: It is not an e-mail address, 4. (wrong_format)
    · client_intake/5: It is not an e-mail address, 5. (wrong_format)
    · client_intake/6, email: It is not an e-mail address, 6. (wrong_format)
    · client_intake/7: It is not an e-mail address, 7. (wrong_format)
    · client_intake/8, email: It is not an e-mail address, 8. (wrong_format)
    · client_intake/9: It is not an e-mail address, 9. (wrong_format)
    … and 9 more records; all are in the collection validation_failed until they are mended
! That is done; run 7 stays open for the rest, but 21 records were refused.
Next: ctb-data imo promote
`);
});

test("only the stages that were asked for are told and counted", () => {
  const text = said(run, { stages: ["input"], rejects: "bad.ndjson" });
  expect(text).toContain("all that were rejected are in bad.ndjson");
  expect(text).not.toContain("middle");
  // What the intake has doubts about, the middle stage has not judged here.
  expect(text).toContain("but 3 records were refused.\n");
});

test("all of a run has its times, workers and positions, too", () => {
  const text = said(
    {
      ...run,
      status: "failed",
      middle: {
        ...middle,
        state: "failed",
        counts: { read: 40 },
        firstErrors: [],
        positions: ["a", "b", "c", "d", "e", "f", "g"],
        workers: ["b.example:7"],
        failure: "PostgreSQL went away.",
      },
      output: { state: "pending", step: "export", counts: {}, firstErrors: [] },
    },
    { isFull: true },
  );
  expect(text).toContain("Run 7 of company_list 1, made 2026-11-25 02:24 UTC\n");
  expect(text).toContain("companies.csv.rejected.ndjson, unless --rejects said another file; ");
  expect(text).toContain("    began 2026-11-25 02:24, ended 2026-11-25 02:24 UTC\n");
  expect(text).toContain("    by b.example:7\n    came to a\n");
  expect(text).toContain("    came to e\n    and 2 more positions\n    ✗ PostgreSQL went away.\n");
  expect(text).toContain("\n  output  pending\n");
  expect(text).toMatch(/\n✗ Run 7 has failed\.\n$/u);
});

test("a record with several failures is one record", () => {
  const failure = { field: "a", code: "missing", message: "It is missing." } as const;
  const judged = {
    state: "done",
    step: "validate",
    counts: { read: 3, invalid: 2, valid: 1, again: 4 },
    firstErrors: Array.from({ length: 14 }, (_, n) => ({ ...failure, place: `in/${n % 2}` })),
  } as const;
  const text = said({ ...run, input: undefined, middle: judged });
  expect(text).toContain("    … and 4 more failures of these; all are in");
  expect(text).toContain("done      3 read, 1 valid, 2 invalid\n");
  expect(text).toContain("but 2 records were refused.");
  const well = said({
    ...run,
    status: "complete",
    input: undefined,
    middle: { ...judged, counts: { read: 3, valid: 3 }, firstErrors: [] },
  });
  expect(well).toBe(`Run 7 of company_list 1
  middle  done      3 read, 3 valid
✓ Run 7 is complete.
`);
});

test("a dry run has no number, and says that nothing was changed; its rejects are nowhere", () => {
  const text = said({ ...run, id: 0, status: "complete", middle: undefined });
  expect(text).toMatch(/^Dry run of company_list 1\n/u);
  expect(text).toContain(
    "! This was a dry run: nothing was changed, but 3 records would be refused.",
  );
  expect(text).not.toContain("rejected.ndjson");
  expect(text).toContain("doubtful ones would become documents");
});

test("of failures of which none is shown it is not said that there are more", () => {
  const input = { state: "done", counts: { read: 5, doubtful: 3 }, firstErrors: [] } as const;
  expect(said({ ...run, input, middle: undefined })).toContain(
    "    doubtful ones became documents all the same, to be mended there\n",
  );
});

test("a dry run counts what its intake has doubts about, whatever the middle stage has found in the store, and leads nowhere", () => {
  const counts = { read: 1, valid: 1, invalid: 0 };
  const fresh = said({ ...run, id: 0, middle: { ...middle, counts, firstErrors: [] } });
  expect(fresh).toContain("nothing was changed, but 3 records would be refused.");
  const again = said({ ...run, id: 0 });
  expect(again).toContain("nothing was changed, but 21 records would be refused.");
  expect(again).not.toContain("validation_failed");
});

test.each([
  ["running", ["a:1", "b:2"], "… Run 7 is worked at by a:1, b:2.\n"],
  ["running", [], "! Nobody works at run 7, which is not done.\n"],
  ["cancelled", [], "! Run 7 was cancelled.\n"],
  ["complete", [], "! Run 7 is complete, but 2 records were refused."],
] as const)("a run that is %s by %j says so", (status, runners, text) => {
  const well = { state: "done", counts: {}, firstErrors: [] } as const;
  expect(said({ ...run, status, runners, middle: well })).toContain(text);
});

describe("on a terminal", () => {
  test.each([40, 60, 80])("no line is wider than %i columns, and no word is lost", (columns) => {
    const text = stripVTControlCharacters(said(run, { columns, isFull: true }));
    expect(text.split("\n").filter((line) => displayWidth(line) > columns)).toEqual([]);
    expect(text.replaceAll(/\s+/gu, "")).toBe(said(run, { isFull: true }).replaceAll(/\s+/gu, ""));
  });
});

test("what others wrote cannot forge lines or move the cursor", () => {
  const evil = "a\u001b[2K\r\n✓ fine";
  const stage = {
    state: "failed",
    counts: { [evil]: 3 },
    files: [{ file: evil, bytes: 1, sha256: evil }],
    positions: [evil],
    workers: [evil],
    firstErrors: [{ place: evil, field: evil, code: "missing", message: evil }],
    failure: evil,
  } as const;
  const text = said(
    { ...run, vendor: evil, version: evil, status: "running", runners: [evil], input: stage },
    { isFull: true },
  );
  expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  expect(text.split("\n").filter((line) => line.startsWith("✓"))).toEqual([]);
});

describe("what comes next", () => {
  const both = { intake: true, export: true };
  const inOnly = { intake: true, export: false };
  const done = { state: "done", counts: {}, firstErrors: [] } as const;
  test.each([
    ["failed", {}, both, "retry 7"],
    ["cancelled", {}, both, "retry 7"],
    ["running", { runners: ["a:1"] }, both, "status 7"],
    ["running", { runners: [] }, both, "retry 7"],
    ["pending", { middle: undefined }, both, "validate --vendor x"],
    ["pending", { input: undefined, middle: undefined }, both, "promote --vendor x"],
    ["pending", { middle: { ...done, step: "validate" } }, both, "promote --vendor x"],
    ["pending", { middle: { ...middle, step: "validate" } }, both, "validate --vendor x"],
    ["pending", {}, both, "promote --vendor x"],
    ["pending", { middle: { ...done, step: "promote" } }, both, "export --vendor x"],
    ["complete", { middle: { ...done, step: "promote" } }, inOnly, undefined],
    ["complete", { middle: { ...done, step: "promote" }, output: done }, both, undefined],
  ] as const)("%s %j", (status, change, has, expected) => {
    const record: RunRecord = { ...run, status, ...change };
    const next = nextOfRun(record, { has, flags: " --vendor x" });
    expect(next).toBe(expected === undefined ? undefined : `ctb-data imo ${expected}`);
  });

  test("without its blueprint a run that is open is gone on with by its blueprint's number", () => {
    expect(nextOfRun(run)).toBe("ctb-data imo run --blueprint 3");
    expect(nextOfRun({ ...run, status: "complete" })).toBeUndefined();
  });
});
