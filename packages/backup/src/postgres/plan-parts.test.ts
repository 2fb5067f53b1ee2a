import * as fc from "fast-check";
import { expect, test } from "vitest";
import { planParts, type MeasuredTable } from "./plan-parts.ts";

const table: MeasuredTable = {
  oid: "1",
  schema: "public",
  name: 'Odd "t"',
  kind: "r",
  columns: ["id", "Ü"],
  heap: true,
  readable: true,
  filtered: false,
  extension: null,
  extensionCondition: null,
  pages: 100,
  sizeBytes: 100 * 8192,
};

function planned(
  changes: Partial<MeasuredTable>,
  splitBytes = 250_000,
  canSplit = true,
): readonly string[] {
  // prettier-ignore
  return planParts({ ...table, ...changes }, { splitBytes, canSplit }).map(({ sql }) => sql);
}

test("a table below the size is one COPY of the table itself", () => {
  expect(planned({}, 1_000_000)).toEqual([`COPY public."Odd ""t""" (id, "Ü") TO STDOUT`]);
});

test("a larger one is cut by pages, and the last part has no end", () => {
  expect(planned({})).toEqual([
    `COPY (SELECT id, "Ü" FROM ONLY public."Odd ""t""" WHERE ctid < '(25,0)'::pg_catalog.tid) TO STDOUT`,
    `COPY (SELECT id, "Ü" FROM ONLY public."Odd ""t""" WHERE ctid >= '(25,0)'::pg_catalog.tid AND ctid < '(50,0)'::pg_catalog.tid) TO STDOUT`,
    `COPY (SELECT id, "Ü" FROM ONLY public."Odd ""t""" WHERE ctid >= '(50,0)'::pg_catalog.tid AND ctid < '(75,0)'::pg_catalog.tid) TO STDOUT`,
    `COPY (SELECT id, "Ü" FROM ONLY public."Odd ""t""" WHERE ctid >= '(75,0)'::pg_catalog.tid) TO STDOUT`,
  ]);
});

test("what has no pages to cut is not cut: other storage, old servers, one page with much TOAST, extensions", () => {
  expect(planned({ heap: false }).length).toBe(1);
  expect(planned({}, 250_000, false).length).toBe(1);
  expect(planned({ pages: 1, sizeBytes: 10_000_000 }).length).toBe(1);
  expect(planned({ pages: 0, sizeBytes: 10_000_000 }).length).toBe(1);
  expect(planned({ extension: "postgis", extensionCondition: "WHERE id > 5" })).toEqual([
    `COPY (SELECT id, "Ü" FROM ONLY public."Odd ""t""" WHERE id > 5) TO STDOUT`,
  ]);
});

test("ranges meet without gap or overlap", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 50 }),
      (pages, count) => {
        const sizeBytes = pages * 8192;
        const sqls = planned({ pages, sizeBytes }, Math.ceil(sizeBytes / count));
        const ends = sqls.map((sql) => /< '\((\d+),0\)'/.exec(sql)?.[1]);
        const starts = sqls.map((sql) => />= '\((\d+),0\)'/.exec(sql)?.[1]);
        expect(starts.slice(1)).toEqual(ends.slice(0, -1));
        expect([starts[0], ends.at(-1)]).toEqual([undefined, undefined]);
      },
    ),
  );
});
