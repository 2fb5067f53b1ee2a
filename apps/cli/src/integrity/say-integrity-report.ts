import type { Finding, IntegrityReport } from "@ctb-data/integrity";
import { countOf, durationText } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printable } from "../terminal/printable.ts";
import { sayItem } from "../terminal/say-item.ts";
import type { Channel } from "../terminal/terminal.ts";
import { joinWords, severityCounts } from "./finding-counts.ts";
import { type FindingDetail, sayFinding } from "./say-finding.ts";

interface ReportDetail extends FindingDetail {
  /** How long the check took. */
  readonly ms: number;
  /** The command that shows what a fix would do. */
  readonly fixCommand: string;
}

/** Says what a check found, grouped by table, with its counts and the next command at the end. */
export function sayIntegrityReport(
  out: Channel,
  report: IntegrityReport,
  { ms, fixCommand, ...detail }: ReportDetail,
): void {
  for (const [place, findings] of byPlace(report.findings)) {
    out.line(out.paint("bold", place));
    for (const finding of findings) {
      sayFinding(out, finding, detail);
    }
    out.line();
  }
  sayNotChecked(out, report.notChecked);
  const counts = severityCounts(report.findings);
  const looked = `${lookedAt(report)}; ${durationText(ms)}`;
  if (report.ok) {
    const notes = counts === "" ? "" : `, only ${counts}`;
    sayItem(out, {
      mark: { text: "✓", style: "green" },
      text: `Nothing is wrong${notes}: ${looked}.`,
      indent: 0,
    });
  } else {
    sayItem(out, {
      mark: { text: "✗", style: "red" },
      text: `${counts} found: ${looked}.`,
      indent: 0,
    });
  }
  if (report.findings.some(({ fix }) => fix !== undefined)) {
    sayNext(out, fixCommand);
  }
}

/** Says what could not be looked at. */
export function sayNotChecked(out: Channel, sentences: readonly string[]): void {
  for (const sentence of sentences) {
    sayItem(out, {
      mark: { text: "not checked:", style: "yellow" },
      text: printable(sentence),
      indent: 0,
    });
  }
}

/** The findings of each table or collection, in the order in which their first ones come. */
function byPlace(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const places = new Map<string, Finding[]>();
  for (const finding of findings) {
    const place = placeOf(finding);
    const there = places.get(place) ?? [];
    there.push(finding);
    places.set(place, there);
  }
  return places;
}

function placeOf({ table, collection, store }: Finding): string {
  if (table !== undefined) return printable(table);
  if (collection !== undefined) return `${printable(collection)} (Firestore)`;
  return store === "postgres" ? "the schema" : "Firestore";
}

function lookedAt({ snapshotAt, readTime, rows, documents }: IntegrityReport): string {
  const moments = [snapshotAt, readTime].flatMap((each) => (each === undefined ? [] : [each]));
  const counts = joinWords([
    ...(snapshotAt === undefined ? [] : [countOf(rows, "row")]),
    ...(readTime === undefined ? [] : [countOf(documents, "document")]),
  ]);
  const moment = moments[0];
  return moment === undefined ? counts : `${counts} as of ${momentText(moment)}`;
}

/** `2026-11-23 00:15:07 UTC` */
function momentText(text: string): string {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime())
    ? printable(text)
    : `${moment.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
