// @firestore-emulator/server has no program to start: this is it, on the port that is given.
import { FirestoreServer } from "@firestore-emulator/server";

await new FirestoreServer().start(Number(process.argv[2]));
