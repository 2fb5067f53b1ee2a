export interface ColumnRename {
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

/** The text of a registry file with a column renamed. Comments and layout stay. */
export function renameColumn(text: string, rename: ColumnRename): string {
  throw new Error(`to be written ${text} ${rename.to}`);
}
