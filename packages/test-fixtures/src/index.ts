export { FixtureError, type FixtureErrorCode, type FixtureErrorDetails } from "./fixture-error.ts";
