export { startS3Server, type S3Seen, type S3Server, type S3ServerOptions } from "./s3-server.ts";
export type { S3Fault, S3FaultKind, S3Operation } from "./s3-server-faults.ts";
