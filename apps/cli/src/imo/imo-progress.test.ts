import { expect, test } from "vitest";
import type { WorkProgress } from "../progress/progress-meter.ts";
import { imoProgress } from "./imo-progress.ts";

function told(vendor?: string) {
  const events: WorkProgress[] = [];
  const onProgress = imoProgress((event) => {
    events.push(event);
  }, vendor);
  return { events, onProgress };
}

test("each step counts anew, but not after a pause in the middle of it", () => {
  const { events, onProgress } = told();
  for (const step of ["preparing", "promote", "waiting", "promote", "export"] as const) {
    onProgress({ kind: "step", step });
  }
  expect(events).toEqual([
    { kind: "step", step: "preparing", isFresh: false },
    { kind: "step", step: "promote", isFresh: true },
    { kind: "step", step: "waiting", isFresh: false },
    { kind: "step", step: "promote", isFresh: false },
    { kind: "step", step: "export", isFresh: true },
  ]);
});

test("records are those of a file, documents Firestore's, and everything else rows", () => {
  const { events, onProgress } = told();
  onProgress({ kind: "total", name: "records", items: undefined, bytes: 900 });
  onProgress({ kind: "count", name: "records", items: 5, bytes: 300 });
  onProgress({ kind: "count", name: "documents", items: 7 });
  onProgress({ kind: "count", name: "rows", items: 9 });
  expect(events).toEqual([
    { kind: "total", store: "file", items: undefined, bytes: 900 },
    { kind: "count", store: "file", items: 5, bytes: 300 },
    { kind: "count", store: "firestore", items: 7, bytes: undefined },
    { kind: "count", store: "postgres", items: 9, bytes: undefined },
  ]);
});

test("where several vendors follow each other each step says whose it is", () => {
  const { events, onProgress } = told("acme");
  onProgress({ kind: "step", step: "export", detail: "acme" });
  onProgress({ kind: "step", step: "waiting", detail: "for 2 others" });
  expect(events.map((event) => event.kind === "step" && event.detail)).toEqual([
    "acme",
    "acme for 2 others",
  ]);
});
