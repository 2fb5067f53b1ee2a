/** A text as a regular expression that finds it. `RegExp.escape` is not in Node 22. */
export function escaped(text: string): string {
  return text.replaceAll(/[$()*+./?[\\\]^{|}]/g, String.raw`\$&`);
}
