import type { Finding, FixReport, FixRun, UndoReport } from "@ctb-data/integrity";
import { expect, test } from "vitest";
import { recordingChannel } from "../../testing/recording-channel.ts";
import { sayFixReport } from "./say-fix-report.ts";
import { sayFixRuns } from "./say-fix-runs.ts";
import { sayUndoReport } from "./say-undo-report.ts";

const orphan: Finding = {
  id: "orphan:orders(customer_id)->customers(id)",
  kind: "orphan",
  severity: "error",
  store: "postgres",
  table: "orders",
  message: "12 rows of orders refer to rows of customers that are not there.",
  count: 12,
  examples: [],
  fix: { summary: "Moves 12 rows of orders to ctb_data.quarantine.", statements: ["DELETE …"] },
};
const drift: Finding = {
  id: "drift:x",
  kind: "drift",
  severity: "warning",
  store: "postgres",
  message: "The table x is not in the database.",
  count: 1,
  examples: [],
  advice: "ctb-data migrate up",
};
const note: Finding = { ...drift, severity: "note" };
const document: Finding = {
  ...orphan,
  id: "d",
  store: "firestore",
  fix: { summary: "Deletes 2 documents of notes.", statements: [] },
};

const done: FixReport = {
  run: "20261123-1",
  dryRun: false,
  strategy: "quarantine",
  steps: [
    {
      finding: orphan,
      store: "postgres",
      state: "done",
      statements: ["DELETE 1", "ALTER 2"],
      changed: 14,
    },
    { finding: document, store: "firestore", state: "done", statements: [], changed: 2 },
  ],
  left: [note],
};
const fixCommand = "ctb-data integrity fix";
const saidOf = (report: FixReport, { statements = false } = {}): string => {
  const out = recordingChannel();
  sayFixReport(out, report, { statements, fixCommand });
  return out.text();
};

test("what was done is said with its counts, its run and the way back", () => {
  expect(saidOf(done)).toBe(`done Moves 12 rows of orders to ctb_data.quarantine. (14 changed)
  id: orphan:orders(customer_id)->customers(id)
done Deletes 2 documents of notes. (2 changed)
  id: d
✓ 2 findings fixed, 14 rows and 2 documents changed by quarantine. It is run 20261123-1.
Next: ctb-data integrity undo 20261123-1
`);
});

test("what failed, and what is left, is named with its reason", () => {
  const failed = {
    ...done,
    steps: [
      ...done.steps.slice(0, 1),
      {
        finding: document,
        store: "firestore",
        state: "failed",
        statements: [],
        changed: 0,
        reason: "Somebody holds it.",
      },
    ],
    left: [document, drift, note],
  } as const satisfies FixReport;
  const text = saidOf(failed);
  expect(text).toContain("failed Deletes 2 documents of notes.\n  Somebody holds it.\n");
  expect(text).toContain(
    "Left: 1 error and 1 warning.\n  error 12 rows of orders refer to rows of customers that are not there.\n  warning The table x is not in the database. ctb-data migrate up\n",
  );
  expect(text).toContain("✗ 1 of 2 findings fixed, 14 rows changed by quarantine; 1 failed.");
});

test("a dry run says every statement, and the command that would do it", () => {
  const planned = {
    ...done,
    run: undefined,
    dryRun: true,
    steps: [
      {
        finding: orphan,
        store: "postgres",
        state: "planned",
        statements: ["DELETE 1", "ALTER 2"],
        changed: 14,
      },
    ],
  } as const satisfies FixReport;
  expect(saidOf(planned, { statements: true }))
    .toBe(`planned Moves 12 rows of orders to ctb_data.quarantine. (14 changed)
  id: orphan:orders(customer_id)->customers(id)
    DELETE 1;
    ALTER 2;
1 finding would be fixed, 14 rows changed by quarantine. This was a dry run: nothing was changed.
Next: ctb-data integrity fix
`);
});

test("where nothing is to be done it says whether all is well", () => {
  const nothing = { ...done, run: undefined, steps: [] };
  expect(saidOf(nothing)).toBe("Nothing to fix.\nNext: ctb-data integrity check\n");
  expect(saidOf({ ...nothing, left: [drift] })).toBe(
    "Left: 1 warning.\n  warning The table x is not in the database. ctb-data migrate up\nNothing that a fix could do.\nNext: ctb-data integrity check\n",
  );
});

const undone: UndoReport = {
  run: "20261123-1",
  dryRun: false,
  rows: 14,
  documents: 2,
  statements: ['ALTER TABLE "orders" DROP CONSTRAINT "c"'],
  conflicts: [
    { store: "postgres", place: "public.orders", key: { id: "7" }, reason: "It is there again." },
    { store: "firestore", place: "notes/7", key: { path: "notes/7" }, reason: "It was changed." },
  ],
  notes: ["The sequence went on."],
};

test("an undo says what came back, what did not and why", () => {
  const out = recordingChannel();
  sayUndoReport(out, undone);
  expect(out.text()).toBe(`Constraints as they were:
  ALTER TABLE "orders" DROP CONSTRAINT "c";
conflict public.orders id=7: It is there again.
conflict notes/7: It was changed.
· The sequence went on.
! Put back 14 rows and 2 documents of run 20261123-1; 2 conflicts.
Next: ctb-data integrity check
`);
});

test("a dry run of an undo names the command that would do it", () => {
  const out = recordingChannel();
  sayUndoReport(out, { ...undone, dryRun: true, conflicts: [], notes: [] });
  expect(out.text()).toContain(
    "Would put back 14 rows and 2 documents of run 20261123-1. This was a dry run: nothing was changed.\nNext: ctb-data integrity undo 20261123-1\n",
  );
});

const run: FixRun = {
  id: "20261123-1",
  startedAt: "2026-11-23T00:15:07.123Z",
  finishedAt: undefined,
  state: "interrupted",
  strategy: "quarantine",
  rows: 1400,
  documents: 2,
  kept: 1402,
};

test("runs are a table, and the first one that can be undone is the next command", () => {
  const out = recordingChannel();
  sayFixRuns(out, [{ ...run, id: "20261124-1", state: "undone", kept: 0 }, run]);
  expect(out.text())
    .toBe(`run         state        started (UTC)     strategy     rows  documents   kept
20261124-1  undone       2026-11-23 00:15  quarantine  1,400          2      0
20261123-1  interrupted  2026-11-23 00:15  quarantine  1,400          2  1,402

2 runs. What is kept can be put back.
Next: ctb-data integrity undo 20261123-1
`);
  const none = recordingChannel();
  sayFixRuns(none, []);
  expect(none.text()).toContain("there is nothing to undo");
});
