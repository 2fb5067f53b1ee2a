import { expect, test } from "vitest";
import { openBackupWorld } from "../../testing/backup-world.ts";
import { createBackup } from "../create/create-backup.ts";
import { resolveBackupId } from "./resolve-backup-id.ts";

test("latest is the newest of one series; where several share a storage it must be said which", async () => {
  await using world = await openBackupWorld();
  const { storage, postgres, keys } = world;
  const backUp = async (source: string): Promise<string> => {
    const { id } = await createBackup({
      storage,
      postgres,
      source,
      encryption: { kind: "age", recipients: [keys.recipient] },
      signingKey: keys.signingKey,
    });
    return id;
  };
  await expect(resolveBackupId(storage, "latest")).rejects.toMatchObject({ code: "NOT_FOUND" });
  const first = await backUp("ours");
  expect(await resolveBackupId(storage, "latest")).toBe(first);
  expect(await resolveBackupId(storage, first.slice(0, -2))).toBe(first);
  await expect(resolveBackupId(storage, "1999")).rejects.toMatchObject({ code: "NOT_FOUND" });
  const other = await backUp("theirs");
  await expect(resolveBackupId(storage, "latest")).rejects.toMatchObject({
    code: "INVALID_OPTIONS",
    hint: expect.stringContaining(`${other} of theirs`),
  });
  expect(await resolveBackupId(storage, "latest", { source: "ours" })).toBe(first);
  await expect(resolveBackupId(storage, first.slice(0, 4))).rejects.toMatchObject({
    code: "INVALID_OPTIONS",
  });
});
