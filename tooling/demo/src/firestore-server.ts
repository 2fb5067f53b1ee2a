import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";

/* The Firestore server of the demo, in a process of its own: it can be killed. Arguments: its data folder and port (0: any). */

const [dataDir = "", port = "0"] = process.argv.slice(2);
// A terminal sends Ctrl-C to this process too. Its end comes with that of its stdin, however the demo ends.
process.on("SIGINT", () => undefined);
const server = await startFirestoreEmulator({ dataDir, port: Number(port) });
process.stdin.resume().once("close", () => {
  void server.close();
});
process.stdout.write(`${server.port}\n`);
