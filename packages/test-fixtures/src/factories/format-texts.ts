import type { ColumnFormat } from "@ctb-data/registry";
import type { Faker } from "@faker-js/faker";

/** Texts of a format of the registry. */
export interface FormatTexts {
  readonly capacity: number;
  /** As in a maker: finds the number of an `nth` again. Undefined where it is not in digits. */
  readonly numberIn: string | undefined;
  /** Texts of a number from 1, the nicest first, the shortest last: all are of this number alone. */
  readonly nth: (number: number, faker: Faker) => readonly string[];
  readonly sample: (faker: Faker) => string;
  /** The shortest ones: where none of them fits, no text of the format does. */
  readonly smallest: readonly string[];
}

/** Letters of ASCII, in small; never empty. */
function plain(text: string): string {
  const letters = text.normalize("NFKD").toLowerCase().replaceAll(/[^a-z]/g, "");
  return letters === "" ? "user" : letters;
} // prettier-ignore

const local = (faker: Faker): string =>
  `${plain(faker.person.firstName())}.${plain(faker.person.lastName())}`;

const slug = (faker: Faker): string => `${plain(faker.lorem.word())}-${plain(faker.lorem.word())}`;

/** The formats that a column can have. Addresses are those that are kept for examples. */
export const formatTexts: Readonly<Record<ColumnFormat, FormatTexts>> = {
  email: {
    capacity: 1e15,
    numberIn: String.raw`(\d+)@`,
    nth: (number, faker) => [`${local(faker)}${number}@example.com`, `u${number}@example.com`, `u${number}@b.co`],
    sample: (faker) => `${local(faker)}@example.com`,
    smallest: ["a@b.co", "u1@b.co"],
  },
  url: {
    capacity: 1e15,
    numberIn: String.raw`(\d+)$`,
    nth: (number, faker) => [`https://www.example.com/${slug(faker)}-${number}`, `https://example.com/${number}`, `http://a/${number}`],
    sample: (faker) => `https://www.example.com/${slug(faker)}`,
    smallest: ["http://a"],
  },
  uri: {
    capacity: 1e15,
    numberIn: String.raw`(\d+)$`,
    nth: (number, faker) => [`urn:example:${slug(faker)}-${number}`, `a:${number}`],
    sample: (faker) => `urn:example:${slug(faker)}`,
    smallest: ["a:b"],
  },
  hostname: {
    capacity: 1e15,
    numberIn: String.raw`^\D+(\d+)\.`,
    nth: (number, faker) => [`${plain(faker.lorem.word())}${number}.example.com`, `h${number}.b`],
    sample: (faker) => `${plain(faker.lorem.word())}.example.com`,
    smallest: ["a.b", "a"],
  },
  ipv4: {
    capacity: 2 ** 24 - 1,
    numberIn: undefined,
    nth: (number) => [`10.${number >>> 16}.${(number >>> 8) & 255}.${number & 255}`],
    sample: (faker) => `10.${faker.number.int(255)}.${faker.number.int(255)}.${faker.number.int(255)}`,
    smallest: ["0.0.0.0"],
  },
  ipv6: {
    capacity: 2 ** 48 - 1,
    numberIn: undefined,
    nth: (number) => [`2001:db8::1:${Math.floor(number / 2 ** 32).toString(16)}:${(Math.floor(number / 2 ** 16) % 2 ** 16).toString(16)}:${(number % 2 ** 16).toString(16)}`],
    sample: (faker) => `2001:db8::${faker.number.int(65_535).toString(16)}`,
    smallest: ["::"],
  },
  phone: {
    capacity: 7_000_000_000,
    numberIn: undefined,
    nth: (number) => [`+1${2_000_000_000 + number}`],
    sample: (faker) => `+1${faker.number.int({ min: 2_000_000_000, max: 9_999_999_999 })}`,
    smallest: ["+12000000000"],
  },
  slug: {
    capacity: 1e15,
    numberIn: String.raw`(\d+)$`,
    nth: (number, faker) => [`${slug(faker)}-${number}`, `a-${number}`, String(number)],
    sample: slug,
    smallest: ["a", "1"],
  },
}; // prettier-ignore
