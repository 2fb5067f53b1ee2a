import type { IncomingHttpHeaders } from "node:http";
import { compareKeys } from "../src/storage/storage-order.ts";
import type { S3Operation } from "./s3-server-faults.ts";
import { S3Refusal } from "./s3-server-refusal.ts";
import { md5, type S3ServerStore } from "./s3-server-store.ts";
import { element, elementsOf, textOf } from "./s3-server-xml.ts";

/** What a server does not do that S3 does. */
export interface S3ServerQuirks {
  readonly ignoreIfNoneMatch?: boolean;
  readonly ignoreIfMatch?: boolean;
  /** If-Match holds with an etag without quotes, as Ceph 16. */
  readonly bareIfMatch?: boolean;
  readonly ignoreContentMd5?: boolean;
  /** 501 for DeleteObjects, as GCS. */
  readonly noDeleteObjects?: boolean;
  /** Keys that contain this cannot be deleted. */
  readonly lockedKey?: string;
}

/** A request, understood. */
export interface S3Call {
  readonly operation: S3Operation;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What is answered. */
export interface S3Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What operations work on. */
export interface S3Room {
  readonly store: S3ServerStore;
  readonly quirks: S3ServerQuirks;
  /** The most that a list gives at once. */
  readonly pageSize: number;
  readonly isStale: boolean;
}

type Operate = (room: S3Room, call: S3Call) => S3Reply;

const xmlHead = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Does what a request asks for. */
export function operate(room: S3Room, call: S3Call): S3Reply {
  return operations[call.operation](room, call);
}

/** An error, as a reply. */
export function refusalReply({ status, code, message }: S3Refusal): S3Reply {
  return xml(status, element("Error", [element("Code", code), element("Message", message)]));
}

function xml(status: number, content: string): S3Reply {
  return { status, headers: { "content-type": "application/xml" }, body: xmlHead + content };
}

const putObject: Operate = ({ store, quirks }, { key, headers, body }) => {
  checkMd5(quirks, headers, body);
  const { etag } = store.put(
    key,
    { body, metadata: metadataOf(headers) },
    {
      ifNoneMatch: quirks.ignoreIfNoneMatch ? undefined : headers["if-none-match"],
      ifMatch: quirks.ignoreIfMatch ? undefined : ifMatchOf(headers["if-match"], quirks),
    },
  );
  return { status: 200, headers: { etag } };
};

const getObject: Operate = ({ store }, { key, headers }) => {
  const { body, etag, modifiedAt, metadata } = store.get(key);
  if (headers["if-match"] !== undefined && headers["if-match"] !== etag)
    throw new S3Refusal(412, "PreconditionFailed", "It has another etag.");
  const common = {
    etag,
    "last-modified": modifiedAt.toUTCString(),
    ...Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]),
    ),
  };
  const range = /^bytes=(\d+)-(\d*)$/u.exec(headers.range ?? "");
  if (!range) return { status: 200, headers: common, body };
  const start = Number(range[1]);
  const end = Math.min(range[2] ? Number(range[2]) + 1 : Infinity, body.length);
  if (start >= body.length)
    throw new S3Refusal(416, "InvalidRange", "The range is behind the end.");
  return {
    status: 206,
    headers: { ...common, "content-range": `bytes ${start}-${end - 1}/${body.length}` },
    body: body.subarray(start, end),
  };
};

const listObjects: Operate = ({ store, pageSize, isStale }, { query }) => {
  const after = query.get("continuation-token");
  const prefix = query.get("prefix") ?? "";
  const keys = store
    .keys(
      prefix,
      after ? Buffer.from(after, "base64url").toString() : (query.get("start-after") ?? ""),
    )
    .filter((key) => !isStale || key !== store.lastKey);
  const size = Math.min(pageSize, Number(query.get("max-keys") ?? 1000));
  const page = keys.slice(0, size);
  const encode = encoder(query);
  return xml(
    200,
    element("ListBucketResult", [
      element("KeyCount", page.length),
      element("IsTruncated", keys.length > page.length),
      ...(query.has("encoding-type") ? [element("EncodingType", "url")] : []),
      ...(keys.length > page.length
        ? [element("NextContinuationToken", Buffer.from(page.at(-1) ?? "").toString("base64url"))]
        : []),
      ...page.map((key) => {
        const { body, etag, modifiedAt } = store.get(key);
        return element("Contents", [
          element("Key", encode(key)),
          element("LastModified", modifiedAt.toISOString()),
          element("ETag", etag),
          element("Size", body.length),
        ]);
      }),
    ]),
  );
};

const deleteObjects: Operate = ({ store, quirks }, { headers, body }) => {
  if (quirks.noDeleteObjects)
    throw new S3Refusal(501, "NotImplemented", "There is no DeleteObjects here.");
  if (headers["content-md5"] === undefined)
    throw new S3Refusal(400, "InvalidRequest", "Missing required header: Content-MD5.");
  checkMd5(quirks, headers, body);
  const keys = elementsOf(body.toString(), "Object").map((object) => textOf(object, "Key"));
  if (keys.length > 1000) throw new S3Refusal(400, "MalformedXML", "More than 1000 keys.");
  const errors = keys.flatMap((key) => {
    if (isLocked(quirks, key))
      return [
        element("Error", [
          element("Key", key),
          element("Code", "AccessDenied"),
          element("Message", "Object is locked."),
        ]),
      ];
    store.objects.delete(key);
    return [];
  });
  return xml(200, element("DeleteResult", errors));
};

const deleteObject: Operate = ({ store, quirks }, { key }) => {
  if (isLocked(quirks, key)) throw new S3Refusal(403, "AccessDenied", "Object is locked.");
  store.objects.delete(key);
  return { status: 204 };
};

const createMultipart: Operate = ({ store }, { key, headers }) =>
  xml(
    200,
    element("InitiateMultipartUploadResult", [
      element("UploadId", store.begin(key, metadataOf(headers))),
    ]),
  );

const uploadPart: Operate = ({ store, quirks }, { key, query, headers, body }) => {
  const number = Number(query.get("partNumber"));
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    throw new S3Refusal(400, "InvalidArgument", "A part's number is from 1 to 10000.");
  const upload = store.upload(key, query.get("uploadId") ?? "");
  checkMd5(quirks, headers, body);
  const etag = `"${md5(body)}"`;
  upload.parts.set(number, { body, etag });
  return { status: 200, headers: { etag } };
};

const completeMultipart: Operate = ({ store }, { key, query, body }) => {
  const named = elementsOf(body.toString(), "Part").map((part) => ({
    number: Number(textOf(part, "PartNumber")),
    etag: textOf(part, "ETag"),
  }));
  const { etag } = store.complete(key, query.get("uploadId") ?? "", named);
  return xml(
    200,
    element("CompleteMultipartUploadResult", [element("Key", key), element("ETag", etag)]),
  );
};

const abortMultipart: Operate = ({ store }, { key, query }) => {
  store.uploads.delete(store.upload(key, query.get("uploadId") ?? "").id);
  return { status: 204 };
};

const listMultiparts: Operate = ({ store, pageSize }, { query }) => {
  const [keyMarker, idMarker] = [
    query.get("key-marker") ?? "",
    query.get("upload-id-marker") ?? "",
  ];
  const all = [...store.uploads.values()]
    .filter(({ key }) => key.startsWith(query.get("prefix") ?? ""))
    .toSorted((a, b) => compareKeys(a.key, b.key) || compareKeys(a.id, b.id))
    .filter(({ key, id }) => {
      const order = compareKeys(key, keyMarker);
      return keyMarker === "" || order > 0 || (order === 0 && idMarker !== "" && id > idMarker);
    });
  const page = all.slice(0, pageSize);
  const encode = encoder(query);
  const last = page.at(-1);
  return xml(
    200,
    element("ListMultipartUploadsResult", [
      element("IsTruncated", all.length > page.length),
      ...(query.has("encoding-type") ? [element("EncodingType", "url")] : []),
      ...(last && all.length > page.length
        ? [element("NextKeyMarker", encode(last.key)), element("NextUploadIdMarker", last.id)]
        : []),
      ...page.map(({ key, id, startedAt }) =>
        element("Upload", [
          element("Key", encode(key)),
          element("UploadId", id),
          element("Initiated", startedAt.toISOString()),
        ]),
      ),
    ]),
  );
};

const listParts: Operate = ({ store, pageSize }, { key, query }) => {
  const { parts } = store.upload(key, query.get("uploadId") ?? "");
  const after = Number(query.get("part-number-marker") ?? 0);
  const all = [...parts].filter(([number]) => number > after).toSorted(([a], [b]) => a - b);
  const page = all.slice(0, pageSize);
  return xml(
    200,
    element("ListPartsResult", [
      element("IsTruncated", all.length > page.length),
      element("NextPartNumberMarker", page.at(-1)?.[0] ?? 0),
      ...page.map(([number, { body, etag }]) =>
        element("Part", [
          element("PartNumber", number),
          element("ETag", etag),
          element("Size", body.length),
        ]),
      ),
    ]),
  );
};

const operations: Readonly<Record<S3Operation, Operate>> = {
  AbortMultipartUpload: abortMultipart,
  CompleteMultipartUpload: completeMultipart,
  CreateMultipartUpload: createMultipart,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  GetObject: getObject,
  HeadObject: getObject,
  ListMultipartUploads: listMultiparts,
  ListObjectsV2: listObjects,
  ListParts: listParts,
  PutObject: putObject,
  UploadPart: uploadPart,
};

function checkMd5(
  { ignoreContentMd5 }: S3ServerQuirks,
  headers: IncomingHttpHeaders,
  body: Buffer,
): void {
  const wanted = headers["content-md5"];
  if (ignoreContentMd5 || wanted === undefined) return;
  if (wanted !== Buffer.from(md5(body), "hex").toString("base64"))
    throw new S3Refusal(400, "BadDigest", "The Content-MD5 is not that of the body.");
}

function ifMatchOf(etag: string | undefined, { bareIfMatch }: S3ServerQuirks): string | undefined {
  return bareIfMatch && etag !== undefined ? `"${etag}"` : etag;
}

function metadataOf(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith("x-amz-meta-") ? [[name.slice("x-amz-meta-".length), String(value)]] : [],
    ),
  );
}

function isLocked({ lockedKey }: S3ServerQuirks, key: string): boolean {
  return lockedKey !== undefined && key.includes(lockedKey);
}

/** As AWS: a space is a plus, and slashes stay. */
function encoder(query: URLSearchParams): (key: string) => string {
  if (!query.has("encoding-type")) return (key) => key;
  return (key) => encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%20", "+");
}
