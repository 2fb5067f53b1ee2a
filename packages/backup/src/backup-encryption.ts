/** How a backup is encrypted: to the owners of these keys, or not at all, which must be said. */
export type BackupEncryption =
  | {
      readonly kind: "age";
      /** Public keys, `age1…`. Any one of their identities opens the backup. At least one. */
      readonly recipients: readonly string[];
    }
  | { readonly kind: "none" };
