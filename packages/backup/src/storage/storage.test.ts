import { randomUUID } from "node:crypto";
import { describe, test } from "vitest";
import { keysOf } from "../../testing/storage-acts.ts";
import { storageConformance } from "../../testing/storage-conformance.ts";
import { s3Place, storageFolder } from "../../testing/storage-places.ts";
import { openFolderStorage } from "./folder/folder-storage.ts";
import { openS3Storage } from "./s3/s3-storage.ts";

storageConformance("a folder", {
  isConditional: true,
  open: async () => {
    const folder = storageFolder();
    const open = async () => await openFolderStorage({ dir: folder.path });
    return {
      storage: await open(),
      again: open,
      [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
    };
  },
});

storageConformance("the S3 server of the tests", {
  isConditional: true,
  open: async () => {
    const place = await s3Place({ pageSize: 7 });
    return {
      storage: place.storage,
      again: place.open,
      [Symbol.asyncDispose]: place[Symbol.asyncDispose],
    };
  },
});

const { TEST_S3_ENDPOINT: endpoint, TEST_S3_BUCKET: bucket = "ctb-data-test" } = process.env;
const { TEST_S3_ACCESS_KEY: accessKeyId = "", TEST_S3_SECRET_KEY: secretAccessKey = "" } =
  process.env;

if (endpoint === undefined) {
  describe("a real S3", () => {
    test.skip("TEST_S3_ENDPOINT names none (with TEST_S3_BUCKET, TEST_S3_ACCESS_KEY and TEST_S3_SECRET_KEY)", () =>
      undefined);
  });
} else {
  storageConformance(`a real S3, ${endpoint}`, {
    isConditional: process.env["TEST_S3_UNCONDITIONAL"] === undefined,
    open: async () => {
      const prefix = `test-${randomUUID()}`;
      const open = async () =>
        await openS3Storage({
          bucket,
          endpoint,
          prefix,
          credentials: { accessKeyId, secretAccessKey },
        });
      const storage = await open();
      return {
        storage,
        again: open,
        [Symbol.asyncDispose]: async () => {
          await storage.delete(await keysOf(storage, ""));
          await storage.sweepUploads("", new Date(Date.now() + 86_400_000));
          await storage.close();
        },
      };
    },
  });
}
