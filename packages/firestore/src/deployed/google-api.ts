import { setTimeout } from "node:timers/promises";
import { FirestoreError, type FirestoreErrorCode } from "../firestore-error.ts";

/** What is asked of Google's REST interfaces. */
export interface GoogleApiOptions {
  /** An OAuth 2 token of the scope `cloud-platform`. */
  readonly accessToken: () => Promise<string>;
  /** Stops each request. */
  readonly signal: AbortSignal;
}

/** A JSON object of an answer. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const tries = 3;
const firstPauseMs = 200;

/**
 * Reads from one of Google's REST interfaces. What is overloaded or broken for a moment is asked twice more.
 *
 * @throws {FirestoreError} AUTHENTICATION_FAILED, PERMISSION_DENIED, RESOURCES_EXHAUSTED, CONNECTION_FAILED or REQUEST_FAILED. Undefined for
 * what is not there.
 */
export async function readGoogle(
  url: string,
  options: GoogleApiOptions,
): Promise<JsonObject | undefined> {
  for (let count = 1; ; count += 1) {
    const answer = await ask(url, options);
    if (answer.status === 404) return undefined;
    if (answer.status === 200) return objectOf(answer.text, url);
    if (count === tries || (answer.status !== 429 && answer.status < 500))
      throw refusal(answer, url);
    await setTimeout(firstPauseMs * 2 ** (count - 1), undefined, { signal: options.signal });
  }
}

/** All pages of a list, one after the other. Undefined for a list of something that is not there. */
export async function listGoogle(
  url: string,
  member: string,
  options: GoogleApiOptions,
): Promise<readonly JsonObject[] | undefined> {
  const items: JsonObject[] = [];
  let pageToken = "";
  do {
    const page = new URL(url);
    // Without a pageSize: these lists refuse any.
    if (pageToken !== "") page.searchParams.set("pageToken", pageToken);
    const answer = await readGoogle(page.href, options);
    if (answer === undefined) return undefined;
    const list = answer[member];
    if (Array.isArray(list)) items.push(...list.filter(isJsonObject));
    const next = answer["nextPageToken"];
    if (next === pageToken) break;
    pageToken = typeof next === "string" ? next : "";
  } while (pageToken !== "");
  return items;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(url: string, { accessToken, signal }: GoogleApiOptions): Promise<Answer> {
  const authorization = `Bearer ${await accessToken()}`;
  try {
    const response = await fetch(url, { headers: { authorization }, signal, redirect: "error" });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    if (signal.aborted) throw error;
    const reason =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
    throw new FirestoreError(
      "CONNECTION_FAILED",
      `${new URL(url).host} cannot be reached${reason && `: ${reason}`}.`,
      { hint: "Does nothing stand between this machine and Google?" },
    );
  }
}

function objectOf(text: string, url: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // A page of something that stands between.
  }
  throw new FirestoreError(
    "REQUEST_FAILED",
    `${placeOf(url)} answered with something that is not JSON.`,
    {
      hint: "A proxy that stands between may have answered in its place.",
    },
  );
}

const placeOf = (url: string): string => new URL(url).host + decodeURI(new URL(url).pathname);

interface Meaning {
  readonly code: FirestoreErrorCode;
  readonly hint: string;
}

function meaningOf({ status, text }: Answer): Meaning {
  if (status === 401) {
    return {
      code: "AUTHENTICATION_FAILED",
      hint: "Is the key still active, and is the clock of this machine right?",
    };
  }
  if (status === 403 && /SERVICE_DISABLED|has not been used/.test(text)) {
    return {
      code: "PERMISSION_DENIED",
      hint: "Enable this interface (API) for the project in the Google Cloud console.",
    };
  }
  if (status === 403) {
    return {
      code: "PERMISSION_DENIED",
      hint: "The account needs the roles Cloud Datastore Viewer (roles/datastore.viewer) and Firebase Rules Viewer (roles/firebaserules.viewer).",
    };
  }
  if (status === 429) return { code: "RESOURCES_EXHAUSTED", hint: "Try again later." };
  return { code: "REQUEST_FAILED", hint: "Try again later." };
}

function refusal(answer: Answer, url: string): FirestoreError {
  const { code, hint } = meaningOf(answer);
  const said = messageOf(answer.text);
  return new FirestoreError(
    code,
    `${placeOf(url)} answered ${answer.status}${said && `: ${said}`}.`,
    { hint },
  );
}

/** `{ "error": { "message": … } }`, its first line. */
function messageOf(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    const error = isJsonObject(value) ? value["error"] : undefined;
    const message = isJsonObject(error) ? error["message"] : undefined;
    return typeof message === "string"
      ? (message.split("\n")[0] ?? "").replace(/\.$/, "").slice(0, 300)
      : "";
  } catch {
    return "";
  }
}
