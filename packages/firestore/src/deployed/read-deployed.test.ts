import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { errorOf, openTestFirestore, registryOf } from "../../testing/test-firestore.ts";
import type { DeployedRules } from "../deployed.ts";
import { readDeployed } from "./read-deployed.ts";

/** What is answered to a path with its query: a body, or a status and a body. */
type Answers = Readonly<Record<string, object | readonly [status: number, body: object | string]>>;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that answers as Google documents it. `asked` are the paths, and the tokens that came with them. */
async function google(
  answers: Answers,
): Promise<{ readonly url: string; readonly asked: string[]; readonly tokens: Set<string> }> {
  const asked: string[] = [];
  const tokens = new Set<string>();
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    asked.push(path);
    tokens.add(request.headers.authorization ?? "");
    const count = (counts.get(path) ?? 0) + 1;
    counts.set(path, count);
    const answer = answers[`${path}#${count}`] ?? answers[path] ?? [404, { error: { code: 404, status: "NOT_FOUND" } }]; // prettier-ignore
    const [status, body] = Array.isArray(answer) ? answer : [200, answer];
    response.writeHead(Number(status), { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("It does not listen.");
  return { url: `http://127.0.0.1:${address.port}`, asked, tokens };
}

async function read(
  url: string,
  options: { databaseId?: string; signal?: AbortSignal } = {},
): Promise<DeployedRules> {
  return await readDeployed({
    projectId: "demo",
    databaseId: options.databaseId ?? "(default)",
    accessToken: async () => await Promise.resolve("a-secret-token"),
    signal: options.signal ?? AbortSignal.timeout(20_000),
    endpoints: { firestore: `${url}/v1`, rules: `${url}/rules/v1` },
  });
}

const groups = "/v1/projects/demo/databases/(default)/collectionGroups/-";
const name = "projects/demo/databases/(default)/collectionGroups";
const indexes = `${groups}/indexes`;
const fields = `${groups}/fields?filter=indexConfig.usesAncestorConfig:false OR ttlConfig:*`;
const release = "/rules/v1/projects/demo/releases/cloud.firestore";
const nothing: Answers = { [indexes]: {}, [fields]: {} };

const order = (direction: string, scope: string) => ({
  queryScope: scope,
  fields: [{ fieldPath: "*", order: direction }],
  state: "READY",
});

const ruleset = (content: string) => ({
  name: "projects/demo/rulesets/abc",
  source: { files: [{ content, name: "firestore.rules", fingerprint: "x=" }] },
});

describe("readDeployed", () => {
  test("reads all pages of indexes, with their states, arrays and vectors", async () => {
    const { url, tokens } = await google({
      ...nothing,
      [indexes]: {
        indexes: [
          {
            name: `${name}/clients/indexes/CICAgOjXh4EK`,
            queryScope: "COLLECTION",
            fields: [
              { fieldPath: "name", order: "ASCENDING" },
              { fieldPath: "tags", arrayConfig: "CONTAINS" },
              { fieldPath: "__name__", order: "ASCENDING" },
            ],
            state: "READY",
            density: "SPARSE_ALL",
          },
        ],
        nextPageToken: "p/2=",
      },
      [`${indexes}?pageToken=p/2=`]: {
        indexes: [
          {
            name: `${name}/notes/indexes/x`,
            queryScope: "COLLECTION_GROUP",
            fields: [
              { fieldPath: "__name__", order: "ASCENDING" },
              { fieldPath: "where", vectorConfig: { dimension: 3, flat: {} } },
            ],
            state: "CREATING",
          },
          {
            name: `${name}/notes/indexes/y`,
            queryScope: "COLLECTION",
            fields: [{ fieldPath: "`a b`", order: "DESCENDING" }],
            state: "NEEDS_REPAIR",
          },
        ],
      },
    });
    expect((await read(url)).indexes).toEqual([
      {
        collectionGroup: "clients",
        queryScope: "COLLECTION",
        fields: [
          { fieldPath: "name", order: "ASCENDING" },
          { fieldPath: "tags", arrayConfig: "CONTAINS" },
          { fieldPath: "__name__", order: "ASCENDING" },
        ],
        state: "READY",
      },
      {
        collectionGroup: "notes",
        queryScope: "COLLECTION_GROUP",
        fields: [
          { fieldPath: "__name__", order: "ASCENDING" },
          { fieldPath: "where", vectorConfig: { dimension: 3 } },
        ],
        state: "CREATING",
      },
      {
        collectionGroup: "notes",
        queryScope: "COLLECTION",
        fields: [{ fieldPath: "`a b`", order: "DESCENDING" }],
        state: "NEEDS_REPAIR",
      },
    ]);
    expect(tokens).toEqual(new Set(["Bearer a-secret-token"]));
  });

  test("reads exemptions and times to live, and leaves out how all other fields are indexed", async () => {
    const { url } = await google({
      ...nothing,
      [fields]: {
        fields: [
          { name: `${name}/__default__/fields/*`, indexConfig: { indexes: [order("ASCENDING", "COLLECTION")] } },
          { name: `${name}/clients/fields/secret`, indexConfig: {} },
          { name: `${name}/clients/fields/\`a/b\``, indexConfig: { indexes: [order("DESCENDING", "COLLECTION_GROUP")] } },
          {
            name: `${name}/logs/fields/until`,
            indexConfig: { usesAncestorConfig: true, ancestorField: `${name}/__default__/fields/*`, indexes: [order("ASCENDING", "COLLECTION")] },
            ttlConfig: { state: "ACTIVE" },
          },
        ],
      },
    }); // prettier-ignore
    expect((await read(url)).fieldOverrides).toEqual([
      { collectionGroup: "clients", fieldPath: "secret", indexes: [], ttl: false },
      {
        collectionGroup: "clients",
        fieldPath: "`a/b`",
        indexes: [{ order: "DESCENDING", queryScope: "COLLECTION_GROUP", state: "READY" }],
        ttl: false,
      },
      { collectionGroup: "logs", fieldPath: "until", ttl: true },
    ]);
  });

  test("reads the rules that are released, those of a named database from its own release", async () => {
    const answers = {
      ...nothing,
      [release]: {
        name: "projects/demo/releases/cloud.firestore",
        rulesetName: "projects/demo/rulesets/abc",
        createTime: "2026-01-01T00:00:00Z",
        updateTime: "2026-02-03T04:05:06.7Z",
      },
      "/rules/v1/projects/demo/rulesets/abc": ruleset("rules_version = '2';\n"),
    };
    const { url } = await google(answers);
    expect((await read(url)).rules).toEqual({
      text: "rules_version = '2';\n",
      releasedAt: "2026-02-03T04:05:06.7Z",
    });
    const own = "/v1/projects/demo/databases/own-one/collectionGroups/-";
    const named = await google({
      ...answers,
      [`${own}/indexes`]: {},
      [fields.replace(groups, own)]: {},
      [`${release}/own-one`]: { rulesetName: "projects/demo/rulesets/own" },
      "/rules/v1/projects/demo/rulesets/own": ruleset("own"),
    });
    expect((await read(named.url, { databaseId: "own-one" })).rules).toEqual({ text: "own", releasedAt: "" }); // prettier-ignore
  });

  test("a database without indexes and without released rules has none", async () => {
    const { url } = await google(nothing);
    expect(await read(url)).toEqual({ indexes: [], fieldOverrides: [], rules: undefined });
  });

  test("a database that is not there is told", async () => {
    const { url } = await google({});
    expect(await errorOf(read(url))).toMatchObject({
      code: "DATABASE_NOT_FOUND",
      message: expect.stringContaining("(default) in the project demo"),
    });
  });

  test.each([
    [401, "Request had invalid authentication credentials.", "AUTHENTICATION_FAILED", /key/],
    [403, "Missing or insufficient permissions.", "PERMISSION_DENIED", /roles\/datastore\.viewer/],
    [403, "Cloud Firestore API has not been used in project 1 before or it is disabled. SERVICE_DISABLED", "PERMISSION_DENIED", /Enable/],
    [400, "Invalid page size.", "REQUEST_FAILED", /later/],
  ] as const)("%i %s is an error of its own, without the token", async (status, message, code, hint) => {
    const { url, asked } = await google({ ...nothing, [indexes]: [status, { error: { code: status, message } }] });
    const error = await errorOf(read(url));
    expect(error).toMatchObject({ code, message: expect.stringContaining(message.slice(0, 20)), hint: expect.stringMatching(hint) });
    expect(JSON.stringify(error)).not.toContain("a-secret-token");
    expect(asked.filter((path) => path === indexes)).toHaveLength(1);
  }); // prettier-ignore

  test("what is overloaded or broken for a moment is asked again, and given up after three times", async () => {
    const { url, asked } = await google({ ...nothing, [`${indexes}#1`]: [503, "busy"], [`${fields}#1`]: [429, "slow"] }); // prettier-ignore
    expect((await read(url)).indexes).toEqual([]);
    expect(asked.filter((path) => path === indexes)).toHaveLength(2);
    const broken = await google({ ...nothing, [release]: [500, "<html>"] });
    expect(await errorOf(read(broken.url))).toMatchObject({ code: "REQUEST_FAILED", message: expect.stringContaining("answered 500") }); // prettier-ignore
    expect(broken.asked.filter((path) => path === release)).toHaveLength(3);
  });

  test("an answer that is not JSON, and a server that is not there, are told", async () => {
    const { url } = await google({ ...nothing, [indexes]: [200, "<html>login</html>"] });
    expect(await errorOf(read(url))).toMatchObject({ code: "REQUEST_FAILED", message: expect.stringContaining("not JSON") }); // prettier-ignore
    expect(await errorOf(read("http://127.0.0.1:1"))).toMatchObject({ code: "CONNECTION_FAILED" });
  });

  test("an emulator has nothing deployed", async () => {
    await using firestore = await openTestFirestore({ registry: registryOf("tables: {}") });
    expect(await firestore.deployed()).toBeUndefined();
  });
});
