import type { Faker, Randomizer } from "@faker-js/faker";
import { faker as english } from "@faker-js/faker/locale/en";
import type { Random } from "./random.ts";

/**
 * A faker of its own that draws from `random`, with the words of a given one, which is left as it is. `now` is what
 * "recent" and "soon" are meant from, in milliseconds.
 */
export function seededFaker(random: Random, now: number, words: Faker = english): Faker {
  // The class itself only comes with every language there is, which takes ten times as long to load.
  // It begins with a seed of its own, which is not what `random` is to begin with.
  const randomizer: Randomizer = { next: () => random.next(), seed: () => {} };
  const made: unknown = Reflect.construct(words.constructor, [
    { locale: words.rawDefinitions, randomizer },
  ]);
  if (!isLike(made, words)) throw new TypeError("The locale is not a faker.");
  made.setDefaultRefDate(now);
  return made;
}

function isLike(made: unknown, words: Faker): made is Faker {
  return made instanceof words.constructor;
}
