import type { Registry } from "@ctb-data/registry";

/** A file that generated code consists of. */
export interface GeneratedFile {
  /** Relative to the folder that it is written to, with `/`. */
  readonly path: string;
  readonly content: string;
}

export interface GenerateOptions {
  /** What generated code imports instead of `@ctb-data/models`. */
  readonly importFrom?: string;
}

export function generateModels(
  _registry: Registry,
  _options: GenerateOptions = {},
): readonly GeneratedFile[] {
  throw new Error("being built");
}
