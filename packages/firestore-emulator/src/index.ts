export { startFirestoreEmulator, type FirestoreEmulator } from "./emulator.ts";
export { EmulatorError, type EmulatorErrorCode } from "./emulator-error.ts";
export type { EmulatorOptions } from "./emulator-options.ts";
export { readServerInfo, type ServerInfo } from "./persistence/data-folder.ts";
