export { decoderOf, encoderOf, type Decode, type Encode, type TextType } from "./column-text.ts";
export {
  neutralDocumentTypes,
  type DocumentTypes,
  type FirestoreGeoPoint,
  type FirestoreReference,
  type FirestoreTimestamp,
  type FirestoreVector,
} from "./document-types.ts";
export { generatedHeader, generatedHeaderOf, generatedMember } from "./generated-header.ts";
export { generateModels, type GeneratedFile, type GenerateOptions } from "./generate-models.ts";
export { inputReaderOf } from "./input-reader.ts";
export {
  isRawJson,
  jsonFromText,
  jsonNull,
  type Json,
  type JsonObject,
  type RawJson,
} from "./json.ts";
export type { BlindIndexOptions, ColumnCipher } from "./column-cipher.ts";
export type { FirestoreMap, FirestoreValue } from "./firestore-value.ts";
export { parseKeyring, type ColumnPlace, type Keyring } from "./keyring.ts";
export {
  modelClass,
  type ModelClass,
  type ModelInstance,
  type ModelMethods,
  type ModelSchemas,
  type ModelTypes,
} from "./model-class.ts";
export { ModelError, type IssueCode, type ModelErrorCode, type ModelIssue } from "./model-error.ts";
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
export { nearestName } from "./nearest-name.ts";
export { checkGenerated, writeGenerated, type GeneratedDifference } from "./write-generated.ts";
export { valueFromText, valueToText } from "./value-text.ts";
export { modelOf, modelsOf } from "./model-of.ts";
export {
  Blueprint,
  type BlueprintDocument,
  type BlueprintInput,
  type BlueprintRow,
  type BlueprintValue,
  blueprintSchemas,
  Client,
  type ClientDocument,
  type ClientInput,
  type ClientRow,
  type ClientValue,
  clientSchemas,
  ImoProcess,
  type ImoProcessInput,
  type ImoProcessRow,
  type ImoProcessValue,
  imoProcessSchemas,
} from "./seed/index.ts";
