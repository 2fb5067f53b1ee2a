import { describe, expect, test } from "vitest";
import { errorOf } from "../../../testing/storage-acts.ts";
import { faultActs, faultKinds } from "../../../testing/storage-fault-acts.ts";
import { s3Place } from "../../../testing/storage-places.ts";

// A server that says nothing is waited for so long.
const stallMs = 300;

describe.each(faultActs)(
  "$name",
  ({ operations, failing, prepare, act, checkDone, checkFailed }) => {
    for (const operation of operations) {
      // S3 itself does this where it joins, starts, lists and removes.
      const kinds = faultKinds.filter(
        (kind) => kind !== "error-in-200" || !/^(?:Get|Head|Put)|UploadPart$/u.test(operation),
      );
      test.each(kinds)(
        `succeeds with the right bytes although ${operation} met %s twice`,
        async (kind) => {
          await using place = await s3Place({ pageSize: 2 });
          const storage = await place.open({ stallMs });
          await storage.put("some", Buffer.from("x"), { ifAbsent: true });
          await storage.delete(["some"]);
          await prepare?.(storage);
          place.server.seen.length = 0;
          place.server.fail({ operation, kind, times: 2 });
          await act(storage);
          place.server.clearFaults();
          await expect(checkDone(storage, place.server)).resolves.toBeUndefined();
        },
      );

      if (failing?.includes(operation) === false) continue;
      test.each([
        "internal-error",
        "reset-before",
        "reset-during",
        "slow-down",
        "denied",
        "quota",
      ] as const)(`fails and leaves nothing when ${operation} always meets %s`, async (kind) => {
        // Nobody hears of an abort that failed.
        if (operation === "AbortMultipartUpload") return;
        await using place = await s3Place();
        const storage = await place.open({ stallMs, tries: 3 });
        await storage.put("some", Buffer.from("x"), { ifAbsent: true });
        await storage.delete(["some"]);
        await prepare?.(storage);
        place.server.fail({ operation, kind, times: 1000 });
        const error = await errorOf(act(storage));
        const code = new Map<string, string>([
          ["denied", "STORAGE_DENIED"],
          ["quota", "STORAGE_FULL"],
        ]).get(kind);
        // The reply to HEAD has no body, so that a full bucket looks like a denied one.
        const isHead = operation === "HeadObject" && kind === "quota";
        expect(error.code).toBe(isHead ? "STORAGE_DENIED" : (code ?? "STORAGE_FAILED"));
        expect(error.message).not.toContain(place.server.credentials.secretAccessKey);
        place.server.clearFaults();
        await checkFailed(storage, place.server);
      });
    }
  },
);
