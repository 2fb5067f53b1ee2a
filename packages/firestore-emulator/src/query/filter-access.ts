import type { FieldPath } from "../name/field-path.ts";
import { formatFieldPath } from "../name/field-path.ts";
import { pathOfName } from "../name/path-of-name.ts";
import type { OrderedDocuments } from "../store/document-index.ts";
import { edgeAtValue, intersection, type IndexRange } from "../store/index-range.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import { Reference } from "../value/reference.ts";
import type { Value } from "../value/value.ts";
import { unionOf, type Access } from "./access.ts";
import { isComparable } from "./check-query-value.ts";
import type { DocumentSources } from "./document-sources.ts";
import { operandsOf } from "./parse-filter.ts";
import { isDocumentName } from "./parse-query-field.ts";
import type {
  CompositeFilter,
  FieldFilter,
  FieldOperator,
  Filter,
  ParsedQuery,
} from "./parsed-query.ts";
import { filterRange } from "./value-range.ts";

/** As few documents as it is not worth looking for another index to make them fewer. */
export const fewDocuments = 32;

/** What is needed to find the documents of a query by its comparisons. */
export interface AccessContext {
  readonly sources: DocumentSources;
  readonly query: ParsedQuery;
  readonly compare: (left: StoredDocument, right: StoredDocument) => number;
}

/** The comparisons of a filter that all must hold, and the alternatives of which one must. */
export function conjunctionOf(filter: Filter | undefined): {
  readonly fields: readonly FieldFilter[];
  readonly alternatives: readonly CompositeFilter[];
} {
  if (!filter) return { fields: [], alternatives: [] };
  if (filter.kind === "field") return { fields: [filter], alternatives: [] };
  if (filter.kind === "or") return { fields: [], alternatives: [filter] };
  const parts = filter.filters.map(conjunctionOf);
  return {
    fields: parts.flatMap(({ fields }) => fields),
    alternatives: parts.flatMap(({ alternatives }) => alternatives),
  };
}

/**
 * The best way to find the documents for which a filter holds by an index; `undefined` when there is none. Looks at one index
 * after the other, those first that are likely to leave the fewest, and stops when one leaves few enough: an index that is not
 * asked for need not be made.
 */
export function filterAccess(
  context: AccessContext,
  filter: Filter | undefined,
): Access | undefined {
  const { fields, alternatives } = conjunctionOf(filter);
  const byRank = [
    ...[...groupedByField(fields)].map((group) => rangeCandidate(context, group)),
    ...fields.filter(hasOperands).map((field) => operandCandidate(context, field)),
    ...alternatives.map((one) => ({ rank: 5, open: () => alternativeAccess(context, one) })),
  ].toSorted((left, right) => left.rank - right.rank);
  let best: Access | undefined;
  for (const { open } of byRank) {
    if (best && best.estimate <= fewDocuments) break;
    const access = open();
    if (access && (!best || access.estimate < best.estimate)) best = access;
  }
  return best;
}

interface Candidate {
  /** The lower, the fewer documents it is likely to leave. */
  readonly rank: number;
  readonly open: () => Access | undefined;
}

const rangeOperators: ReadonlySet<FieldOperator> = new Set(["==", "<", "<=", ">", ">="]);

function groupedByField(fields: readonly FieldFilter[]): Iterable<readonly FieldFilter[]> {
  const groups = new Map<string, FieldFilter[]>();
  for (const filter of fields) {
    if (!rangeOperators.has(filter.operator)) continue;
    const key = formatFieldPath(filter.field);
    const group = groups.get(key);
    if (group) group.push(filter);
    else groups.set(key, [filter]);
  }
  return groups.values();
}

/** By the range of one field where several comparisons hold. */
function rangeCandidate(context: AccessContext, group: readonly FieldFilter[]): Candidate {
  const equality = group.find(({ operator }) => operator === "==");
  const [{ field } = { field: [] }] = group;
  if (isDocumentName(field)) {
    return equality
      ? { rank: 0, open: () => lookup(context, [equality.value]) }
      : { rank: 4, open: () => nameAccess(context, filterRange(group)) };
  }
  return {
    rank: equality ? 1 : 4,
    open: () =>
      indexAccess(context, {
        index: context.sources.byValue(field),
        range: filterRange(group),
        field,
        fixed: equality ? field : undefined,
      }),
  };
}

function hasOperands({ operator }: FieldFilter): boolean {
  return operator === "in" || operator === "array-contains" || operator === "array-contains-any";
}

/** By each of several values, or by an element. */
function operandCandidate(
  context: AccessContext,
  { field, operator, value }: FieldFilter,
): Candidate {
  const operands = operandsOf(operator, value).filter(isComparable);
  if (isDocumentName(field)) return { rank: 0, open: () => lookup(context, operands) };
  const isElement = operator !== "in";
  return {
    rank: isElement ? 3 : 2,
    open: () => {
      const { sources, compare } = context;
      const index = isElement ? sources.byElement(field) : sources.byValue(field);
      if (!index) return undefined;
      const parts = operands.map((operand) =>
        indexAccess(context, {
          index,
          range: { from: [edgeAtValue(operand, false)], to: [edgeAtValue(operand, true)] },
          field,
          fixed: isElement ? [] : field,
        }),
      );
      return unionOf(
        parts.filter((part) => part !== undefined),
        compare,
      );
    },
  };
}

function alternativeAccess(
  context: AccessContext,
  { filters }: CompositeFilter,
): Access | undefined {
  const parts: Access[] = [];
  for (const filter of filters) {
    const part = filterAccess(context, filter);
    if (!part) return undefined;
    parts.push(part);
  }
  return unionOf(parts, context.compare);
}

/** The documents of these names. */
function lookup({ sources }: AccessContext, names: readonly Value[]): Access {
  const found = new Set<StoredDocument>();
  for (const name of names) {
    const document = name instanceof Reference ? sources.at(pathOfName(name.name)) : undefined;
    if (document) found.add(document);
  }
  return { estimate: found.size, order: "none", fields: [["__name__"]], open: () => found };
}

function nameAccess({ sources }: AccessContext, range: IndexRange): Access | undefined {
  const index = sources.byName();
  if (!index) return undefined;
  const { estimate, open } = walk(index, intersection(range, sources.nameRange), false);
  return { estimate, open, order: "none", fields: [["__name__"]] };
}

interface IndexPart {
  readonly index: OrderedDocuments | undefined;
  readonly range: IndexRange;
  readonly field: FieldPath;
  /** The field that has one value in the whole of the range; empty when none has, `undefined` when it has many. */
  readonly fixed: FieldPath | undefined;
}

function indexAccess({ query }: AccessContext, part: IndexPart): Access | undefined {
  const { index, range, field, fixed } = part;
  if (!index) return undefined;
  const orders = fixed ? query.orderBy.filter((order) => !isSame(order.field, fixed)) : [];
  const [last, ...others] = orders;
  // The last order is always that of the names, which an index has its entries of one value in.
  const isOrdered = last !== undefined && others.length === 0;
  const { estimate, open } = walk(index, range, isOrdered && last.descending);
  return { estimate, open, order: isOrdered ? "query" : "none", fields: [field] };
}

function isSame(left: FieldPath, right: FieldPath): boolean {
  return formatFieldPath(left) === formatFieldPath(right);
}

/** A part of an index, read in one direction. */
export function walk(
  index: OrderedDocuments,
  range: IndexRange,
  descending: boolean,
): Pick<Access, "estimate" | "open"> {
  return { estimate: index.count(range), open: () => index.walk(range, descending) };
}
