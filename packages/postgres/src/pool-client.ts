import { Client, type ClientConfig } from "pg";

/**
 * A client that hangs up when it cannot log in. `pg` 8.23 reports what it cannot answer (a password that is asked for and
 * not there, a server that cannot prove itself) and keeps the socket: the server would wait for its authentication_timeout.
 */
export class PoolClient extends Client {
  constructor(config?: ClientConfig) {
    super(config);
    const { connection } = this;
    connection.on("error", () => connection.stream.destroy());
  }
}
