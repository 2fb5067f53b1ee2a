import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { outlineOf, readContent, thrownBy } from "../../testing/source-files.ts";

test("a CSV file's records have the header's names, the values as they are, and the lines they begin on", async () => {
  const text = 'Company,Note\nAcme," a ""b"" \r\n,c"\n\nBeta,\n';
  const { records, summary } = await readContent(text);
  expect(records).toEqual([
    { line: 2, record: { Company: "Acme", Note: ' a "b" \r\n,c' }, failures: [] },
    { line: 5, record: { Company: "Beta", Note: "" }, failures: [] },
  ]);
  expect(summary).toEqual({
    records: 2,
    bytes: text.length,
    sha256: createHash("sha256").update(text).digest("hex"),
  });
});

test("LF, CRLF and CR end lines, also mixed, and the last line needs none", async () => {
  const { records } = await readContent("a,b\r\n1,2\r3,4\n\r\r\n5,6");
  expect(outlineOf(records)).toEqual([
    '2 {"a":"1","b":"2"}',
    '3 {"a":"3","b":"4"}',
    '6 {"a":"5","b":"6"}',
  ]);
});

test("any character may stand between values, also one of four bytes", async () => {
  for (const delimiter of [";", "\t", "|", "§", "😀"]) {
    const text = `a${delimiter}"b,"\n"1${delimiter}"${delimiter}2\n`;
    const { records } = await readContent(text, { delimiter });
    expect(records).toMatchObject([{ record: { a: `1${delimiter}`, "b,": "2" } }]);
  }
});

test("a UTF-8 mark is no part of the first name; UTF-16 is decoded, either way round", async () => {
  const text = 'Name,Note\nJosé,"😀\n"\n';
  const little = Buffer.from(`\uFEFF${text}`, "utf16le");
  const big = Buffer.from(little).swap16();
  for (const content of [`\uFEFF${text}`, little, big]) {
    const { records } = await readContent(content, { columns: ["Name"] });
    expect(records).toEqual([{ line: 2, record: { Name: "José", Note: "😀\n" }, failures: [] }]);
  }
});

test("half a character of UTF-16 makes its record wrong_encoding, not a question mark", async () => {
  const lone = Buffer.from("\uFEFFa\n\uD83D\nb\n", "utf16le");
  const { records } = await readContent(lone);
  expect(outlineOf(records)).toEqual(["2 wrong_encoding", '3 {"a":"b"}']);
  const odd = Buffer.concat([Buffer.from("\uFEFFa\nb\nc", "utf16le"), Buffer.from("x")]);
  expect(outlineOf((await readContent(odd)).records)).toEqual(['2 {"a":"b"}', "3 wrong_encoding"]);
});

test("bytes that are not UTF-8 are named by the line of their record, and the others are read", async () => {
  const content = Buffer.from('a,b\n1,é\n2,"x\n\xe9"\n3,ü\n', "latin1");
  const { records } = await readContent(Buffer.concat([content, Buffer.from("4,ü\n5,\u0000\n")]));
  expect(outlineOf(records)).toEqual([
    "2 wrong_encoding",
    "3 wrong_encoding",
    "5 wrong_encoding",
    '6 {"a":"4","b":"ü"}',
    String.raw`7 {"a":"5","b":"\u0000"}`,
  ]);
  expect(records[0]?.text).toBe("1,\uFFFD");
});

test("a record with more or fewer values than the header is ragged", async () => {
  const { records } = await readContent("a,b\n1\n1,2\n1,2,3\n,\n");
  expect(outlineOf(records)).toEqual([
    "2 ragged",
    '3 {"a":"1","b":"2"}',
    "4 ragged",
    '5 {"a":"","b":""}',
  ]);
  expect(records[2]).toMatchObject({
    text: "1,2,3",
    failures: [{ field: "", message: expect.stringContaining("3 values") }],
  });
});

test("a quote that is never closed costs its own line, and says where it opens", async () => {
  const { records } = await readContent('a,b\n1,"x\n2,y\n3,z');
  expect(outlineOf(records)).toEqual([
    "2 unreadable",
    '3 {"a":"2","b":"y"}',
    '4 {"a":"3","b":"z"}',
  ]);
  expect(records[0]).toMatchObject({
    text: '1,"x',
    failures: [{ message: "The quote that opens on line 2 is never closed." }],
  });
});

test("a quote that is not closed before the next one costs no other line", async () => {
  const { records } = await readContent('a,b\n1,"x\n2,"y"\n3,"z "" z"\n4,"p "q" r"\n5,x"y\n6,ok\n');
  expect(outlineOf(records)).toEqual([
    "2 unreadable",
    '3 {"a":"2","b":"y"}',
    String.raw`4 {"a":"3","b":"z \" z"}`,
    "5 unreadable",
    "6 unreadable",
    '7 {"a":"6","b":"ok"}',
  ]);
  expect(records[0]?.failures[0]?.message).toContain("opens on line 2 is closed on line 3");
});

test("columns of any name are read, and those without one are not", async () => {
  const { records } = await readContent("__proto__,constructor,,\n1,2,3,4\n");
  const [read] = records;
  expect(Object.entries(read?.record ?? {})).toEqual([
    ["__proto__", "1"],
    ["constructor", "2"],
  ]);
  expect(read?.record?.["toString"]).toBe(undefined);
});

test("a header that lacks a column is refused with its line and a near name", async () => {
  const error = await thrownBy(
    readContent("\n\nCompany,E-mail\n", { columns: ["Company", "Email"] }),
  );
  expect(error).toMatchObject({
    code: "FILE_FAILED",
    line: 3,
    message: expect.stringContaining('lacks the column "Email" (line 3)'),
    hint: 'Is it "E-mail"?',
  });
});

test("a header that looks like UTF-16 is refused with that, and no column without a name is the near one", async () => {
  const options = { columns: ["a"], delimiter: ";" };
  const unmarked = await thrownBy(readContent(Buffer.from("a;b\n1;2\n", "utf16le"), options));
  expect(unmarked).toMatchObject({ hint: expect.stringContaining("UTF-16") });
  const excel = await thrownBy(readContent("sep=;\na;b\n1;2\n", options));
  expect(excel).toMatchObject({ hint: 'It has "sep=", "".' });
});

test("a header of another delimiter is refused with what looks like it", async () => {
  const error = await thrownBy(readContent("a;b\n1;2\n", { columns: ["a"] }));
  expect(error).toMatchObject({ code: "FILE_FAILED", hint: expect.stringContaining('";"') });
});

test("a header with one name twice, with a quote that is not closed, or of another encoding is refused", async () => {
  const twice = await thrownBy(readContent("a,b,a\n1,2,3\n"));
  expect(twice).toMatchObject({
    code: "FILE_FAILED",
    line: 1,
    message: expect.stringContaining('"a" twice'),
  });
  expect(await thrownBy(readContent('a,"b\n1,2\n'))).toMatchObject({
    code: "FILE_FAILED",
    line: 1,
  });
  const latin = Buffer.from("a,\xe9\n", "latin1");
  expect(await thrownBy(readContent(latin))).toMatchObject({ code: "FILE_FAILED", line: 1 });
});

test("a file with only a header has no records, and an empty file is refused", async () => {
  expect(await readContent("a,b", { columns: ["b"] })).toMatchObject({
    records: [],
    summary: { records: 0 },
  });
  for (const content of ["", "\n\r\n", "\uFEFF"])
    expect(await thrownBy(readContent(content))).toMatchObject({
      code: "FILE_FAILED",
      message: expect.stringContaining("is empty"),
    });
});
