import { expect } from "vitest";
import type { Value } from "../../src/value/value.ts";
import { mapOf, type ContractTest } from "./contract-world.ts";

function nested(levels: number, wrap: (inner: Value) => Value = (inner) => mapOf({ m: inner })) {
  let value: Value = 1n;
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}

const inArray = (inner: Value): Value => [mapOf({ m: inner })];

/** Limits and names, and the texts that clients match on. */
export function limitsContract(test: ContractTest): void {
  test("names that no document may have are refused with what is wrong", async (world) => {
    for (const path of ["a/__x__", "__a__/b", "a/.", "a/..", `a/${"x".repeat(1501)}`]) {
      const { status } = await world.set(path, {});
      expect([path, status]).toEqual([path, "INVALID_ARGUMENT"]);
    }
    const name = `${world.name("a")}//b`;
    const { details } = await world.commit([{ update: { name, fields: mapOf({}) } }]);
    expect(details).toMatch(/^Document name ".*" lacks a resource id at index \d+\.$/u);
  });

  test("an id has up to 1,500 bytes", async (world) => {
    expect((await world.set(`a/${"x".repeat(1500)}`, {})).status).toBe("OK");
    expect((await world.set(`a/${"é".repeat(751)}`, {})).status).toBe("INVALID_ARGUMENT");
  });

  test("names of collections and of documents are not taken for each other", async (world) => {
    expect((await world.set("a", {})).status).toBe("INVALID_ARGUMENT");
    expect((await world.set("a/b/c", {})).status).toBe("INVALID_ARGUMENT");
    const { status } = await world.call("ListDocuments", {
      parent: world.name("a"),
      collectionId: "b",
    });
    expect(status).toBe("INVALID_ARGUMENT");
  });

  test("names that no field may have are refused", async (world) => {
    for (const name of ["", "__x__", "_____", "x".repeat(1501)]) {
      expect((await world.set("a/b", { [name]: 1n })).status).toBe("INVALID_ARGUMENT");
      const inner = await world.set("a/b", { m: mapOf({ [name]: 1n }) });
      expect([name, inner.status]).toEqual([name, "INVALID_ARGUMENT"]);
    }
    expect((await world.set("a/b", { ["x".repeat(1500)]: 1n })).status).toBe("OK");
    expect((await world.set("a/b", { __: 1n, __x: 1n, "a.b": 1n })).status).toBe("OK");
  });

  test("maps and arrays nest twenty deep", async (world) => {
    expect((await world.set("a/b", { v: nested(20) })).status).toBe("OK");
    expect((await world.set("a/b", { v: nested(21) })).status).toBe("INVALID_ARGUMENT");
    expect((await world.set("a/b", { v: nested(10, inArray) })).status).toBe("OK");
    expect((await world.set("a/b", { v: nested(11, inArray) })).status).toBe("INVALID_ARGUMENT");
  });

  test("there is no array in an array", async (world) => {
    expect((await world.set("a/b", { v: [[1n]] })).status).toBe("INVALID_ARGUMENT");
    expect((await world.set("a/b", { v: [mapOf({ w: [1n] })] })).status).toBe("OK");
  });

  test("a document has up to 1,048,576 bytes, and it does not matter where", async (world) => {
    // The name takes 16 + 2 + 2 bytes, the document 32, the field's name 2, the string's end 1.
    const most = 1_048_576 - 16 - 2 - 2 - 32 - 2 - 1;
    const half = Math.floor(most / 2) - 3;
    const fill = (length: number) => ({ v: "x".repeat(half), w: "y".repeat(length) });
    const rest = most - half - 3;
    expect((await world.set("a/b", fill(rest))).status).toBe("OK");
    expect((await world.set("a/b", fill(rest + 1))).status).toBe("INVALID_ARGUMENT");
    expect((await world.fields("a/b"))?.get("w")).toBe("y".repeat(rest));
  });

  test(
    "a document that is too large is told with its size",
    async (world) => {
      const { details } = await world.set("a/b", {
        v: "x".repeat(1_000_000),
        w: "x".repeat(100_000),
      });
      expect(details).toBe(
        `Document '${world.name("a/b")}' cannot be written because its size (1,100,058 bytes) exceeds the maximum allowed size of 1,048,576 bytes.`,
      );
    },
    { differs: "its text counts otherwise" },
  );

  test("a string or bytes of more than 1,048,487 bytes are refused as such", async (world) => {
    const text = await world.set("a/b", { v: "x".repeat(1_048_488) });
    expect([text.status, text.details]).toEqual([
      "INVALID_ARGUMENT",
      'The value of property "v" is longer than 1048487 bytes.',
    ]);
    const bytes = await world.set("a/b", { v: new Uint8Array(1_048_488) });
    expect(bytes.status).toBe("INVALID_ARGUMENT");
  });

  test("a commit has as many writes as fit", async (world) => {
    const writes = Array.from({ length: 1000 }, (_, index) => ({
      update: world.document(`a/${index}`, {}),
    }));
    expect((await world.commit(writes)).status).toBe("OK");
  });
}
