import { describe, expect, it } from "@jest/globals";
import {
  divideScript,
  onlyDefinition,
  withoutOwner,
} from "../../../../src/backups/copy/artifacts/definition-script.ts";
import { HoldfastError } from "../../../../src/kernel/errors.ts";
import type { TocEntry } from "../../../../src/ports/dump-tools.ts";
import { defaultOf } from "../../../../src/backups/restore/project/rows/defaults.ts";

const entry = (id: string): TocEntry => ({
  id,
  line: `${id}; 1259 1 TABLE public t${id} postgres`,
  type: "TABLE",
  rest: `public t${id} postgres`,
  catalog: "1259",
  oid: "1",
  needs: [],
});
const heading = (id: string, name = `t${id}`): string =>
  `--\n-- TOC entry ${id} (class 1259 OID 1)\n-- Dependencies: 3 4\n-- Name: ${name}; Type: TABLE; Schema: ` +
  "public; Owner: postgres\n-- Data Pos: 0\n--\n\n";
const END =
  "-- Completed on 2026-11-26 10:21:32 UTC\n\n--\n-- PostgreSQL database dump " +
  "complete\n--\n\n\\unrestrict abc\n";
const script = (...parts: readonly string[]): string =>
  "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET client_encoding = 'UTF8';\n\n" +
  `${parts.join("\n")}\n${END}`;

describe("pg_restore's script of definitions", () => {
  it("is divided into its entries, without what stands between and behind them", () => {
    const text = script(
      `${heading("1")}CREATE TABLE t1 (a int);\n\n\nALTER TABLE public.t1 OWNER TO postgres;\n\nSET ` +
        "default_tablespace = '';\n\nSET default_table_access_method = heap;\n",
      `${heading("2")}CREATE TABLE t2 (b int);\n`,
    );
    expect(divideScript(text, [entry("1"), entry("2")])?.map(({ sql }) => sql)).toEqual([
      "CREATE TABLE t1 (a int);\n\n\nALTER TABLE public.t1 OWNER TO postgres;",
      "CREATE TABLE t2 (b int);",
    ]);
  });

  it("says where each is to be made until it says otherwise, before the first heading too", () => {
    const text = script(
      `SET default_tablespace = "Fast; disk";\n\n${heading("1")}CREATE TABLE t1 (a int);\n\nSET ` +
        "default_table_access_method = columnar;\n\n",
      `${heading("2")}CREATE TABLE t2 (b text DEFAULT '\nSET default_tablespace = x;\n');\n\nSET ` +
        "default_tablespace = '';\n\nSET default_table_access_method = heap;\n",
      `${heading("3")}CREATE TABLE t3 ();\n`,
    );
    expect(divideScript(text, ["1", "2", "3"].map(entry))?.map(({ sql, places }) => [sql, places])).toEqual([
      ["CREATE TABLE t1 (a int);", { tablespace: "Fast; disk" }],
      [
        "CREATE TABLE t2 (b text DEFAULT '\nSET default_tablespace = x;\n');",
        { tablespace: "Fast; disk", accessMethod: "columnar" },
      ],
      ["CREATE TABLE t3 ();", {}],
    ]);
    expect(
      onlyDefinition(
        script(`SET default_tablespace = fast;\n\n${heading("1")}CREATE TABLE t1 ();`),
        entry("1"),
      ),
    ).toMatchObject({ sql: "CREATE TABLE t1 ();", places: { tablespace: "fast" } });
  });

  it("is not divided where a body holds what looks like a heading, whichever number it has", () => {
    for (const fake of ["1", "2", "9"]) {
      const text = script(
        `${heading("1")}CREATE FUNCTION f() AS $$\n${heading(fake)}DROP TABLE t;\n$$;`,
        `${heading("2")}CREATE TABLE t2 (b int);`,
      );
      expect(divideScript(text, [entry("1"), entry("2")])).toBeUndefined();
    }
  });

  it("is not divided where a name breaks a heading's line, and an entry alone is refused", () => {
    const text = script(`${heading("1", "t1\nDROP TABLE t")}CREATE TABLE t1 (a int);`);
    expect(divideScript(text, [entry("1")])).toBeUndefined();
    expect(() => onlyDefinition(text, entry("1"))).toThrow(HoldfastError);
  });

  it("of one entry is that entry, whatever its text looks like", () => {
    const text = script(`${heading("1")}CREATE FUNCTION f() AS $$\n${heading("7")}$$;`);
    expect(onlyDefinition(text, entry("1")).sql).toMatch(
      /^CREATE FUNCTION f\(\) AS \$\$\n--\n-- TOC entry 7[\s\S]*\$\$;$/,
    );
  });

  it("in another encoding is refused", () => {
    expect(() => divideScript("SET client_encoding = 'LATIN1';\n", [])).toThrow(/in LATIN1/);
  });

  it("gives an owner at its end, which can be left out", () => {
    const of = (sql: string, owner: string): string | undefined =>
      withoutOwner({ entry: { ...entry("1"), names: { schema: "public", tag: "t", owner } }, sql });
    expect(
      of('CREATE TABLE t ();\n\n\nALTER TABLE public.t OWNER TO "somebody else";', "somebody else"),
    ).toBe("CREATE TABLE t ();");
    expect(of("CREATE TABLE t ();", "somebody else")).toBeUndefined();
    // The text of a comment, and another role's name.
    expect(of("COMMENT ON TABLE t IS 'so\nALTER TABLE public.t OWNER TO x';", "x")).toBeUndefined();
    expect(of("CREATE TABLE t ();\nALTER TABLE public.t OWNER TO y;", "x")).toBeUndefined();
    // Many empty lines take no more than their time.
    expect(of(`SELECT '${"\n".repeat(400_000)}';`, "x")).toBeUndefined();
  });
});

it("a column's default is read where it is a constant", () => {
  const definition =
    "CREATE TABLE auth.users (\n    id uuid NOT NULL,\n    is_anonymous boolean DEFAULT false NOT " +
    "NULL,\n    \"Odd name\" text DEFAULT 'it''s'::text,\n    level integer DEFAULT 0,\n    at timestamp " +
    "with time zone DEFAULT now()\n);";
  expect(
    ["id", "is_anonymous", "Odd name", "level", "at", "none"].map((name) => defaultOf(definition, name)),
  ).toEqual([undefined, "f", "it's", "0", undefined, undefined]);
});
