export async function readSeedMigrations(): Promise<
  readonly { readonly file: string; readonly content: string }[]
> {
  await Promise.reject(new Error("not yet"));
  throw new Error("not yet");
}
