import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/** A way to get at the file key, for one recipient. https://age-encryption.org/v1#recipient-stanza */
export interface AgeStanza {
  /** The type, then its arguments. */
  readonly args: readonly string[];
  readonly body: Buffer;
}

export interface AgeHeader {
  readonly stanzas: readonly AgeStanza[];
  /** True when the header was made by somebody who knows the file key. */
  readonly isGenuine: (fileKey: Uint8Array) => boolean;
}

const versionLine = "age-encryption.org/v1";

/** The first bytes of every age file. */
export const ageMagic: Buffer = Buffer.from(`${versionLine}\n`, "latin1");

/** Base64 without padding; undefined unless it is written in the only way that it should be. */
export function decodeCanonicalBase64(text: string): Buffer | undefined {
  if (!/^[A-Za-z\d+/]*$/u.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64");
  return encodeBase64(bytes) === text ? bytes : undefined;
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}

function macOf(fileKey: Uint8Array, covered: string): Buffer {
  const key = Buffer.from(hkdfSync("sha256", fileKey, "", "header", 32));
  return createHmac("sha256", key).update(covered, "latin1").digest();
}

function formatStanza({ args, body }: AgeStanza): string {
  const text = encodeBase64(body);
  // 64 columns a line; the last line is always shorter, so it may be empty.
  const lines = [];
  for (let start = 0; start <= text.length; start += 64) lines.push(text.slice(start, start + 64));
  return `-> ${args.join(" ")}\n${lines.join("\n")}\n`;
}

/** A whole header, up to where the payload begins. */
export function formatHeader(stanzas: readonly AgeStanza[], fileKey: Uint8Array): Buffer {
  const covered = `${versionLine}\n${stanzas.map(formatStanza).join("")}---`;
  const mac = encodeBase64(macOf(fileKey, covered));
  return Buffer.from(`${covered} ${mac}\n`, "latin1");
}

/** The stanza that begins at a line, and the line behind it. */
function parseStanza(
  lines: readonly string[],
  at: number,
): { readonly stanza: AgeStanza; readonly next: number } | undefined {
  const args = lines[at]?.match(/^-> ([\u0021-\u007E]+(?: [\u0021-\u007E]+)*)$/u)?.[1]?.split(" ");
  if (args === undefined) return undefined;
  let text = "";
  for (let next = at + 1; next < lines.length; next += 1) {
    const line = lines[next] ?? "";
    if (line.length > 64) return undefined;
    text += line;
    if (line.length < 64) {
      const body = decodeCanonicalBase64(text);
      return body && { stanza: { args, body }, next: next + 1 };
    }
  }
  return undefined;
}

/** A header from its text, with the newline that ends it; undefined when any byte of it is not as the specification says. */
export function parseHeader(text: string): AgeHeader | undefined {
  const lines = text.split("\n");
  const end = lines.length - 2;
  const macText = lines[end]?.match(/^--- ([A-Za-z\d+/]{43})$/u)?.[1];
  const mac = macText === undefined ? undefined : decodeCanonicalBase64(macText);
  if (lines[0] !== versionLine || lines.at(-1) !== "" || mac?.length !== 32) return undefined;
  const body = lines.slice(0, end);
  const stanzas: AgeStanza[] = [];
  for (let at = 1; at < end;) {
    const parsed = parseStanza(body, at);
    if (parsed === undefined) return undefined;
    stanzas.push(parsed.stanza);
    at = parsed.next;
  }
  if (stanzas.length === 0) return undefined;
  const covered = text.slice(0, text.lastIndexOf("\n---") + 4);
  return { stanzas, isGenuine: (fileKey) => timingSafeEqual(macOf(fileKey, covered), mac) };
}
