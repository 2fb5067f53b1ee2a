export { decoderOf, encoderOf, type Decode, type Encode, type TextType } from "./column-text.ts";
export {
  neutralDocumentTypes,
  type DocumentTypes,
  type FirestoreGeoPoint,
  type FirestoreReference,
  type FirestoreTimestamp,
  type FirestoreVector,
} from "./document-types.ts";
export { generateModels, type GeneratedFile, type GenerateOptions } from "./generate-models.ts";
export { jsonNull, type Json, type JsonObject, type RawJson } from "./json.ts";
export { parseKeyring, type ColumnPlace, type Keyring } from "./keyring.ts";
export { ModelError, type ModelErrorCode, type ModelIssue } from "./model-error.ts";
export {
  modelTable,
  type ModelColumn,
  type ModelField,
  type ModelTable,
  type ModelTableLiteral,
} from "./model-table.ts";
export type { ModelValue } from "./model-value.ts";
export {
  type AnyValue,
  type DocumentWithId,
  type FromDocumentOptions,
  type Model,
  type ModelOptions,
  type ModelShape,
} from "./model.ts";
export { checkGenerated, writeGenerated, type GeneratedDifference } from "./write-generated.ts";
export { valueFromText, valueToText } from "./value-text.ts";
export { modelOf, modelsOf } from "./model-of.ts";
