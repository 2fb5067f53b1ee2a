/** The order in which S3 lists keys: that of their UTF-8 bytes, which JavaScript's `<` is not. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
