import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { codeOf, errorOf, textAt } from "../../testing/storage-acts.ts";
import { s3Place, storageFolder } from "../../testing/storage-places.ts";
import { openStorage } from "./open-storage.ts";

test("a path and a file URL open the same folder", async () => {
  await using folder = storageFolder();
  const path = join(folder.path, "with space", "ü");
  const [a, b] = [
    await openStorage({ url: path }),
    await openStorage({ url: pathToFileURL(path).href }),
  ];
  await a.put("k", Buffer.from("x"));
  expect(await textAt(b, "k")).toBe("x");
  expect(existsSync(join(path, "k"))).toBe(true);
  expect(a.description).toBe(path);
});

test("an s3 URL names bucket and prefix", async () => {
  await using place = await s3Place();
  const { bucket, endpoint, credentials } = place.server;
  const storage = await openStorage({ url: `s3://${bucket}/deep/er/`, endpoint, credentials });
  await storage.put("k", Buffer.from("x"));
  expect([...place.server.store.objects.keys()]).toEqual(["deep/er/k"]);
  expect(storage.description).toBe(`s3://${bucket}/deep/er`);
  await storage.close();
});

test("other URLs are refused with what to write instead, and credentials in a URL are not repeated", async () => {
  expect((await errorOf(openStorage({ url: "gs://bucket/x" }))).hint).toContain(
    "https://storage.googleapis.com",
  );
  for (const url of [
    "gs://b",
    "https://example.com/b",
    "ftp://b",
    "s3://",
    "s3:bucket",
    "s3://bucket?region=x",
    "file://host/x",
    "",
  ])
    expect([url, await codeOf(openStorage({ url }))]).toEqual([url, "INVALID_OPTIONS"]);
  const error = await errorOf(openStorage({ url: "s3://key:geheim@bucket/prefix" }));
  expect(JSON.stringify([error.message, error.hint])).not.toContain("geheim");
});
