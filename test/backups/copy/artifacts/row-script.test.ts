import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { RowScript } from "../../../../src/backups/copy/artifacts/row-script.ts";
import type { ByteStream } from "../../../../src/kernel/streams.ts";

/**
 * The reader of pg_restore's scripts: everything a row may hold, wherever the bytes are cut; and
 * nothing but rows.
 */

const HEAD =
  "--\n-- PostgreSQL database dump\n--\n\n\\restrict abcDEF123\n\nSET statement_timeout = 0;\nSET " +
  "client_encoding = 'LATIN1';\nSELECT pg_catalog.set_config('search_path', '', false);\nSET " +
  "row_security = off;\n\n";

async function* cut(script: Buffer, sizes: readonly number[]): ByteStream {
  for (let at = 0, turn = 0; at < script.length; turn += 1) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    yield script.subarray(at, at + size);
    at += size;
  }
}

interface Read {
  readonly encoding: string;
  readonly steps: Record<string, unknown>[];
}

/** Every step as plain values; the rows of a copy put together. */
async function read(script: string | Buffer, sizes: readonly number[] = [1_000_000]): Promise<Read> {
  const reader = new RowScript(cut(Buffer.from(script), sizes));
  const steps: Record<string, unknown>[] = [];
  for await (const step of reader.steps()) {
    if (step.step === "copy") {
      const chunks: Uint8Array[] = [];
      for await (const chunk of step.rows) chunks.push(chunk);
      steps.push({
        copy: `${step.schema.toString()} ${step.table.toString()}`,
        columns: step.columns?.map((name) => name.toString()),
        rows: Buffer.concat(chunks).toString(),
      });
    } else if (step.step === "sequence") {
      steps.push({ sequence: step.sequence.toString(), value: step.value, called: step.called });
    } else {
      steps.push(step.step === "bytes" ? { bytes: step.bytes.toString("hex") } : { object: step.oid });
    }
  }
  return { encoding: reader.encoding, steps };
}

const name = fc.oneof(
  fc.constantFrom(
    "a",
    "COPY y (a) FROM stdin;",
    "x\nCOPY public.y (a) FROM stdin;\n",
    '"',
    "';\n",
    "\\.",
    "--",
    "a\r\nb",
    "表",
    "__proto__",
    "\n\\.\n",
  ),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).map((text) => text.replaceAll("\0", "0")),
);
/** A value as COPY's text format has it. */
const value = fc.oneof(
  fc.constantFrom(
    "",
    "\\N",
    "\\\\.",
    "\\n\\\\.\\n",
    "COPY a.b FROM stdin;",
    "--",
    "'",
    '"',
    "\\r",
    "\\restrict x",
    "a;",
  ),
  fc.string({ maxLength: 20 }).map(escaped),
);
const table = fc.record({
  schema: name,
  table: name,
  columns: fc.array(name, { maxLength: 4 }),
  rows: fc.array(fc.array(value, { minLength: 1, maxLength: 3 }), { maxLength: 5 }),
});

function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

describe("the reader of row scripts", () => {
  it("gives every table, column and row back, however the script is cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(table, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
        async (tables, sizes) => {
          const lines = (rows: readonly (readonly string[])[]): string =>
            rows.map((row) => `${row.join("\t")}\n`).join("");
          const script =
            HEAD +
            tables
              .map(
                (one) =>
                  `--\n-- Data for Name: ${one.table.replace(/[\r\n]/g, " ")}; Type: ` +
                  `TABLE DATA\n--\n\nCOPY ${quoted(one.schema)}.${quoted(one.table)} ` +
                  `${one.columns.length > 0 ? `(${one.columns.map(quoted).join(", ")})` : ""} FROM ` +
                  `stdin;\n${lines(one.rows)}\\.\n\n\n`,
              )
              .join("") +
            "\\unrestrict abcDEF123\n\n";
          expect((await read(script, sizes)).steps).toEqual(
            tables.map((one) => ({
              copy: `${one.schema} ${one.table}`,
              columns: one.columns.length > 0 ? one.columns : undefined,
              rows: lines(one.rows),
            })),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([1, 2, 3, 7, 1000])(
    "reads rows, sequences and large objects in pieces of %d bytes",
    async (size) => {
      const script =
        `${HEAD}COPY public.t (a, "b c") FROM stdin;\n1\t\\\\.\n\\N\tx\\n\\\\.\n\\.\n\n\nCOPY ` +
        "public.none  FROM stdin;\n\n\n\\.\n\nCOPY public.empty (a) FROM stdin;\n\\.\n\nSELECT " +
        "pg_catalog.setval('public.\"it''s; here\"', -5, false);\nSELECT pg_catalog.setval( " +
        "E'public.\"a\\\\b\"', 7, true);\n\nBEGIN;\n\nSELECT pg_catalog.lo_open('12345', 131072);\nSELECT " +
        "pg_catalog.lowrite(0, '\\x00ff');\nSELECT pg_catalog.lowrite(0, '\\\\x10');\nSELECT " +
        "pg_catalog.lo_close(0);\n\nCOMMIT;\n\n";
      expect(await read(script, [size])).toEqual({
        encoding: "LATIN1",
        steps: [
          { copy: "public t", columns: ["a", "b c"], rows: "1\t\\\\.\n\\N\tx\\n\\\\.\n" },
          { copy: "public none", columns: undefined, rows: "\n\n" },
          { copy: "public empty", columns: ["a"], rows: "" },
          { sequence: `public."it's; here"`, value: "-5", called: false },
          { sequence: 'public."a\\b"', value: "7", called: true },
          { object: "12345" },
          { bytes: "00ff" },
          { bytes: "10" },
        ],
      });
    },
  );

  it.each([
    ["a definition", "CREATE TABLE public.t (a int);\n"],
    ["an order to psql", "\\! touch /tmp/gone\n"],
    ["a command behind a restricting one", "\\restrict abc; \\! id\n"],
    ["a function call", "SELECT public.lo_open('1', 131072);\n"],
    [
      "a second statement on the line",
      "SELECT pg_catalog.setval('public.s', 1, true); DROP TABLE public.t;\n",
    ],
    ["a copy from a program", "COPY public.t FROM PROGRAM 'id';\n"],
    ["a copy with options", "COPY public.t (a) FROM stdin WITH (FORMAT csv);\n"],
    ["a copy whose column is an expression", "COPY public.t (a + 1) FROM stdin;\n\\.\n"],
    ["a setting of an odd encoding", "SET client_encoding = 'x''; DROP TABLE t; --';\n"],
    ["trigger switches", "ALTER TABLE public.t DISABLE TRIGGER ALL;\n"],
    ["a role", "SET SESSION AUTHORIZATION 'postgres';\n"],
    ["what follows a comment's line break", "-- Name: x\nDROP TABLE public.t; Type: TABLE DATA\n"],
    ["a statement without an end", "SELECT pg_catalog.setval('public.s', 1, true)"],
    ["rows without an end", "COPY public.t (a) FROM stdin;\n1\n2\n"],
    ["rows that end in the middle of their end", "COPY public.t (a) FROM stdin;\n1\n\\."],
  ])("stops at %s", async (_, statement) => {
    await expect(read(HEAD + statement)).rejects.toMatchObject({
      code: "tool.failed",
      message: expect.stringContaining("something else than rows"),
    });
  });

  it("finds the end of rows that nobody read, and lets go of its source when it is left", async () => {
    const reader = new RowScript(
      cut(Buffer.from(`${HEAD}COPY a.b (c) FROM stdin;\n1\n\\.\n\nCOPY a.d (c) FROM stdin;\n2\n\\.\n`), [5]),
    );
    const seen: string[] = [];
    for await (const step of reader.steps()) if (step.step === "copy") seen.push(step.table.toString());
    expect(seen).toEqual(["b", "d"]);
    let closed = false;
    const left = new RowScript(
      (async function* (): ByteStream {
        try {
          for (;;) yield Buffer.from("COPY a.b (c) FROM stdin;\n1\n");
        } finally {
          closed = true;
        }
      })(),
    );
    for await (const _ of left.steps()) break;
    expect(closed).toBe(true);
  });
});
