import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { serviceMethods } from "../protocol/protocol.ts";
import { matchRoute } from "./http-routes.ts";
import { httpRulesOf } from "./http-rules-of.ts";
import httpRules from "./http-rules.json" with { type: "json" };

const root = "projects/p/databases/(default)/documents";

test.each([
  ["GET", "/c/d", "GetDocument", { name: `${root}/c/d` }],
  ["GET", "/c/d/e/f", "GetDocument", { name: `${root}/c/d/e/f` }],
  ["GET", "/c", "ListDocuments", { parent: root, collection_id: "c" }],
  ["GET", "/c/d/e", "ListDocuments", { parent: `${root}/c/d`, collection_id: "e" }],
  ["POST", "/c", "CreateDocument", { parent: root, collection_id: "c" }],
  ["POST", "/c/d/e", "CreateDocument", { parent: `${root}/c/d`, collection_id: "e" }],
  ["PATCH", "/c/d", "UpdateDocument", { "document.name": `${root}/c/d` }],
  ["DELETE", "/c/d", "DeleteDocument", { name: `${root}/c/d` }],
  ["POST", ":runQuery", "RunQuery", { parent: root }],
  ["POST", "/c/d:runQuery", "RunQuery", { parent: `${root}/c/d` }],
  ["POST", "/c/d:runAggregationQuery", "RunAggregationQuery", { parent: `${root}/c/d` }],
  ["POST", "/c/d:listCollectionIds", "ListCollectionIds", { parent: `${root}/c/d` }],
  ["POST", ":partitionQuery", "PartitionQuery", { parent: root }],
  ["POST", ":commit", "Commit", { database: "projects/p/databases/(default)" }],
  ["POST", ":batchGet", "BatchGetDocuments", { database: "projects/p/databases/(default)" }],
])("%s %s calls %s", (verb, path, name, variables) => {
  const match = matchRoute(verb, `/v1/${root}${path}`);
  expect(match?.method.name).toBe(name);
  expect(Object.fromEntries(match?.variables ?? [])).toEqual(variables);
});

test("the paths are those that the client ships", () => {
  const manifest = createRequire(import.meta.url).resolve("@google-cloud/firestore/package.json");
  const shipped = readFileSync(join(dirname(manifest), "build/protos/v1.json"), "utf8");
  expect(httpRules).toEqual(httpRulesOf(JSON.parse(shipped)));
});

test("every method of the service has a path", () => {
  const custom = serviceMethods().flatMap(({ name }) => {
    const verb = name.charAt(0).toLowerCase() + name.slice(1).replace("Documents", "");
    return matchRoute("POST", `/v1/${root}:${verb}`)?.method.name ?? [];
  });
  const plain = ["GetDocument", "ListDocuments", "CreateDocument", "UpdateDocument"];
  const all = [...custom, ...plain, "DeleteDocument"];
  expect(all.toSorted()).toEqual(
    serviceMethods()
      .map(({ name }) => name)
      .toSorted(),
  );
});

test("an id is what its encoding says, and an encoded slash divides nothing", () => {
  const match = matchRoute("GET", `/v1/${root}/c%20%E2%82%AC/a%3Ab%252F%2F`);
  expect(match?.variables).toEqual([["name", `${root}/c €/a:b%2F%2F`]]);
});

test("an id may end like a method does when it is encoded", () => {
  expect(matchRoute("POST", `/v1/${root}/c%3ArunQuery`)).toMatchObject({
    method: { name: "CreateDocument" },
    variables: [
      ["parent", root],
      ["collection_id", "c:runQuery"],
    ],
  });
});

test("a path that is not encoded well is refused", () => {
  expect(() => matchRoute("GET", `/v1/${root}/c/%zz`)).toThrow("The path is not encoded well");
});

test.each([
  ["GET", "/v1/projects/p/databases/d/documents"],
  ["GET", "/v1/projects/p/databases/d/documents:runQuery"],
  ["GET", "/v1/projects/p/databases/d/documents//c"],
  ["PUT", "/v1/projects/p/databases/d/documents/c/d"],
  ["POST", "/v1/projects/p/databases/d"],
  ["GET", "/v2/projects/p/databases/d/documents/c/d"],
])("there is nothing at %s %s", (verb, path) => {
  expect(matchRoute(verb, path)).toBeUndefined();
});
