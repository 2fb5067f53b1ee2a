import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  Blueprint,
  blueprintSchemas,
  clientSchemas,
  Client,
  ImoProcess,
  jsonNull,
  ModelError,
  type ClientDocument,
  type ClientInput,
  type Json,
} from "./index.ts";

/** What an instance holds, without being one. */
const propertiesOf = (instance: object): unknown => Object.fromEntries(Object.entries(instance));

const row = { id: 1, name: "Ada", email: null, created_at: "2026-01-31T04:05:06.789" };

const badDocument = (): Client =>
  Client.fromDocument("1", { email: 5, createdAt: "yesterday", metadata: [] });

describe("the models of the seed", () => {
  it("Client.fromRow makes a Client of a row, and toRow the row of it", () => {
    const client = Client.fromRow(row);
    expect(client).toBeInstanceOf(Client);
    expect(propertiesOf(client)).toEqual(row);
    expect(client.toRow()).toEqual(row);
    expectTypeOf(client.id).toEqualTypeOf<number>();
    expectTypeOf(client.email).toEqualTypeOf<string | null>();
  });

  it("Client.fromRow takes the row of another driver", () => {
    const client = Client.fromRow({ id: 1, name: "Ada", created_at: new Date(2026, 0, 31) });
    expect(client.created_at).toBe("2026-01-31T00:00:00");
    expectTypeOf(client.id).toEqualTypeOf<number | undefined>();
  });

  it("Blueprint.toJson gives JSON that comes back without loss", () => {
    const blueprint = Blueprint.parse({ client_id: 1, config: { rate: 0.1, big: 2n ** 64n } });
    const text = JSON.stringify(blueprint);
    expect(text).toBe('{"client_id":1,"config":{"rate":0.1,"big":18446744073709551616}}');
    expect(JSON.stringify(Blueprint.toJson(blueprint))).toBe(text);
    expect(JSON.stringify(blueprint.toJson())).toBe(text);
    expect(Blueprint.fromJson(text)).toEqual(blueprint);
    expect(Blueprint.fromJson(text)).toBeInstanceOf(Blueprint);
  });

  it("Client.toDocument makes the document of the design, with the field that no column has", () => {
    const { id, data } = Client.fromRow(row).toDocument({ metadata: { vip: true } });
    expect(id).toBe("1");
    expect(data).toMatchObject({ id: "1", name: "Ada", email: null, metadata: { vip: true } });
    expect(data.createdAt).toMatchObject({ seconds: 1_769_832_306, nanoseconds: 789_000_000 });
    expect(propertiesOf(Client.fromDocument(id, data))).toEqual(row);
    expect(Client.model.ownFields(data)).toEqual({ metadata: { vip: true } });
    expectTypeOf(data).toEqualTypeOf<ClientDocument>();
  });

  it("a Blueprint's document refers to its client by the id of the client's document", () => {
    const { data } = Blueprint.fromRow({
      id: 7,
      client_id: 1,
      blueprint_type: "x",
      config: jsonNull,
      created_at: null,
    }).toDocument();
    expect(data).toEqual({
      id: "7",
      clientId: "1",
      type: "x",
      config: { $json: "null" },
      createdAt: null,
    });
  });

  it("a document is refused when its id is another one than its field says, or no id of the table", () => {
    const document = { id: "1", name: "Ada" };
    expect(() => Client.fromDocument("2", document)).toThrow(
      "id: is another one in the document than in its id",
    );
    expect(() => Client.fromDocument("01", { name: "Ada" })).toThrow(
      "not an id as PostgreSQL prints it",
    );
    expect(() => Client.fromDocument("x7Zq", { name: "Ada" })).toThrow(ModelError);
    expect(propertiesOf(Client.fromDocument(undefined, { name: "Ada" }))).toEqual({ name: "Ada" });
  });

  it("a document may have fields that the registry does not know, unless they are to be refused", () => {
    const data = { name: "Ada", emial: "x" };
    expect(propertiesOf(Client.fromDocument("1", data))).toEqual({ id: 1, name: "Ada" });
    expect(() => Client.fromDocument("1", data, { unknownFields: "refuse" })).toThrow(
      "emial: is no field of it, did you mean email?",
    );
  });

  it("a document says all that is wrong with it at once", () => {
    expect(badDocument).toThrow("name: is missing");
    expect(badDocument).toThrow("email: must be a text, not a number");
    expect(badDocument).toThrow("createdAt: is not a point in time");
    expect(badDocument).toThrow("metadata: must be of type map, not an array");
  });

  it("a table without documents says so", () => {
    expect(() => ImoProcess.parse({ status: "done" }).toDocument()).toThrow(
      "is not kept in Firestore",
    );
  });

  it("infinity and years beyond Firestore's are texts in a document", () => {
    for (const [created_at, field] of [
      ["infinity", "infinity"],
      ["0044-03-15T12:00:00 BC", "0044-03-15 12:00:00 BC"],
      ["12026-01-01T00:00:00", "12026-01-01 00:00:00"],
    ] as const) {
      const { id, data } = Client.fromRow({ ...row, created_at }).toDocument();
      expect(data.createdAt).toBe(field);
      expect(Client.fromDocument(id, data).created_at).toBe(created_at);
    }
  });

  it("a class that is given a keyring or document types is still that class", () => {
    const Other = Client.with({
      documentTypes: {
        timestamp: (seconds) => `ts ${seconds}`,
        bytes: (bytes) => bytes,
        geoPoint: () => null,
        reference: () => null,
        vector: () => null,
      },
    });
    const client = Other.fromRow(row);
    expect(client).toBeInstanceOf(Client);
    expect(client.toDocument().data.createdAt).toBe("ts 1769832306");
    expectTypeOf(client.id).toEqualTypeOf<number>();
  });

  it("a subclass has its own methods, and stays the class that it is", () => {
    class Person extends Client {
      greeting(): string {
        return `Hello ${this.name}`;
      }
    }
    expect(Person.fromRow(row).greeting()).toBe("Hello Ada");
    expect(Person.parse({ name: "Bob" }).greeting()).toBe("Hello Bob");
  });

  it("the zod schemas are those of the model", () => {
    expect(clientSchemas.input.parse({ name: "Ada" })).toEqual({ name: "Ada" });
    expect(z.decode(clientSchemas.row, row)).toEqual(row);
    expect(z.encode(clientSchemas.document, row)).toEqual(Client.toDocument(row));
    expect(blueprintSchemas.shape.config.parse({ a: 1 })).toEqual({ a: 1 });
    expectTypeOf<z.input<typeof clientSchemas.input>>().toEqualTypeOf<ClientInput>();
  });

  it("the types say what may be missing, and what may be null", () => {
    const made = Client.parse({ name: "Ada" });
    expectTypeOf(made.id).toEqualTypeOf<number | undefined>();
    expectTypeOf(made.name).toEqualTypeOf<string>();
    expectTypeOf(made.email).toEqualTypeOf<string | null | undefined>();
    expectTypeOf(Blueprint.parse({}).config).toEqualTypeOf<Json | null | undefined>();
    expectTypeOf<ClientInput["created_at"]>().toEqualTypeOf<string | Date | null | undefined>();
    expectTypeOf<ClientInput>().not.toExtend<{ id: number }>();
    expectTypeOf(made).toExtend<Client>();
    expect(Object.keys(made)).toEqual(["name"]);
  });
});
