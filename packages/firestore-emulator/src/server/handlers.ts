import type { MethodName, Methods } from "./rpc.ts";

/** Answers a method that takes one message with one message. */
export type UnaryHandler<Name extends MethodName> = (
  request: Methods[Name][0],
  signal: AbortSignal,
) => Promise<Methods[Name][1]>;

/** Answers a method that takes one message with any number. */
export type StreamingHandler<Name extends MethodName> = (
  request: Methods[Name][0],
  signal: AbortSignal,
) => AsyncIterable<Methods[Name][1]>;
