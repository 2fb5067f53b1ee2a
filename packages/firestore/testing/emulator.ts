import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import { beforeAll } from "vitest";

/** `127.0.0.1:8080` */
let host = "";

/** The server of this test file: that of FIRESTORE_EMULATOR_HOST, or one in this process. */
export function firestoreHost(): string {
  return host;
}

beforeAll(async () => {
  const given = process.env["FIRESTORE_EMULATOR_HOST"];
  if (given !== undefined && given !== "") {
    host = given;
    return undefined;
  }
  const emulator = await startFirestoreEmulator({ port: 0 });
  host = `${emulator.host}:${emulator.port}`;
  return async () => await emulator.close();
});
