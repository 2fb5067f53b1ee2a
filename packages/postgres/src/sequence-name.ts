const encoder = new TextEncoder();

/** The name that PostgreSQL gives to the sequence of a `serial` column, as long as nothing else has it. */
export function sequenceName(table: string, column: string): string {
  let tableBytes = encoder.encode(table).length;
  let columnBytes = encoder.encode(column).length;
  // NAMEDATALEN - 1, less two underscores and "seq": the longer of the two is cut.
  while (tableBytes + columnBytes > 63 - 5) {
    if (tableBytes > columnBytes) tableBytes -= 1;
    else columnBytes -= 1;
  }
  return `${clip(table, tableBytes)}_${clip(column, columnBytes)}_seq`;
}

/** The start of a name, without half a character at its end. */
function clip(name: string, bytes: number): string {
  let result = "";
  let length = 0;
  for (const character of name) {
    length += encoder.encode(character).length;
    if (length > bytes) break;
    result += character;
  }
  return result;
}
