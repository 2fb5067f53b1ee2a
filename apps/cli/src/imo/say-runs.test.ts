import { stripVTControlCharacters } from "node:util";
import type { RunRecord } from "@ctb-data/pipeline";
import { expect, test } from "vitest";
import { recordingChannel } from "../../testing/recording-channel.ts";
import { displayWidth } from "../terminal/display-width.ts";
import { sayRuns } from "./say-runs.ts";

const stage = { state: "done", firstErrors: [] } as const;
const complete: RunRecord = {
  id: 12,
  blueprintId: 3,
  vendor: "company_list",
  version: "1",
  status: "complete",
  createdAt: "2026-11-25T02:24:13.123Z",
  runners: [],
  input: { ...stage, step: "intake", counts: { read: 1503, created: 1500, unchanged: 3 } },
  middle: { ...stage, step: "promote", counts: { read: 1503, inserted: 1500, unchanged: 3 } },
  output: { ...stage, step: "export", counts: { read: 1503, written: 1503, rejected: 0 } },
};
const failed: RunRecord = {
  ...complete,
  id: 9,
  vendor: "a-vendor-with-a-name-that-is-long",
  status: "failed",
  input: undefined,
  middle: { ...stage, state: "failed", step: "validate", counts: { valid: 40, invalid: 2 } },
  output: undefined,
  createdAt: undefined,
};

const said = (runs: readonly RunRecord[], columns?: number): string => {
  const out = recordingChannel(columns, columns !== undefined);
  sayRuns(out, runs, 20);
  return stripVTControlCharacters(out.text());
};

test("runs are a table with how many records came through each stage, and one that needs care is next", () => {
  expect(said([complete, failed]))
    .toBe(`run  status    blueprint                            made (UTC)        input     middle  output  refused
 12  complete  company_list 1                       2026-11-25 02:24  1,503      1,503   1,503        0
  9  failed    a-vendor-with-a-name-that-is-long 1                           failed 40                2

2 runs, the newest first.
Next: ctb-data imo status 9
`);
});

test.each([60, 80])(
  "a terminal of %i columns leaves columns out, and breaks a long name",
  (columns) => {
    const lines = said([complete, failed], columns).split("\n");
    expect(lines.filter((line) => displayWidth(line) > columns)).toEqual([]);
    expect(lines.join("\n")).toMatch(/not shown at this width: .*input/u);
    expect(lines.join(" ").replaceAll(/\s+/gu, " ")).toContain("12 complete company_list 1");
  },
);

test("as many as were asked for may not be all", () => {
  const out = recordingChannel();
  sayRuns(out, [complete], 1);
  expect(out.text()).toContain("1 run, the newest first; older ones with --limit 2.\n");
  expect(said([])).toMatch(/^No blueprint has run here yet\.\nNext: ctb-data imo run/u);
});
