import type { Ports } from "../../ports/ports.ts";

/** What a backup reaches for. */
export type BackupPorts = Pick<
  Ports,
  | "clock"
  | "random"
  | "log"
  | "openStore"
  | "openDatabase"
  | "dumpTools"
  | "toolInstaller"
  | "remember"
  | "cancelled"
  | "run"
  | "version"
  | "surface"
>;
