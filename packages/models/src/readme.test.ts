import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import * as registryPackage from "@ctb-data/registry";
import { expect, it } from "vitest";
import * as modelsPackage from "./index.ts";

it("the README's example runs, and gives what it says", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const [, example = ""] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const body = stripTypeScriptTypes(example.replaceAll(/^import .*$/gm, ""));
  const names = ["Client", "modelsOf", "parseKeyring", "parseRegistry"];
  const all = { ...modelsPackage, ...registryPackage };
  // oxlint-disable-next-line typescript/no-implied-eval -- it is our own README
  const run = new Function(
    ...names,
    `${body}; return { account, row, json: JSON.stringify(client) };`,
  );
  const result: unknown = run(all.Client, all.modelsOf, all.parseKeyring, all.parseRegistry);
  expect(result).toMatchObject({
    account: { id: 9007199254740993n, balance: "12.50", iban: "NL91ABNA0417164300" },
    row: {
      id: 9007199254740993n,
      balance: "12.50",
      iban: expect.stringMatching(/^ctb1\.c8b03dbb\./),
    },
    json: '{"name":"Ada","email":"ada@example.org"}',
  });
});
