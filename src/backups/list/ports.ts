import type { Ports } from "../../ports/ports.ts";

/** What a list reaches for. */
export type ListPorts = Pick<Ports, "clock" | "openStore">;
