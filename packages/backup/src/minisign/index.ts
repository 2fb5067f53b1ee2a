export { decryptSigningKey } from "./decrypt-signing-key.ts";
export { signMessage, type SignMessageOptions } from "./sign-message.ts";
export {
  generateSigningKey,
  parseSigningKey,
  publicKeyOf,
  type SigningKey,
  type SigningKeyPair,
} from "./signing-key.ts";
export { parseTrustedKey, type TrustedKey } from "./trusted-key.ts";
export {
  verifySignature,
  type VerifiedSignature,
  type VerifySignatureOptions,
} from "./verify-signature.ts";
