import { chmodSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createTestFolder } from "../../testing/keys-programs.ts";
import { generateIdentity, recipientOf } from "../age/age-keys.ts";
import { generateSigningKey } from "../minisign/signing-key.ts";
import { createKeys } from "./create-keys.ts";
import { exportKeys } from "./export-keys.ts";
import { verifyKeys } from "./verify-keys.ts";

const daily = generateIdentity();
const recovery = generateIdentity();
const recipients = [daily, recovery].map(recipientOf);
const signing = generateSigningKey();
const good = {
  recipients,
  identities: [daily],
  signingKey: signing.secretKey,
  publicKeys: [signing.publicKey],
};

describe("verifyKeys", () => {
  test("keys that belong together have no problem, and each recipient says whether it was opened", async () => {
    expect(await verifyKeys(good)).toMatchObject({
      ok: true,
      recipients: [
        { recipient: recipients[0], opened: true },
        { recipient: recipients[1], opened: false },
      ],
      unused: [],
      signing: { publicKey: signing.publicKey, trusted: true },
      problems: [],
    });
    const both = await verifyKeys({ ...good, identities: [recovery, daily] });
    expect(both.recipients.map(({ opened }) => opened)).toEqual([true, true]);
  });

  test("a machine that only makes backups needs no identity", async () => {
    expect(await verifyKeys({ ...good, identities: [] })).toMatchObject({ ok: true, problems: [] });
  });

  test("an identity that opens nothing is an error, and its public key is told", async () => {
    const stranger = generateIdentity();
    const report = await verifyKeys({ ...good, identities: [stranger] });
    expect(report).toMatchObject({ ok: false, unused: [recipientOf(stranger)] });
    expect(report.problems[0]?.message).toContain("None of the identities opens");
  });

  test("one recipient is a warning, also when it is named twice; none is an error", async () => {
    const one = await verifyKeys({
      ...good,
      recipients: [recipients[0] ?? "", recipients[0] ?? ""],
    });
    expect(one).toMatchObject({ ok: true, problems: [{ severity: "warning" }] });
    expect(await verifyKeys({ ...good, recipients: [] })).toMatchObject({ ok: false });
  });

  test("a signing key of another pair is an error that names its number", async () => {
    const other = generateSigningKey();
    const report = await verifyKeys({ ...good, publicKeys: [other.publicKey] });
    expect(report).toMatchObject({ ok: false, signing: { trusted: false } });
    expect(report.problems[0]?.message).toContain(report.signing?.keyId);
  });

  test("everything that is no key is reported at once, and nothing secret is in the report", async () => {
    const report = await verifyKeys({
      recipients: [daily, "nonsense", ...recipients],
      identities: [`${recovery.slice(0, -1)}B`, daily],
      signingKey: signing.publicKey,
      publicKeys: [signing.secretKey],
    });
    expect(report.ok).toBe(false);
    expect(report.problems).toHaveLength(4);
    const said = JSON.stringify(report);
    expect(said).toContain("A secret key stands where a recipient belongs");
    expect(said).toContain("A secret key stands where a public key");
    for (const secret of [daily, recovery, signing.secretKey.split("\n")[1] ?? ""]) {
      expect(said).not.toContain(secret.slice(20, 60));
    }
  });

  test.skipIf(process.platform === "win32")(
    "a key file that others can read, and one that is missing, are errors",
    async () => {
      using folder = createTestFolder();
      const { files } = await createKeys({ dir: folder.path("k") });
      const paths = [files.identity, files.signingKey];
      expect(await verifyKeys({ ...good, files: paths })).toMatchObject({ ok: true });
      chmodSync(files.identity, 0o640);
      const report = await verifyKeys({ ...good, files: [...paths, folder.path("none")] });
      expect(report.problems.map(({ message }) => message)).toEqual([
        `Others than its owner can read ${files.identity} (mode 640).`,
        `The key file ${folder.path("none")} cannot be looked at (ENOENT).`,
      ]);
    },
  );
});

describe("exportKeys", () => {
  test("public parts come in the forms of the settings, each once, and no secret with them", () => {
    const exported = exportKeys({
      recipients: [recipients[0] ?? ""],
      identities: [daily, recovery],
      signingKey: signing.secretKey,
      publicKeys: [signing.publicKeyFile],
    });
    expect(exported).toEqual({
      recipients,
      publicKeys: [signing.publicKey],
      env: `BACKUP_RECIPIENTS=${recipients.join(",")}\nBACKUP_PUBLIC_KEY="${signing.publicKey}"\n`,
      yaml: `data:
  backup:
    recipients:
      - "${recipients[0]}"
      - "${recipients[1]}"
    public_key:
      - "${signing.publicKey}"
`,
      secrets: null,
    });
  });

  test("secret keys that are asked for come as files of age and of minisign", () => {
    const { secrets } = exportKeys({
      identities: [daily, recovery],
      signingKey: signing.secretKey.split("\n")[1] ?? "",
      withSecrets: true,
      now: () => new Date("2026-11-24T10:00:00Z"),
    });
    expect(secrets?.signingKeyFile).toBe(signing.secretKey);
    expect(secrets?.identityFile).toBe(
      [daily, recovery]
        .map(
          (one) => `# created: 2026-11-24T10:00:00Z\n# public key: ${recipientOf(one)}\n${one}\n`,
        )
        .join(""),
    );
  });

  test("a secret key in the place of a public one is refused and not shown", () => {
    for (const options of [{ recipients: [daily] }, { publicKeys: [signing.secretKey] }]) {
      expect(() => exportKeys(options)).toThrow(
        expect.objectContaining({
          code: "INVALID_KEY",
          message: expect.stringContaining("A secret key stands"),
        }),
      );
    }
  });

  test("without keys there is nothing to paste", () => {
    expect(exportKeys({})).toMatchObject({ env: "", yaml: "", secrets: null });
  });
});
