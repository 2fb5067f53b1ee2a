import { describe, expect, it } from "vitest";
import { indexSetOf, indexText, overridesOf } from "../../testing/index-set-of.ts";
import { queryOf, someReference, type Condition } from "../../testing/query-of.ts";
import type { FieldPath } from "../name/field-path.ts";
import type { ParsedQuery } from "../query/parsed-query.ts";
import { automaticIndexes } from "./index-set.ts";
import { missingIndex, requiredIndexes } from "./missing-index.ts";

/** What the service would refuse a query for, as text; `undefined` when it answers. */
function missing(query: ParsedQuery, indexes = automaticIndexes, aggregated: FieldPath[] = []) {
  const found = missingIndex(query, indexes, aggregated);
  return found && indexText(found.index);
}

function cities(...where: readonly Condition[]): ParsedQuery {
  return queryOf("cities", { where });
}

function citiesBy(orderBy: readonly string[], ...where: readonly Condition[]): ParsedQuery {
  return queryOf("cities", { where, orderBy });
}

const byRating = (...fields: readonly string[]) =>
  queryOf("restaurants", {
    where: fields.map((field): Condition => [field, "==", "x"]),
    orderBy: ["star_rating"],
  });

const landmarks = (where: readonly Condition[], orderBy: readonly string[] = []) =>
  queryOf("landmarks", { group: true, where, orderBy });

describe("queries that the documentation says single-field indexes answer", () => {
  const answered: readonly (readonly [string, ParsedQuery])[] = [
    ["one equality", cities(["state", "==", "CO"])],
    ["one range", cities(["population", "<", 100_000n])],
    ["a lower bound", cities(["name", ">=", "San Francisco"])],
    ["an array element", cities(["regions", "array-contains", "west_coast"])],
    ["one of several array elements", cities(["regions", "array-contains-any", ["a", "b"]])],
    ["one of several values", cities(["country", "in", ["USA", "Japan"]])],
    ["none of several values", cities(["country", "not-in", ["USA", "Japan"]])],
    ["another value", cities(["capital", "!=", false])],
    ["a range with two ends", cities(["state", ">=", "CA"], ["state", "<=", "IN"])],
    ["a range and its order", citiesBy(["population"], ["population", ">", 100_000n])],
    ["a descending range", citiesBy(["population desc"], ["population", ">", 1n])],
    ["an order", citiesBy(["name"])],
    ["a descending order", citiesBy(["name desc"])],
    ["several equalities", cities(["state", "==", "CO"], ["name", "==", "Denver"])],
    ["equalities of three fields", cities(["a", "==", 1n], ["b", "==", 1n], ["c", "==", 1n])],
    ["an equality and an array element", cities(["a", "==", 1n], ["b", "array-contains", 1n])],
    ["`in` and an equality", cities(["a", "in", [1n, 2n]], ["b", "==", 1n])],
    [
      "alternatives of single fields",
      cities({
        or: [
          ["a", "==", 1n],
          ["b", "==", 1n],
        ],
      }),
    ],
    ["null and NaN", cities(["a", "==", null], ["b", "==", Number.NaN])],
    ["all documents", cities()],
    ["all documents by name", citiesBy(["__name__"])],
    ["all documents of a group", queryOf("cities", { group: true })],
    ["all documents below one", queryOf("", { group: true, parent: "states/CA" })],
    ["a limit", queryOf("cities", { orderBy: ["population desc"], limit: 3 })],
    ["a name", cities(["__name__", "==", someReference("cities/SF")])],
    ["a range of names", cities(["__name__", ">", someReference("cities/SF")])],
    [
      "an equality and a range of names",
      cities(["a", "==", 1n], ["__name__", ">", someReference("cities/SF")]),
    ],
    ["an equality by descending name", citiesBy(["__name__ desc"], ["a", "==", 1n])],
    [
      "equalities by descending name",
      citiesBy(["__name__ desc"], ["a", "==", 1n], ["b", "==", 1n]),
    ],
    ["an equality by its own field", citiesBy(["a desc"], ["a", "==", 1n])],
    ["a name, by a field", citiesBy(["a"], ["__name__", "==", someReference("cities/SF")])],
  ];
  it.each(answered)("answers %s without a composite index", (_title, query) => {
    expect(missing(query)).toBeUndefined();
    expect(requiredIndexes(query)).toEqual([]);
  });
});

describe("queries that the documentation says need a composite index", () => {
  const needs: readonly (readonly [ParsedQuery, string])[] = [
    [
      citiesBy(["population"], ["country", "==", "USA"]),
      "cities: country ASC, population ASC, __name__ ASC",
    ],
    [
      cities(["country", "==", "USA"], ["population", "<", 3_800_000n]),
      "cities: country ASC, population ASC, __name__ ASC",
    ],
    [
      citiesBy(["population desc"], ["country", "==", "USA"]),
      "cities: country ASC, population DESC, __name__ DESC",
    ],
    [
      cities(["country", "in", ["USA", "Japan"]], ["population", ">", 690_000n]),
      "cities: country ASC, population ASC, __name__ ASC",
    ],
    [
      cities(["regions", "array-contains", "west_coast"], ["population", ">", 1n]),
      "cities: regions CONTAINS, population ASC, __name__ ASC",
    ],
    [citiesBy(["state", "population desc"]), "cities: state ASC, population DESC, __name__ DESC"],
    [
      cities(["population", ">", 1_000_000n], ["density", "<", 10_000n]),
      "cities: density ASC, population ASC, __name__ ASC",
    ],
    [
      queryOf("employees", {
        where: [
          ["salary", ">", 100_000n],
          ["experience", ">", 0n],
        ],
      }),
      "employees: experience ASC, salary ASC, __name__ ASC",
    ],
    [
      queryOf("employees", {
        where: [
          ["salary", ">", 100_000n],
          ["experience", ">", 0n],
        ],
        orderBy: ["salary", "experience"],
      }),
      "employees: salary ASC, experience ASC, __name__ ASC",
    ],
    [citiesBy(["__name__ desc"]), "cities: __name__ DESC"],
    [
      citiesBy(["__name__ desc"], ["__name__", ">", someReference("cities/SF")]),
      "cities: __name__ DESC",
    ],
    [citiesBy(["a", "__name__ desc"]), "cities: a ASC, __name__ DESC"],
    [cities(["a", "!=", 1n], ["b", "==", 1n]), "cities: b ASC, a ASC, __name__ ASC"],
  ];
  it.each(needs)("case %#: names the index that the console would make", (query, index) => {
    expect(missing(query)).toBe(index);
    expect(missing(query, indexSetOf(index))).toBeUndefined();
  });

  it("puts arrays first, then equalities by name, as the links of the service do", () => {
    const query = queryOf("groups", {
      where: [
        ["isArchived", "==", false],
        ["members", "array-contains", "me"],
        ["active", "==", true],
      ],
      orderBy: ["updatedAt desc"],
    });
    expect(missing(query)).toBe(
      "groups: members CONTAINS, active ASC, isArchived ASC, updatedAt DESC, __name__ DESC",
    );
  });

  it("needs one index for each alternative", () => {
    const query = citiesBy(["c"], {
      or: [
        ["a", "==", 1n],
        ["b", "==", 1n],
      ],
    });
    expect(requiredIndexes(query).map(indexText)).toEqual([
      "cities: a ASC, c ASC, __name__ ASC",
      "cities: b ASC, c ASC, __name__ ASC",
    ]);
    expect(missing(query, indexSetOf("cities: a ASC, c ASC"))).toBe(
      "cities: b ASC, c ASC, __name__ ASC",
    );
  });
});

describe("a range in one alternative", () => {
  it("orders the others too, which need its field in their index", () => {
    const query = cities({
      or: [
        ["a", "==", 1n],
        {
          and: [
            ["b", "==", 1n],
            ["c", ">", 1n],
          ],
        },
      ],
    });
    expect(requiredIndexes(query).map(indexText)).toEqual([
      "cities: a ASC, c ASC, __name__ ASC",
      "cities: b ASC, c ASC, __name__ ASC",
    ]);
  });
});

describe("the direction and the place of a field", () => {
  const query = citiesBy(["created desc", "priority"], ["owner", "==", "u"]);
  it.each([
    ["cities: owner ASC, created DESC, priority ASC", true],
    ["cities: owner DESC, created DESC, priority ASC", true],
    ["cities: owner ASC, created ASC, priority ASC", false],
    ["cities: owner DESC, created ASC, priority DESC", false],
    ["cities: created DESC, priority ASC, owner ASC", false],
    ["cities: owner ASC, created DESC", false],
    ["cities: owner ASC, created DESC, priority ASC, other ASC", false],
    ["cities: owner CONTAINS, created DESC, priority ASC", false],
    ["cities group: owner ASC, created DESC, priority ASC", false],
    ["towns: owner ASC, created DESC, priority ASC", false],
    ["cities: owner ASC, created DESC, priority ASC, __name__ ASC", true],
    ["cities: owner ASC, created DESC, priority ASC, __name__ DESC", false],
  ] as const)("an index `%s` answers: %s", (index, answers) => {
    expect(missing(query, indexSetOf(index)) === undefined).toBe(answers);
  });

  it("takes equalities in whatever order an index has them", () => {
    const three = citiesBy(["d"], ["a", "==", 1n], ["b", "==", 1n], ["c", "==", 1n]);
    expect(missing(three, indexSetOf("cities: c ASC, a DESC, b ASC, d ASC"))).toBeUndefined();
  });
});

describe("merging", () => {
  const documented = indexSetOf(
    "restaurants: category ASC, star_rating ASC",
    "restaurants: city ASC, star_rating ASC",
    "restaurants: editors_pick ASC, star_rating ASC",
  );

  it.each([
    ["category"],
    ["category", "city"],
    ["category", "city", "editors_pick"],
    ["city", "editors_pick"],
  ])("answers the documentation's restaurants by rating, case %#", (...fields) => {
    expect(missing(byRating(...fields), documented)).toBeUndefined();
  });

  it("does not merge indexes of another order", () => {
    const mixed = indexSetOf(
      "restaurants: category ASC, star_rating ASC",
      "restaurants: city ASC, star_rating DESC",
    );
    expect(missing(byRating("category", "city"), mixed)).toBe(
      "restaurants: category ASC, city ASC, star_rating ASC, __name__ ASC",
    );
  });

  it("does not make up for an order with an automatic index", () => {
    const one = indexSetOf("restaurants: category ASC, star_rating ASC");
    expect(missing(byRating("category", "city"), one)).toBeDefined();
  });

  it("merges an array's index with others in the same order", () => {
    const query = citiesBy(["b"], ["tags", "array-contains", 1n], ["a", "==", 1n]);
    expect(
      missing(query, indexSetOf("cities: tags CONTAINS, b ASC", "cities: a ASC, b ASC")),
    ).toBeUndefined();
  });
});

describe("single-field overrides", () => {
  const exempt = overridesOf({ collectionGroup: "cities", fieldPath: "note", indexes: [] });

  it("refuse an exempt field by an equality and by an order", () => {
    expect(missing(cities(["note", "==", 1n]), exempt)).toBe(
      "single cities: note ASC, __name__ ASC",
    );
    expect(missing(citiesBy(["note desc"]), exempt)).toBe(
      "single cities: note DESC, __name__ DESC",
    );
    expect(missing(cities(["other", "==", 1n]), exempt)).toBeUndefined();
  });

  it("hold for what lies in an exempt map, unless that has its own", () => {
    const query = cities(["note.text", "==", 1n]);
    expect(missing(query, exempt)).toBe("single cities: note.text ASC, __name__ ASC");
    const own = overridesOf(
      { collectionGroup: "cities", fieldPath: "note", indexes: [] },
      { collectionGroup: "cities", fieldPath: "note.text", indexes: [{ order: "ASCENDING" }] },
    );
    expect(missing(query, own)).toBeUndefined();
  });

  it("hold for all fields with `*`, but not for names", () => {
    const all = overridesOf({ collectionGroup: "cities", fieldPath: "*", indexes: [] });
    expect(missing(cities(["a", "==", 1n]), all)).toBeDefined();
    expect(missing(cities(["__name__", "in", [someReference("cities/a")]]), all)).toBeUndefined();
    expect(missing(queryOf("towns", { where: [["a", "==", 1n]] }), all)).toBeUndefined();
  });

  it("answer only in the direction that is left", () => {
    const ascending = overridesOf({
      collectionGroup: "cities",
      fieldPath: "a",
      indexes: [{ order: "ASCENDING", queryScope: "COLLECTION" }],
    });
    expect(missing(citiesBy(["a"]), ascending)).toBeUndefined();
    expect(missing(citiesBy(["a desc"]), ascending)).toBe("single cities: a DESC, __name__ DESC");
    expect(missing(cities(["a", "array-contains", 1n]), ascending)).toBe(
      "single cities: a CONTAINS, __name__ ASC",
    );
  });
});

describe("collection groups", () => {
  it.each([
    [landmarks([["type", "==", "museum"]]), "single landmarks group: type ASC, __name__ ASC"],
    [landmarks([], ["name desc"]), "single landmarks group: name DESC, __name__ DESC"],
    [
      landmarks([["tags", "array-contains", 1n]]),
      "single landmarks group: tags CONTAINS, __name__ ASC",
    ],
    [
      landmarks([
        ["make", "==", 1n],
        ["model", "==", 1n],
      ]),
      "landmarks group: make ASC, model ASC, __name__ ASC",
    ],
    [landmarks([], ["__name__ desc"]), "landmarks group: __name__ DESC"],
    [
      landmarks([["type", "==", 1n]], ["__name__ desc"]),
      "landmarks group: type ASC, __name__ DESC",
    ],
  ])("case %#: are not indexed by themselves", (query, index) => {
    expect(missing(query)).toBe(index);
  });

  it("are answered by an override for the group and leave the collection without", () => {
    const group = overridesOf({
      collectionGroup: "landmarks",
      fieldPath: "type",
      indexes: [{ order: "ASCENDING", queryScope: "COLLECTION_GROUP" }],
    });
    expect(missing(landmarks([["type", "==", 1n]]), group)).toBeUndefined();
    expect(missing(queryOf("landmarks", { where: [["type", "==", 1n]] }), group)).toBe(
      "single landmarks: type ASC, __name__ ASC",
    );
  });

  it("are not answered by a collection's composite index, nor the other way round", () => {
    const query = landmarks([["a", "==", 1n]], ["b"]);
    const single = queryOf("landmarks", { where: [["a", "==", 1n]], orderBy: ["b"] });
    const ofCollection = indexSetOf("landmarks: a ASC, b ASC");
    const ofGroup = indexSetOf("landmarks group: a ASC, b ASC");
    expect(missing(query, ofCollection)).toBe("landmarks group: a ASC, b ASC, __name__ ASC");
    expect(missing(query, ofGroup)).toBeUndefined();
    expect(missing(single, ofCollection)).toBeUndefined();
    expect(missing(single, ofGroup)).toBe("landmarks: a ASC, b ASC, __name__ ASC");
  });
});

describe("aggregations", () => {
  const filtered = cities(["state", "==", "CA"]);

  it("need the field that is added up in the index, and a count does not", () => {
    const index = "cities: state ASC, population ASC, __name__ ASC";
    expect(missing(filtered, automaticIndexes, [["population"]])).toBe(index);
    expect(missing(filtered, automaticIndexes, [])).toBeUndefined();
    expect(
      missing(filtered, indexSetOf("cities: state ASC, population ASC"), [["population"]]),
    ).toBeUndefined();
  });

  it("need nothing more for a sum of all, or of a field that is compared", () => {
    expect(missing(cities(), automaticIndexes, [["population"]])).toBeUndefined();
    expect(missing(filtered, automaticIndexes, [["state"]])).toBeUndefined();
    expect(missing(citiesBy(["a"]), automaticIndexes, [["a"]])).toBeUndefined();
  });

  it("need one index for sums of several fields, by the names of the fields", () => {
    expect(missing(cities(), automaticIndexes, [["n"], ["d"], ["n"]])).toBe(
      "cities: d ASC, n ASC, __name__ ASC",
    );
  });
});

describe("nearest vectors", () => {
  const nearest = { field: "embedding", vector: [1, 0, 0] };
  const filtered = queryOf("notes", { where: [["color", "==", "red"]], nearest });

  it("need an index of that many dimensions", () => {
    const query = queryOf("notes", { nearest });
    expect(missing(query)).toBe("notes: __name__ ASC, embedding VECTOR<3>");
    expect(missing(query, indexSetOf("notes: embedding VECTOR<3>"))).toBeUndefined();
    expect(missing(query, indexSetOf("notes: embedding VECTOR<2>"))).toBeDefined();
  });

  it("need the compared fields before the vector", () => {
    expect(missing(filtered)).toBe("notes: color ASC, __name__ ASC, embedding VECTOR<3>");
    expect(missing(filtered, indexSetOf("notes: embedding VECTOR<3>"))).toBeDefined();
    expect(missing(filtered, indexSetOf("notes: color ASC, embedding VECTOR<3>"))).toBeUndefined();
    expect(
      missing(filtered, indexSetOf("notes: color DESC, __name__ ASC, embedding VECTOR<3>")),
    ).toBeUndefined();
  });
});
