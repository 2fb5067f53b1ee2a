/** What the process under test does. */
export interface ExportJob {
  readonly url: string;
  readonly blueprint: ExportBlueprint;
  readonly file: string;
}

/** `acme`: renames, codes, formats and JSON paths into CSV. `plain`: the same columns as they are. */
export type ExportBlueprint = "acme" | "ndjson" | "plain";
