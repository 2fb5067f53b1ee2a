import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, isIPv4 } from "node:net";
import { TLSSocket } from "node:tls";

/** A certificate that vouches for itself, PEM. */
export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate for some names, valid from `from` to `to` (years). */
export function selfSigned(
  names: readonly string[],
  { from = 2020, to = 2120 }: { readonly from?: number; readonly to?: number } = {},
): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ecdsaWithSha256 = der(0x30, Buffer.from("06082a8648ce3d040302", "hex"));
  const name = der(0x30, der(0x31, der(0x30, Buffer.from("0603550403", "hex"), der(0x0c, "ctb"))));
  const year = (value: number): Buffer => der(0x18, `${value}0101000000Z`);
  const alternatives = names.map((one) =>
    isIPv4(one) ? der(0x87, Buffer.from(one.split(".").map(Number))) : der(0x82, one),
  );
  const authority = der(0x30, der(0x01, Buffer.of(0xff)));
  const extensions = der(
    0x30,
    der(0x30, Buffer.from("0603551d11", "hex"), der(0x04, der(0x30, ...alternatives))),
    der(0x30, Buffer.from("0603551d13", "hex"), der(0x01, Buffer.of(0xff)), der(0x04, authority)),
  );
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    ecdsaWithSha256,
    name,
    der(0x30, year(from), year(to)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, extensions),
  );
  const signature = Buffer.concat([Buffer.of(0), sign("sha256", body, privateKey)]);
  const whole = der(0x30, body, ecdsaWithSha256, der(0x03, signature));
  const lines = whole.toString("base64").replaceAll(/.{64}/g, "$&\n");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** One value of ASN.1 in its distinguished encoding. */
function der(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const { length } = body;
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.of(tag, ...size), body]);
}

/** A server that wants TLS, and hands what it decrypts to a PostgreSQL that has none. */
export interface TlsDoor extends AsyncDisposable {
  readonly port: number;
  /** How many connections came in encrypted. */
  readonly encrypted: number;
}

const sslRequest = Buffer.from("0000000804d2162f", "hex");

/** Stands before the server of a database URL. What comes without TLS goes through only when `optional`. */
export async function startTlsDoor(
  databaseUrl: string,
  { cert, key, optional = false }: SelfSigned & { readonly optional?: boolean },
): Promise<TlsDoor> {
  const { hostname, port } = new URL(databaseUrl);
  let encrypted = 0;
  const server = createServer((near) => {
    near.on("error", () => near.destroy());
    near.once("data", (first) => {
      const asks = first.equals(sslRequest);
      if (!asks && !optional) {
        near.destroy();
        return;
      }
      if (asks) near.write("S");
      const inner = asks ? new TLSSocket(near, { isServer: true, cert, key }) : near;
      const far = connect(Number(port), hostname);
      for (const socket of [inner, far])
        socket.on("error", () => void [inner.destroy(), far.destroy(), near.destroy()]);
      inner.once("secure", () => void (encrypted += 1));
      if (!asks) far.write(first);
      inner.pipe(far).pipe(inner);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: portOf(server.address()),
    get encrypted() {
      return encrypted;
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      await Promise.resolve();
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}
