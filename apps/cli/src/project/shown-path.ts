import { relative } from "node:path";

/** A path as people would type it here: relative when it lies below the working folder, absolute otherwise. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" ? "." : short.startsWith("..") ? path : short;
}
