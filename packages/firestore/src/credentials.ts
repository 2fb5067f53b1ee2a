import { createPrivateKey } from "node:crypto";
import { createReadStream } from "node:fs";
import { FirestoreError } from "./firestore-error.ts";
import { shownText } from "./shown-text.ts";

/** A service account, given part by part, as environment variables have it. */
export interface ServiceAccount {
  /** Default: that of the options. */
  readonly projectId?: string;
  readonly clientEmail: string;
  /** PEM. `\n` written as two characters is repaired, and so are quotes around it. */
  readonly privateKey: string;
}

/** A service account that was read and checked. `toJSON` and `inspect` do not show the key. */
export interface CheckedAccount {
  readonly projectId: string | undefined;
  readonly clientEmail: string;
  readonly privateKey: () => string;
}

const largestFileBytes = 65_536;

/**
 * Reads a service account: the path of the JSON file that Google hands out, or its parts.
 *
 * @throws {FirestoreError} INVALID_CREDENTIALS. Neither the error nor its cause holds what was in the file.
 */
export async function readCredentials(given: string | ServiceAccount): Promise<CheckedAccount> {
  if (typeof given === "string") return await readAccountFile(given);
  const { projectId, clientEmail, privateKey } = given;
  return checkedAccount({ projectId, clientEmail, privateKey }, "The credentials");
}

/**
 * Reads the file that GOOGLE_APPLICATION_CREDENTIALS names; undefined where it is no service account, but something
 * else that the SDK understands, such as a workload identity.
 *
 * @throws {FirestoreError} INVALID_CREDENTIALS
 */
export async function readDefaultCredentials(path: string): Promise<CheckedAccount | undefined> {
  const what = `The file ${shownText(path)} of GOOGLE_APPLICATION_CREDENTIALS`;
  const data = parsed(await readSmallFile(path, what), what);
  if ("type" in data && typeof data.type === "string" && data.type !== "service_account") {
    return undefined;
  }
  return checkedAccount(accountOf(data), what);
}

async function readAccountFile(path: string): Promise<CheckedAccount> {
  if (path.includes("-----BEGIN")) {
    throw invalid("The path of the service-account file is a private key.", {
      hint: "Give credentials: { clientEmail, privateKey }.",
    });
  }
  const what = `The service-account file ${shownText(path)}`;
  return checkedAccount(accountOf(parsed(await readSmallFile(path, what), what)), what);
}

/** Not more than any service account has, of a pipe or a device as well. */
async function readSmallFile(path: string, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    const stream = createReadStream(path, { end: largestFileBytes });
    for await (const chunk of stream) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw invalid(`${what} cannot be read: ${code}.`, {
      hint: "Give the path of the JSON file from the Google Cloud console: IAM, service accounts, keys.",
    });
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length <= largestFileBytes) return bytes.toString("utf8");
  throw invalid(`${what} is too large to be one.`, {
    hint: "It must be the file as Google hands it out, of two or three thousand bytes.",
  });
}

function parsed(text: string, what: string): object {
  try {
    const data: unknown = JSON.parse(text);
    if (typeof data === "object" && data !== null) return data;
  } catch {
    // The parser's message quotes the text.
  }
  throw invalid(`${what} is not JSON.`, {
    hint: "It must be the file as Google hands it out.",
  });
}

interface AccountParts {
  readonly projectId: unknown;
  readonly clientEmail: unknown;
  readonly privateKey: unknown;
}

function accountOf(data: object): AccountParts {
  const part = (name: string): unknown => Object.entries(data).find(([key]) => key === name)?.[1];
  return {
    projectId: part("project_id"),
    clientEmail: part("client_email"),
    privateKey: part("private_key"),
  };
}

function checkedAccount(parts: AccountParts, what: string): CheckedAccount {
  const { projectId, clientEmail, privateKey } = parts;
  if (typeof clientEmail !== "string" || !clientEmail.includes("@")) {
    throw invalid(`${what} has no e-mail address of a service account.`, {
      hint: "It looks like name@project.iam.gserviceaccount.com (client_email, FIREBASE_CLIENT_EMAIL).",
    });
  }
  if (typeof privateKey !== "string" || privateKey.trim() === "") {
    throw invalid(`${what} has no private key.`, {
      hint: "It is the private_key of the service-account file (FIREBASE_PRIVATE_KEY).",
    });
  }
  if (projectId !== undefined && (typeof projectId !== "string" || projectId === "")) {
    throw invalid(`${what} has a projectId that is no text.`, {});
  }
  const key = repairedKey(privateKey);
  checkKey(key, what);
  return { projectId, clientEmail, privateKey: () => key };
}

/** Environment variables hold a key in one line, with `\n` as two characters, and often in quotes. */
function repairedKey(key: string): string {
  const unquoted = key.trim().replace(/^(["'])(.*)\1$/s, "$2");
  const lines = unquoted.replaceAll(/\\r\\n|\\n|\r\n?/g, "\n").trim();
  return `${lines}\n`;
}

function checkKey(key: string, what: string): void {
  let type: string | undefined;
  try {
    type = createPrivateKey(key).asymmetricKeyType;
  } catch {
    // What OpenSSL says is of no use, and the key must not come near an error.
    throw invalid(`${what} has a private key that is not PEM.`, {
      hint: "It starts with -----BEGIN PRIVATE KEY----- and must be complete; line ends may be written as \\n.",
    });
  }
  if (type !== "rsa") {
    throw invalid(`${what} has a private key that is not an RSA key.`, {
      hint: "Service accounts of Google have RSA keys.",
    });
  }
}

function invalid(message: string, { hint }: { readonly hint?: string }): FirestoreError {
  return new FirestoreError("INVALID_CREDENTIALS", message, { hint });
}
