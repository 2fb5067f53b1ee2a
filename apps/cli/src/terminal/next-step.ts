import type { Channel } from "./terminal.ts";

/** Says which command comes next. */
export function sayNext(channel: Channel, command: string): void {
  channel.line(`${channel.paint("dim", "Next:")} ${channel.paint("cyan", command)}`);
}
