import { describe, expect, it } from "vitest";
import { queryOf } from "../../testing/query-of.ts";
import type { ParsedQuery } from "../query/parsed-query.ts";
import { statusCodes } from "../rpc-error.ts";
import { automaticIndexes } from "./index-set.ts";
import { missingIndexError } from "./missing-index-error.ts";
import { missingIndex } from "./missing-index.ts";

function refusal(database: string, query: ParsedQuery, planOnly = false) {
  const missing = missingIndex(query, automaticIndexes);
  if (!missing) throw new Error("Nothing is missing.");
  return missingIndexError(database, missing, planOnly);
}

const database = "projects/p/databases/(default)";

describe("the refusal of a query without its index", () => {
  it("has the code and, byte for byte, a link that the service gave for an array, an equality and an order", () => {
    const query = queryOf("posts", {
      where: [
        ["published", "==", true],
        ["tags", "array-contains", "news"],
      ],
      orderBy: ["createdAt desc"],
    });
    const error = refusal("projects/website-2e501/databases/(default)", query);
    expect(error.code).toBe(statusCodes.FAILED_PRECONDITION);
    expect(error.details).toBe(
      "The query requires an index. You can create it here: https://console.firebase.google.com/v1/r/project/website-2e501/firestore/indexes?create_composite=Cktwcm9qZWN0cy93ZWJzaXRlLTJlNTAxL2RhdGFiYXNlcy8oZGVmYXVsdCkvY29sbGVjdGlvbkdyb3Vwcy9wb3N0cy9pbmRleGVzL18QARoICgR0YWdzGAEaDQoJcHVibGlzaGVkEAEaDQoJY3JlYXRlZEF0EAIaDAoIX19uYW1lX18QAg",
    );
  });

  it("is the service's for two orders, nested fields and all", () => {
    const query = queryOf("logs", {
      where: [["meta.userId", "==", "u"]],
      orderBy: ["timestamp desc", "timestamp._seconds desc"],
    });
    expect(refusal("projects/rds-backend-1054f/databases/(default)", query).details).toBe(
      "The query requires an index. You can create it here: https://console.firebase.google.com/v1/r/project/rds-backend-1054f/firestore/indexes?create_composite=Ck5wcm9qZWN0cy9yZHMtYmFja2VuZC0xMDU0Zi9kYXRhYmFzZXMvKGRlZmF1bHQpL2NvbGxlY3Rpb25Hcm91cHMvbG9ncy9pbmRleGVzL18QARoPCgttZXRhLnVzZXJJZBABGg0KCXRpbWVzdGFtcBACGhYKEnRpbWVzdGFtcC5fc2Vjb25kcxACGgwKCF9fbmFtZV9fEAI",
    );
  });

  it("is the service's for a field of a collection group", () => {
    const query = queryOf("posts", { group: true, orderBy: ["createdAt desc"] });
    expect(refusal("projects/flutter-test-app-bd9a5/databases/(default)", query).details).toBe(
      "The query requires a COLLECTION_GROUP_DESC index for collection posts and field createdAt. You can create it here: https://console.firebase.google.com/v1/r/project/flutter-test-app-bd9a5/firestore/indexes?create_exemption=Cltwcm9qZWN0cy9mbHV0dGVyLXRlc3QtYXBwLWJkOWE1L2RhdGFiYXNlcy8oZGVmYXVsdCkvY29sbGVjdGlvbkdyb3Vwcy9wb3N0cy9maWVsZHMvY3JlYXRlZEF0EAIaDQoJY3JlYXRlZEF0EAI",
    );
  });

  it("is the service's for two equalities in a collection group", () => {
    const query = queryOf("cars", {
      group: true,
      where: [
        ["model", "==", "330"],
        ["make", "==", "bmw"],
      ],
    });
    expect(refusal("projects/csen268-s25-g0/databases/(default)", query).details).toContain(
      "/indexes?create_composite=Cktwcm9qZWN0cy9jc2VuMjY4LXMyNS1nMC9kYXRhYmFzZXMvKGRlZmF1bHQpL2NvbGxlY3Rpb25Hcm91cHMvY2Fycy9pbmRleGVzL18QAhoICgRtYWtlEAEaCQoFbW9kZWwQARoMCghfX25hbWVfXxAB",
    );
  });

  it.each([
    [["a", "==", 1n], "COLLECTION_GROUP_ASC"],
    [["a", "array-contains", 1n], "COLLECTION_GROUP_CONTAINS"],
  ] as const)("names the kind of single-field index, case %#", (condition, kind) => {
    const query = queryOf("posts", { group: true, where: [condition] });
    expect(refusal(database, query).details).toContain(
      `The query requires a ${kind} index for collection posts and field a.`,
    );
  });

  it("points to the guide when several fields have ranges", () => {
    const where = [
      ["a", ">", 1n],
      ["b", "<", 1n],
    ] as const;
    expect(refusal(database, queryOf("k", { where })).details).toMatch(
      / \.\nThe query contains range and inequality filters on multiple fields, please refer to the documentation for index selection best practices: https:\/\/cloud\.google\.com\/firestore\/docs\/query-data\/multiple-range-fields\.$/u,
    );
  });

  it("gives the command for a vector, with the compared fields first", () => {
    const query = queryOf("qvec", {
      where: [["n", "==", 1n]],
      nearest: { field: "emb", vector: [1, 0, 0] },
    });
    expect(refusal(database, query).details).toBe(
      `Missing vector index configuration. Please create the required index with the following gcloud command: gcloud firestore indexes composite create --project=p --collection-group=qvec --query-scope=COLLECTION --field-config=order=ASCENDING,field-path=n --field-config=vector-config='{"dimension":"3","flat": "{}"}',field-path=emb`,
    );
  });

  it("leads to the database that was asked when it is not the default one", () => {
    const name = "projects/p/databases/other";
    const query = queryOf("k", { where: [["a", "==", 1n]], orderBy: ["b"] });
    expect(refusal(name, query).details).toContain("/project/p/firestore/databases/other/indexes?");
    const nearest = queryOf("k", { nearest: { field: "v", vector: [1] } });
    expect(refusal(name, nearest).details).toContain(" --database=other ");
  });

  it("says less when the query was only to be explained", () => {
    const query = queryOf("k", { where: [["a", "==", 1n]], orderBy: ["b"] });
    expect(refusal(database, query, true).details).toBe("no matching index found.");
  });
});
