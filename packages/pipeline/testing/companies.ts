/** From a vendor's CSV file into `clients`, and out again to another vendor. */
export const companiesBlueprint = `
vendor: companies
version: 1
intake:
  table: clients
  key: No
  columns:
    name: { from: Name, trim: true }
    email: { from: E-Mail, format: lower }
    created_at: { from: Since, format: DD.MM.YYYY }
export:
  source: clients
  order_by: email
  output: { format: csv, delimiter: ";" }
  fields:
    - { name: MAIL, from: email, required: true }
    - { name: SINCE, from: created_at, format: YYYYMMDD }
    - { name: NAME, from: name, format: upper }
`;

/** From lines of JSON into `blueprints`: each finds its client by the address. */
export const profilesBlueprint = `
vendor: profiles
version: 1
intake:
  format: ndjson
  table: blueprints
  collection: profile_intake
  key: no
  columns:
    client_id: { from: mail, lookup: email }
    blueprint_type: { constant: profile }
    config: profile
export:
  source: [blueprints, clients]
  where: { blueprint_type: profile }
  order_by: client_id
  output: { format: fixed-width }
  fields:
    - { name: MAIL, from: clients.email, width: 30, required: true }
    - { name: TIER, from: config, path: tier, width: 2, values: { gold: G1, silver: S1 } }
`;

/** Companies as a CSV file with these lines wrong: by number, the whole line. */
export function companiesFile(count: number, wrong: Readonly<Record<number, string>> = {}): string {
  const lines = Array.from({ length: count }, (_, n) => {
    const day = String((n % 28) + 1).padStart(2, "0");
    return wrong[n] ?? `${n},Company ${n},Mail.${n}@example.com,${day}.02.2024`;
  });
  return `No,Name,E-Mail,Since\r\n${lines.join("\r\n")}\r\n`;
}

/** Profiles of the first companies, as lines of JSON. */
export function profilesFile(count: number): string {
  return Array.from(
    { length: count },
    (_, n) =>
      `{"no":${n},"mail":"mail.${n}@example.com","profile":{"tier":"${n % 2 === 0 ? "gold" : "silver"}","seats":${n}}}\n`,
  ).join("");
}
