import { expect } from "vitest";
import { microsOf, Timestamp } from "../../src/value/timestamp.ts";
import type { Value } from "../../src/value/value.ts";
import type { RawMessage } from "../raw-client.ts";
import { mapOf, type ContractTest, type ContractWorld } from "./contract-world.ts";

const max = 2n ** 63n - 1n;
const min = -(2n ** 63n);

/** The result that is told, and what is in the field then. */
async function transformed(
  world: ContractWorld,
  before: Value | undefined,
  transform: RawMessage,
): Promise<readonly (Value | undefined)[]> {
  await world.set("t/t", before === undefined ? {} : { v: before });
  const { messages, status } = await world.set(
    "t/t",
    {},
    {
      updateMask: { fieldPaths: [] },
      updateTransforms: [{ fieldPath: "v", ...transform }],
    },
  );
  if (status !== "OK") return [status];
  return [
    messages[0]?.writeResults[0]?.transformResults?.[0],
    (await world.fields("t/t"))?.get("v"),
  ];
}

/** Transforms of fields. */
export function transformsContract(test: ContractTest): void {
  test("increment adds, takes what is no number for nothing, and stops at the ends of int64", async (world) => {
    const cases: readonly (readonly [Value | undefined, Value, Value])[] = [
      [1n, 2n, 3n],
      [1n, 0.5, 1.5],
      [0.5, 1n, 1.5],
      [undefined, 2n, 2n],
      ["text", 2n, 2n],
      [max, 1n, max],
      [min, -1n, min],
      [max - 1n, 1n, max],
      [max, 1, 2 ** 63],
      [-0, 0, 0],
      [Number.NaN, 1n, Number.NaN],
    ];
    for (const [before, increment, after] of cases) {
      expect(await transformed(world, before, { increment })).toEqual([after, after]);
    }
  });

  test("maximum and minimum compare numbers of both kinds and keep the field when they are equal", async (world) => {
    const cases: readonly (readonly [Value | undefined, Value, Value, Value])[] = [
      [1n, 2n, 2n, 1n],
      [1n, 1.5, 1.5, 1n],
      [1n, 1, 1n, 1n],
      [1, 1n, 1, 1],
      [undefined, 3n, 3n, 3n],
      ["text", 3n, 3n, 3n],
      [Number.NaN, 1n, Number.NaN, Number.NaN],
    ];
    for (const [before, operand, most, least] of cases) {
      expect(await transformed(world, before, { maximum: operand })).toEqual([most, most]);
      expect(await transformed(world, before, { minimum: operand })).toEqual([least, least]);
    }
  });

  test("an operand must be a number", async (world) => {
    for (const kind of ["increment", "maximum", "minimum"]) {
      expect(await transformed(world, 1n, { [kind]: "text" })).toEqual(["INVALID_ARGUMENT"]);
    }
  });

  test("elements are added that are not in the array yet, and all that are equal removed", async (world) => {
    const append = { appendMissingElements: [2n, 1, 3n, 3n] };
    expect(await transformed(world, [1n, "x"], append)).toEqual([null, [1n, "x", 2n, 3n]]);
    expect(await transformed(world, undefined, append)).toEqual([null, [2n, 1, 3n]]);
    expect(await transformed(world, "text", append)).toEqual([null, [2n, 1, 3n]]);
    const remove = { removeAllFromArray: [1, "y"] };
    expect(await transformed(world, [1n, "x", 1, "y", "y"], remove)).toEqual([null, ["x"]]);
    expect(await transformed(world, undefined, remove)).toEqual([null, []]);
    expect(await transformed(world, "text", remove)).toEqual([null, []]);
  });

  test("the time of the server is that of the commit, in whole milliseconds", async (world) => {
    const { messages } = await world.set(
      "t/t",
      {},
      {
        updateTransforms: [{ fieldPath: "a.b", setToServerValue: 1 }],
      },
    );
    const fields = await world.fields("t/t");
    const [result] = messages[0]?.writeResults[0]?.transformResults ?? [];
    expect(fields).toEqual(mapOf({ a: mapOf({ b: result ?? null }) }));
    const time = result instanceof Timestamp ? microsOf(result) : 0;
    const commit = microsOf(messages[0]?.commitTime ?? new Timestamp(0, 0));
    expect(time % 1000).toBe(0);
    expect(Math.abs(commit - time)).toBeLessThan(1_000_000);
  });

  test("transforms come after the fields, one after the other", async (world) => {
    const { messages } = await world.set(
      "t/t",
      { v: 10n },
      {
        updateTransforms: [
          { fieldPath: "v", increment: 1n },
          { fieldPath: "v", increment: 1n },
          { fieldPath: "w", maximum: 7n },
        ],
      },
    );
    expect(messages[0]?.writeResults[0]?.transformResults).toEqual([11n, 12n, 7n]);
    expect(await world.fields("t/t")).toEqual(mapOf({ v: 12n, w: 7n }));
  });

  test("a write of transforms alone makes the document, unless it must exist", async (world) => {
    const transform = {
      document: world.name("t/t"),
      fieldTransforms: [{ fieldPath: "v", increment: 1n }],
    };
    const refused = await world.commit([{ transform, currentDocument: { exists: true } }]);
    expect(refused.status).toBe("NOT_FOUND");
    expect((await world.commit([{ transform }])).status).toBe("OK");
    expect(await world.fields("t/t")).toEqual(mapOf({ v: 1n }));
  });

  test("an incomplete transform, and one without any, are refused", async (world) => {
    expect(await transformed(world, 1n, {})).toEqual(["INVALID_ARGUMENT"]);
    expect(await transformed(world, 1n, { setToServerValue: 0 })).toEqual(["INVALID_ARGUMENT"]);
    const none = { document: world.name("t/t"), fieldTransforms: [] };
    expect((await world.commit([{ transform: none }])).status).toBe("INVALID_ARGUMENT");
    const reserved = await world.set(
      "t/t",
      {},
      {
        updateTransforms: [{ fieldPath: "__x__", increment: 1n }],
      },
    );
    expect(reserved.status).toBe("INVALID_ARGUMENT");
  });

  test("a field and one within it are not transformed at once", async (world) => {
    const { status } = await world.set(
      "t/t",
      {},
      {
        updateTransforms: [
          { fieldPath: "a", increment: 1n },
          { fieldPath: "a.b", increment: 1n },
        ],
      },
    );
    expect(status).toBe("INVALID_ARGUMENT");
  });
}
