import type { ColumnFormat } from "@ctb-data/registry";

/**
 * Regular expressions of PostgreSQL for the plain cases of each format: what matches is surely of the format, so that only the
 * others have to be read and asked about. The model alone says what is of a format.
 */
export const plainFormats: Readonly<Record<ColumnFormat, string>> = {
  email: String.raw`^[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$`,
  url: String.raw`^https?://[a-z0-9]+(?:\.[a-z0-9]+)*\.[a-z]{2,}(?:/[A-Za-z0-9_./-]*)?$`,
  uri: String.raw`^https?://[a-z0-9]+(?:\.[a-z0-9]+)*\.[a-z]{2,}(?:/[A-Za-z0-9_./-]*)?$`,
  hostname: String.raw`^[a-z0-9]{1,50}(?:\.[a-z0-9]{1,50}){0,3}$`,
  ipv4: String.raw`^(?:[1-9]?[0-9]|1[0-9][0-9])(?:\.(?:[1-9]?[0-9]|1[0-9][0-9])){3}$`,
  ipv6: String.raw`^(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$`,
  phone: String.raw`^\+[1-9][0-9]{7,13}$`,
  slug: String.raw`^[0-9a-z]+(?:-[0-9a-z]+)*$`,
};
