import { describe, expect, it } from "@jest/globals";
import { headlineFinding } from "../../../../src/backups/copy/judging/headline.ts";

describe("the headline", () => {
  const difference = (about: string, name: string, message = "is missing") =>
    ({ severity: "difference", about, name, message }) as const;
  const said = (entry: string, message: string) =>
    ({ severity: "gap", about: "pg_restore", name: entry, message: `reported: ${message}` }) as const;

  it("is a loss of rows before everything", () => {
    const rows = difference("table", "public.t", "holds 0 rows, the source held 5 rows");
    expect(
      headlineFinding([
        difference("owner", "event-trigger et"),
        difference("event-trigger", "et"),
        rows,
        said("EVENT TRIGGER et postgres", "permission denied"),
      ]),
    ).toBe(rows);
  });

  it("is what pg_restore said of the missing object, not that it is missing, nor what follows", () => {
    const reason = said("EVENT TRIGGER et postgres", 'permission denied to create event trigger "et"');
    const trigger = difference("event-trigger", "et");
    expect(
      headlineFinding([difference("owner", "event-trigger et"), trigger, said("ACL t", "no"), reason]),
    ).toBe(reason);
    expect(headlineFinding([difference("owner", "event-trigger et"), trigger, said("ACL t", "no")])).toBe(
      trigger,
    );
    const made = said("FUNCTION f(integer) postgres", "syntax error");
    expect(headlineFinding([difference("function", "public.f(integer)"), made])).toBe(made);
  });

  it("of gaps is what could not be proved rather than an echo of it; of nothing there is none", () => {
    const gap = {
      severity: "gap",
      about: "extension",
      name: "x",
      message: "could not be created here",
    } as const;
    expect(headlineFinding([said("EXTENSION x", "no"), gap])).toBe(gap);
    expect(headlineFinding([])).toBeUndefined();
  });
});
