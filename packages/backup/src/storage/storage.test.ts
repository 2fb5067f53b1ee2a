import { randomUUID } from "node:crypto";
import { describe } from "vitest";
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
    const partBytes = 5 * 1024 ** 2;
    const place = await s3Place({ pageSize: 7, minPartBytes: partBytes });
    const open = async () => await place.open({ partBytes });
    return {
      storage: await open(),
      again: open,
      [Symbol.asyncDispose]: place[Symbol.asyncDispose],
    };
  },
});

const {
  TEST_S3_ENDPOINT: endpoint,
  TEST_S3_BUCKET: bucket = "ctb-data-test",
  TEST_S3_ACCESS_KEY: accessKeyId = "",
  TEST_S3_SECRET_KEY: secretAccessKey = "",
} = process.env;

// Skipped unless TEST_S3_ENDPOINT names one.
describe.skipIf(endpoint === undefined)(`a real S3 at ${endpoint ?? "TEST_S3_ENDPOINT"}`, () => {
  storageConformance("its bucket", {
    isConditional: process.env["TEST_S3_UNCONDITIONAL"] === undefined,
    open: async () => {
      const prefix = `test-${randomUUID()}`;
      const credentials = { accessKeyId, secretAccessKey };
      const open = async () => await openS3Storage({ bucket, endpoint, prefix, credentials });
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
});
