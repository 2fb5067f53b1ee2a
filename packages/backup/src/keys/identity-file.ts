import { recipientOf } from "../age/age-keys.ts";

/** The text of an identity file as `age-keygen` writes it. */
export function formatIdentityFile(identity: string, createdAt: Date): string {
  const created = createdAt.toISOString().replace(/\.\d+Z$/u, "Z");
  return `# created: ${created}\n# public key: ${recipientOf(identity)}\n${identity}\n`;
}
