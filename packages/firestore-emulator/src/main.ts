#!/usr/bin/env node
import { parseArgs } from "node:util";
import { EmulatorError } from "./emulator-error.ts";
import { startFirestoreEmulator } from "./emulator.ts";

const help = `Usage: firestore-emulator [options]

A Firestore server. Client libraries use it when FIRESTORE_EMULATOR_HOST names it.

  --host HOST       the address to listen on (default 127.0.0.1)
  --port PORT       the port (default 8080; 0 takes any that is free)
  --data-dir DIR    keep the data there; without it everything is in memory only
  --indexes FILE    a firestore.indexes.json: refuse queries that lack an index
  --json            say where it listens as one line of JSON on stdout
  --help, --version

Example:
  firestore-emulator --port 8080 --data-dir .firestore
  FIRESTORE_EMULATOR_HOST=127.0.0.1:8080 node app.js

Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 failed, 2 wrong usage.
`;
