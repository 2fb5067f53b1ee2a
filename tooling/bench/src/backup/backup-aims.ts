import type { Figure } from "../measure.ts";
import type { Aim } from "../report.ts";

/** The most that ours may hold, whatever the size. */
const memoryLimitMiB = 256;

/** "Not slower than": none when one of the two did not take part. */
export function ratioAim(
  figures: readonly Figure[],
  name: string,
  other: { readonly of: string; readonly text: string; readonly limit?: number },
): readonly Aim[] {
  const medianOf = (wanted: string): number | undefined =>
    figures.find((figure) => figure.name === wanted)?.medianMs;
  const [ours, theirs] = [medianOf(name), medianOf(other.of)];
  if (ours === undefined || theirs === undefined) return [];
  const ratio = ours / theirs;
  return [
    {
      text: other.text,
      reached: ratio <= (other.limit ?? 1),
      measured: `${ratio.toFixed(2)} x its time`,
    },
  ];
}

/** None where the system does not tell what a process holds. */
export function memoryAim(peakMiB: number, what: string): readonly Aim[] {
  if (!Number.isFinite(peakMiB)) return [];
  return [
    {
      text: `peak memory of ${what} under ${memoryLimitMiB} MiB`,
      reached: peakMiB < memoryLimitMiB,
      measured: `${Math.round(peakMiB)} MiB`,
    },
  ];
}
