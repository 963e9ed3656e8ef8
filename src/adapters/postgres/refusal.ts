import type { ServerRefusal } from "../../ports/database.ts";

type Said = Readonly<
  Partial<
    Record<
      | "severity"
      | "code"
      | "message"
      | "detail"
      | "hint"
      | "position"
      | "where"
      | "constraint"
      | "table"
      | "column",
      unknown
    >
  >
>;

/** The server's own words out of what the driver throws; undefined where it was not the server that spoke. */
export function serverRefusal(error: unknown): ServerRefusal | undefined {
  const said = (error ?? {}) as Said;
  if (typeof said.severity !== "string" || typeof said.code !== "string") return undefined;
  const text = (name: keyof Said): string | undefined => {
    const value = said[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const position = Number(text("position") ?? "");
  return {
    state: said.code,
    message: text("message") ?? "the server gave no reason",
    detail: text("detail"),
    hint: text("hint"),
    position: position > 0 ? position : undefined,
    where: text("where"),
    constraint: text("constraint"),
    table: text("table"),
    column: text("column"),
  };
}
