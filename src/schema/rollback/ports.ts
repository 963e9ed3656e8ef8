import type { Ports } from "../../ports/ports.ts";

/** What a rollback reaches for. */
export type RollbackPorts = Pick<
  Ports,
  | "clock"
  | "random"
  | "log"
  | "openStore"
  | "openDatabase"
  | "sourceTree"
  | "scratchServers"
  | "cancelled"
  | "run"
  | "version"
>;
