export type * from "./bulk.ts";
export type * from "./collection.ts";
export { compareDocumentPaths } from "./compare-document-paths.ts";
export type { ServiceAccount } from "./credentials.ts";
export type * from "./document-inspector.ts";
export type * from "./deployed.ts";
export type * from "./document-shape.ts";
export {
  arrayRemove,
  arrayUnion,
  deleteField,
  increment,
  serverTimestamp,
  type ArrayRemove,
  type ArrayUnion,
  type DeleteField,
  type Increment,
  type ServerTimestamp,
} from "./field-change.ts";
export { documentId } from "./field-path.ts";
export {
  FirestoreError,
  type FirestoreErrorCode,
  type FirestoreErrorDetails,
} from "./firestore-error.ts";
export type * from "./firestore.ts";
export { openFirestore } from "./open-firestore.ts";
export type * from "./query.ts";
export type * from "./raw.ts";
export type { FirestoreTypes } from "./firestore-types.ts";
export type * from "./stored-document.ts";
export type * from "./validation.ts";
export type { WriteCondition } from "./write-condition.ts";
