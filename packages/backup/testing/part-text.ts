import { randomBytes } from "node:crypto";

/** Rows as COPY writes them, about so many bytes: they compress as real ones do, and no two buffers are alike. */
export function someRows(sizeBytes: number): Buffer {
  const rows: string[] = [];
  const noise = randomBytes(4096).toString("hex");
  for (let length = 0, id = 1; length < sizeBytes; id += 1) {
    const row = `${id}\tclient ${id}\t{"tags": ["a", "b"], "token": "${noise.slice((id * 31) % 8000, ((id * 31) % 8000) + 12)}"}\n`;
    rows.push(row);
    length += row.length;
  }
  return Buffer.from(rows.join("")).subarray(0, sizeBytes);
}
