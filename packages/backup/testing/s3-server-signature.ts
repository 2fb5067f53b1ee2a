import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { S3Refusal } from "./s3-server-refusal.ts";

/** A key that the server knows. */
export interface S3ServerCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Checks an AWS Signature of version 4 in the headers, and the hash of the body that it covers. */
export function checkSignature(
  request: IncomingMessage,
  body: Buffer,
  credentials: S3ServerCredentials,
): void {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/u.exec(
      request.headers.authorization ?? "",
    );
  if (!match) throw new S3Refusal(403, "AccessDenied", "There is no signature.");
  const [, keyId = "", day = "", region = "", signed = "", signature] = match;
  if (keyId !== credentials.accessKeyId)
    throw new S3Refusal(403, "InvalidAccessKeyId", "The key is not known.");
  const payload = header(request, "x-amz-content-sha256");
  const canonical = [
    request.method,
    pathOf(request),
    canonicalQuery(request),
    ...signed
      .split(";")
      .map((name) => `${name}:${header(request, name).trim().replaceAll(/ +/gu, " ")}`),
    "",
    signed,
    payload,
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", header(request, "x-amz-date"), scope, sha256(canonical)].join(
    "\n",
  );
  const key = [day, region, "s3", "aws4_request"].reduce<Buffer | string>(
    (from, part) => createHmac("sha256", from).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  );
  if (createHmac("sha256", key).update(text).digest("hex") !== signature)
    throw new S3Refusal(403, "SignatureDoesNotMatch", "The signature is wrong.");
  if (payload !== "UNSIGNED-PAYLOAD" && payload !== sha256(body))
    throw new S3Refusal(
      400,
      "XAmzContentSHA256Mismatch",
      "The body is not the one that was signed.",
    );
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?")[0] ?? "/";
}

function canonicalQuery(request: IncomingMessage): string {
  const query = (request.url ?? "").split("?")[1] ?? "";
  return query
    .split("&")
    .filter(Boolean)
    .map((pair) => (pair.includes("=") ? pair : `${pair}=`))
    .toSorted()
    .join("&");
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : (value ?? "");
}

function sha256(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}
