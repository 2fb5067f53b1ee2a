import { expect } from "vitest";
import type { RawMessage } from "../raw-client.ts";
import { mapOf, type ContractTest, type ContractWorld } from "./contract-world.ts";

interface Page {
  readonly paths: readonly string[];
  readonly token: string;
  readonly status: string;
}

async function list(world: ContractWorld, more: RawMessage = {}): Promise<Page> {
  const request = { parent: world.name(), collectionId: "a", ...more };
  const { messages, status } = await world.call("ListDocuments", request);
  const [page] = messages;
  return {
    paths: (page?.documents ?? []).map(({ name }) => world.pathOf(name)),
    token: page?.nextPageToken ?? "",
    status,
  };
}

/** All pages that have something, one after the other: whether an empty one follows is not said. */
async function pages(world: ContractWorld, more: RawMessage): Promise<readonly string[][]> {
  const all: string[][] = [];
  let pageToken = "";
  do {
    const page = await list(world, { ...more, pageToken });
    if (page.paths.length > 0) all.push([...page.paths]);
    pageToken = page.token;
  } while (pageToken !== "" && all.length < 20);
  return all;
}

async function collectionIds(world: ContractWorld, more: RawMessage = {}): Promise<string[][]> {
  const all: string[][] = [];
  let pageToken = "";
  do {
    const request = { parent: world.name(), ...more, pageToken };
    const { messages } = await world.call("ListCollectionIds", request);
    all.push([...(messages[0]?.collectionIds ?? [])]);
    pageToken = messages[0]?.nextPageToken ?? "";
  } while (pageToken !== "" && all.length < 20);
  return all;
}

async function fill(world: ContractWorld, ...paths: readonly string[]): Promise<void> {
  await world.commit(paths.map((path) => ({ update: world.document(path, { n: 1n, m: 2n }) })));
}

/** ListDocuments and ListCollectionIds. */
export function listsContract(test: ContractTest): void {
  test("a list has the documents of its collection by the bytes of their ids", async (world) => {
    const ids = ["a", "B", "é", "1", "a ", "\u{ff5e}", "\u{1f600}", "__id10__", "__id9__"];
    await fill(world, ...ids.map((id) => `a/${id}`), "b/1", "a/a/a/1");
    expect((await list(world)).paths).toEqual(
      ["__id9__", "__id10__", "1", "B", "a", "a ", "é", "\u{ff5e}", "\u{1f600}"].map(
        (id) => `a/${id}`,
      ),
    );
  });

  test("it comes in pages", async (world) => {
    await fill(world, "a/1", "a/2", "a/3", "a/4");
    expect(await pages(world, { pageSize: 2 })).toEqual([
      ["a/1", "a/2"],
      ["a/3", "a/4"],
    ]);
    expect(await pages(world, { pageSize: 3 })).toEqual([["a/1", "a/2", "a/3"], ["a/4"]]);
  });

  test(
    "no token follows the last page",
    async (world) => {
      await fill(world, "a/1", "a/2");
      expect((await list(world, { pageSize: 2 })).token).toBe("");
    },
    { differs: "a full page always has one" },
  );

  test("a page goes on after a document that was deleted meanwhile", async (world) => {
    await fill(world, "a/1", "a/2", "a/3");
    const { token } = await list(world, { pageSize: 1 });
    await world.commit([{ delete: world.name("a/1") }]);
    expect((await list(world, { pageToken: token })).paths).toEqual(["a/2", "a/3"]);
  });

  test("a mask gives only its fields", async (world) => {
    await fill(world, "a/1");
    const { messages } = await world.call("ListDocuments", {
      parent: world.name(),
      collectionId: "a",
      mask: { fieldPaths: ["m"] },
    });
    expect(messages[0]?.documents[0]?.fields).toEqual(mapOf({ m: 2n }));
  });

  test("documents that are missing above others are shown when asked for, without times", async (world) => {
    await fill(world, "a/1", "a/2/b/1", "a/3/b/1/c/1", "a/4/b/1");
    await world.commit([{ delete: world.name("a/4/b/1") }]);
    expect((await list(world)).paths).toEqual(["a/1"]);
    expect((await list(world, { showMissing: true })).paths).toEqual(["a/1", "a/2", "a/3"]);
    const { messages } = await world.call("ListDocuments", {
      parent: world.name(),
      collectionId: "a",
      showMissing: true,
    });
    const missing = messages[0]?.documents[1];
    expect([missing?.fields.size, missing?.createTime, missing?.updateTime]).toEqual([
      0,
      undefined,
      undefined,
    ]);
    expect(await pages(world, { showMissing: true, pageSize: 1 })).toEqual([
      ["a/1"],
      ["a/2"],
      ["a/3"],
    ]);
  });

  test("an order is the name's, either way, and not with missing documents", async (world) => {
    await fill(world, "a/1", "a/2");
    expect((await list(world, { orderBy: "__name__" })).paths).toEqual(["a/1", "a/2"]);
    const both = await list(world, { orderBy: "__name__", showMissing: true });
    expect(both.status).toBe("INVALID_ARGUMENT");
  });

  test("sizes below nothing and reserved collections are refused", async (world) => {
    expect((await list(world, { pageSize: -1 })).status).toBe("INVALID_ARGUMENT");
    expect((await list(world, { collectionId: "__x__" })).status).toBe("INVALID_ARGUMENT");
  });

  test("a list of nothing is empty", async (world) => {
    expect(await list(world)).toEqual({ paths: [], token: "", status: "OK" });
    expect(await list(world, { parent: world.name("x/y") })).toEqual({
      paths: [],
      token: "",
      status: "OK",
    });
  });

  test("collection ids are of one level, sorted, also below what does not exist", async (world) => {
    await fill(world, "b/1", "a/1/y/1", "a/1/x/1/z/1", "c/none/d/1");
    expect(await collectionIds(world)).toEqual([["a", "b", "c"]]);
    expect(await collectionIds(world, { parent: world.name("a/1") })).toEqual([["x", "y"]]);
    expect(await collectionIds(world, { parent: world.name("c/none") })).toEqual([["d"]]);
    expect(await collectionIds(world, { parent: world.name("none/none") })).toEqual([[]]);
    await world.commit([{ delete: world.name("b/1") }, { delete: world.name("c/none/d/1") }]);
    expect(await collectionIds(world)).toEqual([["a"]]);
  });

  test("collection ids come in pages", async (world) => {
    await fill(world, "a/1", "b/1", "c/1");
    const all = await collectionIds(world, { pageSize: 2 });
    expect(all.flat()).toEqual(["a", "b", "c"]);
    expect(all[0]).toEqual(["a", "b"]);
  });
}
