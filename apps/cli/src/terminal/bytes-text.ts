const units = ["bytes", "kB", "MB", "GB", "TB", "PB"] as const;

/** An amount of bytes as people say it, in units of 1,000: `999 bytes`, `1.2 MB`, `310 GB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 kB would be rounded to 1000 kB.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${unit === 0 && bytes === 1 ? "byte" : units[unit]}`;
}
