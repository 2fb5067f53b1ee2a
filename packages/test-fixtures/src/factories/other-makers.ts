import { allEdges, listMaker, type ColumnMaker, type MakingContext } from "./column-maker.ts"; // prettier-ignore
import type { ColumnDomain } from "./column-domain.ts";
import { mix } from "./random.ts";

/** A maker of boolean. */
export function booleanMaker({ oneOf, noneOf }: ColumnDomain): ColumnMaker {
  const texts = ["f", "t"].filter((text) => oneOf?.includes(text) !== false && !noneOf.has(text));
  return listMaker(texts.map((text) => text === "t"));
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** A maker of uuid: of version 4 in looks. The number of an `nth` stands in its last 12 digits. */
export const uuidMaker: ColumnMaker = {
  capacity: 2 ** 48,
  isRandom: true,
  nth: (index, { random }) => {
    // The order of the numbers is not that of the ids, as with ids by chance.
    const low = mix(index % 2 ** 32);
    const high = mix(Math.floor(index / 2 ** 32)) % 2 ** 16;
    return `${randomHead(random.bits(), random.bits(), random.bits())}-${hex(high, 4)}${hex(low, 8)}`;
  },
  sample: ({ random }) =>
    `${randomHead(random.bits(), random.bits(), random.bits())}-${hex(random.int(0, 2 ** 48 - 1), 12)}`,
  edge: (edge) => {
    if (edge === "longest") return "ffffffff-ffff-ffff-ffff-ffffffffffff";
    return edge === "smallest" ? "00000000-0000-0000-0000-000000000000" : undefined;
  },
};

function randomHead(a: number, b: number, c: number): string {
  const variant = 0x80_00 | (c % 0x40_00);
  return `${hex(a, 8)}-${hex(b >>> 16, 4)}-4${hex(b & 0xf_ff, 3)}-${hex(variant, 4)}`;
}

function randomBytes({ random }: MakingContext, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.bits() & 255);
}

/** A maker of bytea. */
export function bytesMaker({ maxIndexBytes }: ColumnDomain): ColumnMaker {
  const most = Math.min(maxIndexBytes ?? 10_000, 10_000);
  return {
    capacity: 2 ** 48,
    isRandom: true,
    nth: (index, context) => {
      const bytes = randomBytes(context, 16);
      for (let at = 0; at < 6; at += 1) bytes[10 + at] = Math.floor(index / 256 ** (5 - at)) % 256;
      return bytes;
    },
    sample: (context) => randomBytes(context, context.random.int(4, 32)),
    edge: (edge) => {
      if (edge === "longest") return Uint8Array.from({ length: most }, (_, index) => mix(index) & 255);
      if (edge === "smallest") return new Uint8Array(0);
      // What an escape format or a C text would stumble over.
      return edge === "special" ? Uint8Array.of(0, 92, 10, 13, 9, 39, 34, 255) : undefined;
    },
  };
} // prettier-ignore

/** A maker of inet: addresses of private networks. */
export const inetMaker: ColumnMaker = {
  capacity: 2 ** 48,
  nth: (index) => {
    if (index < 2 ** 24) return `10.${index >>> 16}.${(index >>> 8) & 255}.${index & 255}`;
    const words = [Math.floor(index / 2 ** 32), Math.floor(index / 2 ** 16) % 2 ** 16, index % 2 ** 16]; // prettier-ignore
    return `fd00::1:${words.map((word) => word.toString(16)).join(":")}`;
  },
  sample: ({ random }) => `10.${random.int(0, 255)}.${random.int(0, 255)}.${random.int(1, 254)}`,
  edge: (edge) => {
    if (edge === "longest") return "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127";
    if (edge === "smallest") return "0.0.0.0/0";
    return edge === "special" ? "::ffff:10.1.2.3" : undefined;
  },
};

/** A maker of an enum: of those of its values that the checks allow. */
export function enumMaker({ type, oneOf, noneOf }: ColumnDomain): ColumnMaker {
  const values = type.kind === "enum" ? type.values : [];
  return listMaker(values.filter((value) => oneOf?.includes(value) !== false && !noneOf.has(value)));
} // prettier-ignore

/** A maker of arrays. The rules are those of each element. */
export function arrayMaker(item: ColumnMaker, domain: ColumnDomain): ColumnMaker {
  const { dimensions, kind } = domain.type;
  const nest = (items: readonly unknown[]): readonly unknown[] =>
    Array.from({ length: dimensions - 1 }).reduce<readonly unknown[]>((inner) => [inner], items);
  const many = domain.maxIndexBytes === undefined ? 100 : 4;
  return {
    capacity: arrayCapacity(item),
    nth: (index, context) =>
      nest(item.capacity < 1000 ? digitsOf(index, item, context) : [item.nth(index, context)]),
    sample: (context) =>
      item.capacity === 0 ? [] : nest(Array.from({ length: context.random.int(1, 3) }, () => item.sample(context))),
    edge: (edge, context) => {
      if (edge === "smallest" || item.capacity === 0) return [];
      if (edge === "special") {
        const values = allEdges.map((each) => (each === "nulls" ? null : item.edge(each, context)));
        // Elements of jsonb[] that are null are SQL's, as those of the others.
        const shown = values.filter((value) => value !== undefined);
        return nest(domain.maxIndexBytes === undefined || kind !== "text" ? shown : [null, item.sample(context)]);
      }
      const value = item.edge(edge, context) ?? item.sample(context);
      const isLong = domain.maxIndexBytes !== undefined || typeof value === "object" || (typeof value === "string" && value.length > 1000);
      return nest(Array.from({ length: edge === "longest" ? (isLong ? 1 : many) : 2 }, () => value));
    },
  };
} // prettier-ignore

function arrayCapacity({ capacity }: ColumnMaker): number {
  if (capacity < 2) return capacity === 0 ? 1 : 1000;
  return capacity < 1000 ? 2 ** 40 : capacity;
}

/** A number in the digits that the elements are: of few elements there are many arrays all the same. */
function digitsOf(index: number, item: ColumnMaker, context: MakingContext): readonly unknown[] {
  // Of a single element only the length tells arrays apart.
  if (item.capacity === 0) return [];
  if (item.capacity === 1)
    return Array.from({ length: (index % 1000) + 1 }, () => item.nth(0, context));
  const digits: unknown[] = [];
  // Bijective numeration: no two numbers have the same digits, leading ones included.
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / item.capacity)) {
    digits.push(item.nth((rest - 1) % item.capacity, context));
  }
  return digits;
}
