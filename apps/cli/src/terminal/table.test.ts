import { stripVTControlCharacters, styleText } from "node:util";
import { describe, expect, test } from "vitest";
import { displayWidth } from "./display-width.ts";
import { renderTable, type TableContent } from "./table.ts";
import type { Channel } from "./terminal.ts";

function channel(columns: number | undefined, colored = false): Channel {
  return {
    stream: process.stdout,
    isTerminal: columns !== undefined,
    columns,
    paint: (style, text) => (colored ? styleText(style, text, { validateStream: false }) : text),
    line: () => undefined,
    write: () => undefined,
  };
}

const content: TableContent = {
  columns: [
    { title: "version" },
    { title: "name", wraps: true },
    { title: "state" },
    { title: "ms", align: "right", dropOrder: 1 },
    { title: "by", dropOrder: 2 },
  ],
  rows: [
    ["001", "initial schema", { text: "applied", style: "green" }, "12", "ada@laptop"],
    ["002", "add a table with quite a long name to it", "pending", "", ""],
  ],
};

describe("renderTable", () => {
  test("without a terminal every line is as long as it is", () => {
    expect(renderTable(channel(undefined), content).split("\n")).toEqual([
      "version  name                                      state    ms  by",
      "001      initial schema                            applied  12  ada@laptop",
      "002      add a table with quite a long name to it  pending",
    ]);
  });

  test("a narrow terminal loses columns by their order, and is told which", () => {
    expect(renderTable(channel(62), content).split("\n")).toEqual([
      "version  name                                      state    ms",
      "001      initial schema                            applied  12",
      "002      add a table with quite a long name to it  pending",
      "not shown at this width: by",
    ]);
  });

  test.each([40, 50, 60, 80, 120])("no line is wider than %i columns", (columns) => {
    for (const line of renderTable(channel(columns, true), content).split("\n")) {
      expect(displayWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  test("what wraps loses no word", () => {
    const words = stripVTControlCharacters(renderTable(channel(40), content)).split(/\s+/u);
    for (const word of "add a table with quite long name to it".split(" ")) {
      expect(words).toContain(word);
    }
  });

  test("a word that is longer than its column is cut, and nothing of it is lost", () => {
    const path = `db/registry/${"x".repeat(60)}.yml`;
    const long: TableContent = {
      columns: [{ title: "check" }, { title: "found", wraps: true }],
      rows: [["registry", `no file ${path}`]],
    };
    const text = renderTable(channel(40), long).replaceAll(/\s+/gu, "");
    expect(text).toContain(path);
  });

  test("characters of double width are counted as two", () => {
    const wide: TableContent = {
      columns: [{ title: "name" }, { title: "x" }],
      rows: [
        ["日本", "1"],
        ["abcd", "2"],
      ],
    };
    expect(renderTable(channel(undefined), wide).split("\n")).toEqual([
      "name  x",
      "日本  1",
      "abcd  2",
    ]);
  });
});
