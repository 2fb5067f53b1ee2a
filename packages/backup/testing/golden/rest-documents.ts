/** A document in the shape of Firestore's REST, its times left out. */
export interface StatedDocument {
  /** Below the database: `users/1/notes/a`. */
  readonly path: string;
  readonly fields: unknown;
}

export interface RestDatabase {
  /** `127.0.0.1:8080` */
  readonly host: string;
  readonly project: string;
}

interface RestCollections {
  readonly collectionIds?: readonly string[];
}

interface RestPage {
  readonly documents?: readonly {
    readonly name: string;
    readonly fields?: unknown;
    readonly createTime?: string;
  }[];
  readonly nextPageToken?: string;
}

/** Writes the lines of `documents.ndjson`, as they are written there: no number passes through a JavaScript value. */
export async function writeOverRest(database: RestDatabase, lines: string): Promise<void> {
  const writes = linesOf(lines).map((line) => {
    const { path }: StatedDocument = JSON.parse(line);
    const fields = line.slice(line.indexOf(',"fields":'));
    return `{"update":{"name":${JSON.stringify(`${root(database)}/${path}`)}${fields}}`;
  });
  const url = `http://${database.host}/v1/${root(database)}:commit`;
  await request(url, `{"writes":[${writes.join(",")}]}`);
}

/** Reads every document over HTTP, sorted by path: nothing of the backup's own code takes part. */
export async function readOverRest(database: RestDatabase): Promise<readonly StatedDocument[]> {
  const found = await below(database, "");
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The documents of `documents.ndjson` as they must be read from the project, sorted by path. */
export function statedDocuments(
  lines: string,
  projects: { readonly from: string; readonly to: string },
): readonly StatedDocument[] {
  const moved = (text: string): string =>
    text.replaceAll(
      `{"referenceValue":"projects/${projects.from}/databases/(default)/`,
      `{"referenceValue":"projects/${projects.to}/databases/(default)/`,
    );
  return linesOf(lines)
    .map((line): StatedDocument => JSON.parse(moved(line)))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter(Boolean);
}

function root({ project }: RestDatabase): string {
  return `projects/${project}/databases/(default)/documents`;
}

async function below(database: RestDatabase, path: string): Promise<StatedDocument[]> {
  const ids = path.split("/").filter(Boolean).map(encodeURIComponent);
  const base = `http://${database.host}/v1/${[root(database), ...ids].join("/")}`;
  const answer = await request(`${base}:listCollectionIds`, "{}");
  const { collectionIds = [] }: RestCollections = JSON.parse(answer);
  const found: StatedDocument[] = [];
  for (const id of collectionIds)
    for (const { name, fields = {}, createTime } of await pagesOf(
      `${base}/${encodeURIComponent(id)}`,
    )) {
      const place = name.slice(root(database).length + 1);
      // One without a time is not there; something is below it.
      if (createTime !== undefined) found.push({ path: place, fields });
      found.push(...(await below(database, place)));
    }
  return found;
}

async function pagesOf(url: string): Promise<NonNullable<RestPage["documents"]>> {
  const found: NonNullable<RestPage["documents"]>[number][] = [];
  let token: string | undefined = "";
  while (token !== undefined) {
    const query = `showMissing=true&pageSize=100&pageToken=${encodeURIComponent(token)}`;
    const page: RestPage = JSON.parse(await request(`${url}?${query}`));
    found.push(...(page.documents ?? []));
    token = page.nextPageToken === "" ? undefined : page.nextPageToken;
  }
  return found;
}

async function request(url: string, body?: string): Promise<string> {
  const response = await fetch(url, {
    headers: { authorization: "Bearer owner", "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return text;
}
