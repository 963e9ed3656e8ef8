import type { Ports } from "../../../ports/ports.ts";

/** What a restore reaches for. */
export type RestorePorts = Pick<
  Ports,
  | "clock"
  | "random"
  | "log"
  | "disk"
  | "openStore"
  | "openDatabase"
  | "dumpTools"
  | "toolInstaller"
  | "cancelled"
  | "run"
  | "version"
>;
