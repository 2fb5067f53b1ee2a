import { Blueprint } from "@ctb-data/models";
import { expect, expectTypeOf, test } from "vitest";
import { everyType, type Everything } from "../testing/registries.ts";
import { openTestFirestore } from "../testing/test-firestore.ts";
import { deleteField, increment } from "./field-change.ts";

test("the compiler knows the fields and their values", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const check = (): void => {
    const notes = firestore.collection("notes");
    // @ts-expect-error -- no such collection
    firestore.collection("note");
    // @ts-expect-error -- no such field
    notes.where("txt", "==", "a");
    // @ts-expect-error -- another type
    notes.where("text", "==", 5);
    // @ts-expect-error -- a list is needed
    notes.where("text", "in", "a");
    // @ts-expect-error -- not a list of numbers
    notes.where("text", "in", [5]);
    // @ts-expect-error -- text is missing
    void notes.doc("1").set({ count: 1 });
    // @ts-expect-error -- a text has no increment
    void notes.doc("1").update({ text: increment(1) });
    // @ts-expect-error -- it is required
    void notes.doc("1").update({ text: deleteField() });
    // @ts-expect-error -- a cursor has the values of the order
    notes.orderBy("count").startAt("a");
    // @ts-expect-error -- one value more than the order
    notes.orderBy("text").startAt("a", "b");
    notes.orderBy("text").orderBy("count", "desc").startAt("a", 5).limit(1);
    notes.where("extra.any.thing", ">", 5).where("at", "<", new Date());
    notes.where(({ or, field }) => or(field("text", "in", ["a"]), field("done", "==", null)));
    // @ts-expect-error -- another type
    notes.where(({ field }) => field("done", "==", "yes"));
    const blueprints = firestore.collection(Blueprint);
    // @ts-expect-error -- its documents hold it as a text
    blueprints.where("clientId", "==", 5);
    // @ts-expect-error -- a query is no collection
    notes.limit(1).doc("1");
    // @ts-expect-error -- nothing can be written there
    void firestore.at(new Date()).collection("notes").add({ text: "t" });
  };
  expect(check).toBeTypeOf("function");
  const [first] = await firestore.collection("notes").select("text", "count").get();
  expectTypeOf(first?.data).toEqualTypeOf<
    Pick<Everything["notes"], "text" | "count"> | undefined
  >();
});
