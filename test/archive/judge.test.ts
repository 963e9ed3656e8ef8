import { describe, expect, it } from "@jest/globals";
import { headlineFinding, judge } from "../../src/archive/judge.ts";
import { ROW_HASH } from "../../src/content/row-hash.ts";
import type { ContentRecord } from "../../src/content/record.ts";

const content = (rows: number): ContentRecord => ({
  algorithm: ROW_HASH, proof: "content", serverMajor: 15, encoding: "UTF8", collate: "C", ctype: "C", sequences: [], objects: {}, roles: [], extensions: [],
  tables: [{ schema: "public", name: "orders", kind: "table", owner: "shop", rows, fingerprint: "7", bytes: 0 }],
  largeObjects: { count: 0, fingerprint: "0" },
});

const judged = (rows: number, problems: { message: string; entry: string }[]) =>
  judge({ expected: content(3), actual: content(rows), problems, unavailable: [], options: { exact: true, rows: true } }).findings;

describe("what pg_restore reported", () => {
  const full = { message: "duplicate key value violates unique constraint", entry: "TABLE DATA public orders shop" };

  it("stands behind the differences it explains, so that report and receipt name the cause", () => {
    const found = judged(0, [full]);
    expect(found.map(({ severity, about }) => [severity, about])).toEqual([["difference", "table"], ["gap", "pg_restore"]]);
    expect(found[1]).toMatchObject({ name: full.entry, message: `reported: ${full.message}` });
  });

  it("is a gap where nothing differs, and nothing where it reported nothing", () => {
    expect(judged(3, [full])).toEqual([{ severity: "gap", about: "pg_restore", name: full.entry, message: `reported: ${full.message}` }]);
    expect(judged(3, [])).toEqual([]);
  });

  it("is told once each, the first fifty in full, the rest by number", () => {
    expect(judged(3, [full, full, { ...full }])).toHaveLength(1);
    const many = judged(3, Array.from({ length: 73 }, (_, at) => ({ message: `problem ${at}`, entry: "" })));
    expect(many).toHaveLength(51);
    expect(many.at(-1)).toEqual({ severity: "gap", about: "pg_restore", name: "", message: "reported 23 more problems" });
  });
});

describe("the headline", () => {
  const difference = (about: string, name: string, message = "is missing") => ({ severity: "difference", about, name, message }) as const;
  const said = (entry: string, message: string) => ({ severity: "gap", about: "pg_restore", name: entry, message: `reported: ${message}` }) as const;

  it("is a loss of rows before everything", () => {
    const rows = difference("table", "public.t", "holds 0 rows, the source held 5 rows");
    expect(headlineFinding([difference("owner", "event-trigger et"), difference("event-trigger", "et"), rows, said("EVENT TRIGGER et postgres", "permission denied")])).toBe(rows);
  });

  it("is what pg_restore said of the missing object rather than that it is missing, and never what follows from it", () => {
    const reason = said("EVENT TRIGGER et postgres", 'permission denied to create event trigger "et"');
    const trigger = difference("event-trigger", "et");
    expect(headlineFinding([difference("owner", "event-trigger et"), trigger, said("ACL t", "no"), reason])).toBe(reason);
    expect(headlineFinding([difference("owner", "event-trigger et"), trigger, said("ACL t", "no")])).toBe(trigger);
    const made = said("FUNCTION f(integer) postgres", "syntax error");
    expect(headlineFinding([difference("function", "public.f(integer)"), made])).toBe(made);
  });

  it("of gaps is what could not be proved rather than an echo of it; of nothing there is none", () => {
    const gap = { severity: "gap", about: "extension", name: "x", message: "could not be created here" } as const;
    expect(headlineFinding([said("EXTENSION x", "no"), gap])).toBe(gap);
    expect(headlineFinding([])).toBeUndefined();
  });
});
