export type { Ports } from "../ports/ports.ts";
