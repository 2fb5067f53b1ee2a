import { expect, test } from "vitest";
import { runCliProcess } from "../../testing/cli-process.ts";
import { imoProject } from "../../testing/imo-project.ts";

test("an export of nothing but rejected records is refused: the vendor's file stays, and the rejects say why", async () => {
  await using project = await imoProject();
  const { dir, db, options } = project;
  const run = async () => await runCliProcess(["imo", "export"], options);
  await db.query("INSERT INTO clients (name, email) VALUES ('Ann', 'ann@example.com')");
  expect((await run()).code).toBe(0);
  const good = await dir.read("exports/client_feed.csv");

  await db.query("UPDATE clients SET email = NULL");
  const refused = await run();
  expect(refused).toMatchObject({ code: 4, stdout: "" });
  expect(refused.stderr).toMatch(
    /Each of the 1 records of client_feed was rejected, so that nothing would be left\. .*The value of MAIL is missing\./u,
  );
  expect(refused.stderr).toMatch(/exports\/client_feed\.csv\.rejected\.ndjson/u);
  expect(await dir.read("exports/client_feed.csv")).toBe(good);
  expect(JSON.parse(await dir.read("exports/client_feed.csv.rejected.ndjson"))).toMatchObject({
    record: { NAME: "Ann", MAIL: null },
  });
  const { rows } = await db.query("SELECT status FROM imo_processes ORDER BY id");
  expect(rows).toEqual([{ status: "complete" }, { status: "failed" }]);

  await db.query("UPDATE clients SET email = 'new@example.com'");
  expect((await run()).code).toBe(0);
  expect(await dir.read("exports/client_feed.csv")).toBe("NAME,MAIL\nANN,new@example.com\n");
});

test("an export into a vendor's table leaves what it rejects beside exports/<vendor>, and says so", async () => {
  await using project = await imoProject();
  const { dir, db, options } = project;
  await dir.write(
    "db/vendor_blueprints/board.yml",
    `vendor: board
version: 1
export:
  source: clients
  output: { format: table, table: board_clients }
  fields:
    - { name: name, from: name }
    - { name: mail, from: email, required: true }
`,
  );
  await db.query(
    "INSERT INTO clients (name, email) VALUES ('Ann', 'ann@example.com'), ('Ben', NULL)",
  );
  const { code, stdout } = await runCliProcess(["imo", "export", "--vendor", "board"], options);
  expect(code).toBe(3);
  expect(stdout).toMatch(/all that were rejected are in exports\/board\.rejected\.ndjson/u);
  expect(JSON.parse(await dir.read("exports/board.rejected.ndjson"))).toMatchObject({
    record: { name: "Ben", mail: null },
  });
  const { rows } = await db.query("SELECT name, mail FROM board_clients");
  expect(rows).toEqual([{ name: "Ann", mail: "ann@example.com" }]);
});
