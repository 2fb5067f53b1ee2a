import { expect } from "vitest";
import { mapOf, type ContractTest, type ContractWorld } from "./contract-world.ts";

async function update(
  world: ContractWorld,
  fields: Parameters<ContractWorld["set"]>[1],
  fieldPaths: readonly string[],
): Promise<string> {
  return (await world.set("a/b", fields, { updateMask: { fieldPaths } })).status;
}

/** Masks, in writes and in reads. */
export function masksContract(test: ContractTest): void {
  test("only the fields of the mask are written, and those that are not given are deleted", async (world) => {
    await world.set("a/b", { keep: 1n, change: 1n, drop: 1n });
    await update(world, { change: 2n, other: 2n }, ["change", "drop"]);
    expect(await world.fields("a/b")).toEqual(mapOf({ keep: 1n, change: 2n }));
  });

  test("a path leads into maps and makes those that are not there", async (world) => {
    await world.set("a/b", { m: mapOf({ x: 1n, y: 1n }), s: "text" });
    const fields = { m: mapOf({ x: 2n }), n: mapOf({ o: mapOf({ p: 1n }) }), s: mapOf({ t: 1n }) };
    await update(world, fields, ["m.x", "n.o.p", "s.t"]);
    expect(await world.fields("a/b")).toEqual(mapOf({ ...fields, m: mapOf({ x: 2n, y: 1n }) }));
  });

  test("a name in backticks is one name, whatever is in it", async (world) => {
    const fields = { "a.b": 1n, "`": 2n, "\\": 3n, ü: 4n };
    await update(world, fields, ["`a.b`", "`\\``", "`\\\\`", "`ü`"]);
    expect(await world.fields("a/b")).toEqual(mapOf(fields));
  });

  test("deleting a field of what is no map changes nothing", async (world) => {
    await world.set("a/b", { n: 1n });
    expect(await update(world, {}, ["n.x"])).toBe("OK");
    expect(await world.fields("a/b")).toEqual(mapOf({ n: 1n }));
  });

  test("an empty mask makes the document if need be, and writes no field", async (world) => {
    await update(world, { n: 1n }, []);
    expect(await world.fields("a/b")).toEqual(mapOf({}));
    await world.set("a/b", { n: 1n });
    await update(world, { n: 2n }, []);
    expect(await world.fields("a/b")).toEqual(mapOf({ n: 1n }));
  });

  test("a path that is no field path, or is reserved, is refused", async (world) => {
    for (const path of ["", ".", "a.", "a..b", "1a", "a-b", "`a", "``", "__x__", "a.__x__"]) {
      expect([path, await update(world, {}, [path])]).toEqual([path, "INVALID_ARGUMENT"]);
    }
  });

  test("a read has the fields of its mask only", async (world) => {
    await world.set("a/b", { n: 1n, m: mapOf({ x: 1n, y: 2n }), o: 2n });
    const mask = { fieldPaths: ["n", "m.x", "none"] };
    expect(await world.fields("a/b", { mask })).toEqual(mapOf({ n: 1n, m: mapOf({ x: 1n }) }));
    expect(await world.fields("a/b", { mask: { fieldPaths: [] } })).toEqual(mapOf({}));
    const { messages } = await world.call("BatchGetDocuments", {
      database: world.database,
      documents: [world.name("a/b")],
      mask: { fieldPaths: ["o"] },
    });
    expect(messages[0]?.found?.fields).toEqual(mapOf({ o: 2n }));
  });

  test("a mask of a read is checked, too", async (world) => {
    await world.set("a/b", {});
    const request = { name: world.name("a/b"), mask: { fieldPaths: ["a..b"] } };
    expect((await world.call("GetDocument", request)).status).toBe("INVALID_ARGUMENT");
  });
}
