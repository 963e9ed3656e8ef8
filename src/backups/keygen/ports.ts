import type { Ports } from "../../ports/ports.ts";

/** What making keys reaches for. */
export type KeygenPorts = Pick<Ports, "clock" | "disk" | "mask" | "surface">;
