// What generated code imports. Those models that this package ships import it from here, because `index.ts` exports them.
export type { FirestoreTimestamp } from "./document-types.ts";
export type { FirestoreMap, FirestoreValue } from "./firestore-value.ts";
export type { Json } from "./json.ts";
export { modelClass, type ModelClass, type ModelSchemas } from "./model-class.ts";
