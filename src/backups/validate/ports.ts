import type { Ports } from "../../ports/ports.ts";

/** What a validation reaches for. */
export type ValidatePorts = Pick<
  Ports,
  | "clock"
  | "random"
  | "log"
  | "disk"
  | "openStore"
  | "openDatabase"
  | "dumpTools"
  | "scratchServers"
  | "toolInstaller"
  | "cancelled"
  | "run"
  | "version"
>;
