import { describe, expect, it } from "@jest/globals";
import { compareDatabase } from "../../../../src/backups/copy/judging/compare-database.ts";
import { databaseProperties } from "../../../../src/backups/copy/judging/database-properties.ts";
import type { DatabaseRecord } from "../../../../src/nouns/content/record.ts";
import { sqlStatements } from "../../../../src/postgres/sql-tokens.ts";
import type { DatabaseEntries } from "../../../../src/ports/dump-tools.ts";

/**
 * An archive is from outside: of what it says about its database only facts are taken, and of a statement
 * that pg_dump does not write nothing at all.
 */

const NAME = `we"ird'; \\connect x`;
const SQL = `"we""ird'; \\connect x"`;

function read(sql: string, more: Partial<DatabaseEntries> = {}): ReturnType<typeof databaseProperties> {
  return databaseProperties({
    name: NAME,
    owner: "boss",
    definitions: [{ type: "DATABASE PROPERTIES", sql }],
    standardStrings: true,
    ...more,
  });
}

describe("what an archive says of its database", () => {
  it("is read as facts", () => {
    expect(
      read(`
        ALTER DATABASE ${SQL} CONNECTION LIMIT = 7;
        ALTER DATABASE ${SQL} SET search_path TO 'a b', '$user', 'q"u''o', '';
        ALTER DATABASE ${SQL} SET "app.x" TO E'it''s \\\\ back; -- no comment';
        ALTER ROLE "odd;role""x" IN DATABASE ${SQL} SET "app"."Odd" TO 'y=z';
        ALTER DATABASE ${SQL} IS_TEMPLATE = true;
        SECURITY LABEL FOR selinux ON DATABASE ${SQL} IS 'x';
        COMMENT ON DATABASE ${SQL} IS 'multi
line; DROP \\ it''s';
        REVOKE CONNECT,TEMPORARY ON DATABASE ${SQL} FROM PUBLIC;
        SET SESSION AUTHORIZATION r1;
        GRANT ALL ON DATABASE ${SQL} TO "PUBLIC" WITH GRANT OPTION;
        RESET SESSION AUTHORIZATION;
        REVOKE GRANT OPTION FOR CREATE ON DATABASE ${SQL} FROM r1;
      `),
    ).toEqual({
      owner: "boss",
      connectionLimit: 7,
      comment: "multi\nline; DROP \\ it's",
      others: ["the mark of a template", "a security label of selinux"],
      settings: [
        { role: undefined, name: "search_path", values: ["a b", "$user", "q\"u'o", ""] },
        { role: undefined, name: "app.x", values: ["it's \\ back; -- no comment"] },
        { role: 'odd;role"x', name: "app.Odd", values: ["y=z"] },
      ],
      rights: [
        {
          takes: true,
          optionOnly: false,
          rights: ["CONNECT", "TEMPORARY"],
          role: undefined,
          grantable: false,
        },
        { takes: false, optionOnly: false, rights: ["ALL"], role: "PUBLIC", grantable: true },
        { takes: true, optionOnly: true, rights: ["CREATE"], role: "r1", grantable: false },
      ],
    });
  });

  it("has lists without an element, as SET search_path FROM CURRENT may store them", () => {
    expect(
      read(
        `ALTER DATABASE ${SQL} SET search_path TO ;\nALTER ROLE r IN DATABASE ${SQL} SET ` +
          "temp_tablespaces TO ;",
      )?.settings,
    ).toEqual([
      { role: undefined, name: "search_path", values: [] },
      { role: "r", name: "temp_tablespaces", values: [] },
    ]);
    expect(read(`ALTER DATABASE ${SQL} SET search_path TO ,;`)).toBeUndefined();
  });

  it("has backslashes as the source's standard_conforming_strings had them", () => {
    expect(read(`COMMENT ON DATABASE ${SQL} IS 'a \\\\ b';`, { standardStrings: false })?.comment).toBe(
      "a \\ b",
    );
    expect(read(`COMMENT ON DATABASE ${SQL} IS 'a \\\\ b';`)?.comment).toBe("a \\\\ b");
    expect(read(`COMMENT ON DATABASE ${SQL} IS 'a \\n b';`, { standardStrings: false })).toBeUndefined();
  });

  it.each([
    "ALTER DATABASE other SET work_mem TO '1MB';",
    `DROP DATABASE ${SQL};`,
    `ALTER DATABASE ${SQL} OWNER TO thief;`,
    `ALTER ROLE thief SUPERUSER;`,
    `ALTER DATABASE ${SQL} SET work_mem TO '1MB' ALTER ROLE thief SUPERUSER;`,
    `ALTER DATABASE ${SQL} SET work_mem TO current_user;`,
    `ALTER DATABASE ${SQL} SET work_mem TO '1MB'`,
    `ALTER DATABASE ${SQL} SET work_mem TO '1MB`,
    `COMMENT ON DATABASE ${SQL} IS $$x$$;`,
    `\\! touch /tmp/x`,
    `GRANT CREATE ON DATABASE other TO thief;`,
    `GRANT CREATE ON SCHEMA public TO thief;`,
    `COMMENT ON DATABASE ${SQL} IS E'\\x41';`,
    `COMMENT ON DATABASE ${SQL} IS E'a\\'; DROP';`,
    `SET ROLE thief;`,
  ])("is nothing at all where it says %s", (sql) => {
    expect(read(`ALTER DATABASE ${SQL} CONNECTION LIMIT = 7;\n${sql}`)).toBeUndefined();
  });

  it("is divided into statements by what is outside of names and texts", () => {
    expect(
      sqlStatements(`A 'x;''y' "b;""c" -- d; e\n; B E'\\\\;';`, true)?.map((tokens) =>
        tokens.map(({ value }) => value),
      ),
    ).toEqual([
      ["A", "x;'y", 'b;"c'],
      ["B", "\\;"],
    ]);
    expect(sqlStatements("", true)).toEqual([]);
  });
});

describe("an archive held against the manifest", () => {
  const record: DatabaseRecord = {
    provider: "libc",
    locale: null,
    icuRules: null,
    owner: "0".repeat(16),
    grants: "0".repeat(16),
    settings: [],
    comment: null,
    rights: [
      [null, "CONNECT", false],
      [null, "TEMPORARY", false],
      ["boss", "CONNECT", false],
      ["boss", "CREATE", false],
      ["boss", "TEMPORARY", false],
    ],
  };
  const compared = (more: Partial<DatabaseRecord>, sql: string): string[] =>
    compareDatabase({ ...record, ...more }, read(sql)!, "a").findings.map(
      ({ name, message }) => `${name} ${message}`,
    );

  it("has no difference where a database has nothing of its own, or several gave the same right", () => {
    expect(compared({}, "")).toEqual([]);
    expect(
      compared(
        {
          rights: [
            ...record.rights!,
            ["r", "CREATE", true],
            ["r", "CREATE", false],
            ["unknown (OID=77)", "CONNECT", false],
          ],
        },
        `
          GRANT CREATE ON DATABASE ${SQL} TO r;
          GRANT CREATE ON DATABASE ${SQL} TO r WITH GRANT OPTION;
          GRANT CONNECT ON DATABASE ${SQL} TO "77";
        `,
      ),
    ).toEqual([]);
    expect(
      compared(
        { rights: [] },
        `REVOKE ALL ON DATABASE ${SQL} FROM boss; REVOKE CONNECT,TEMPORARY ON DATABASE ${SQL} FROM PUBLIC;`,
      ),
    ).toEqual([]);
  });

  it("names what differs, and never a value", () => {
    expect(
      compared(
        { rights: [...record.rights!, ["r", "CREATE", true]] },
        `
          GRANT CREATE ON DATABASE ${SQL} TO r;
          COMMENT ON DATABASE ${SQL} IS 'x';
          ALTER DATABASE ${SQL} SET app.x TO 'hush';
        `,
      ),
    ).toEqual([
      "setting app.x is in the archive, and was not set for the source's database (a)",
      "comment is in the archive, and the source's database had none (a)",
      "rights CREATE of r on the database itself may be passed on otherwise in the archive than " +
        "at the source (a)",
    ]);
    expect(compareDatabase(record, { ...read("")!, owner: "" }, "a").findings).toMatchObject([
      {
        severity: "difference",
        name: "properties",
        message: "are not in the archive, which holds nothing of the database itself (a)",
      },
    ]);
  });

  const gone = (
    rights: NonNullable<DatabaseRecord["rights"]>,
    sql: string,
    roles: readonly string[] = [],
  ): { findings: string[]; notes: readonly string[] } => {
    const { findings, notes } = compareDatabase(
      { ...record, rights: [...record.rights!, ...rights] },
      read(sql)!,
      "a",
      new Set(roles),
    );
    return { findings: findings.map(({ message }) => message.replace(" on the database itself", "")), notes };
  };
  const left = (role: string): string =>
    `role ${role} was dropped while the backup ran: the archive has its rights on the database ` +
    "itself by number (a)";

  it("may name a dropped role by number, each number standing for one role with the same rights", () => {
    const to = (role: string, right = "CREATE"): string => `GRANT ${right} ON DATABASE ${SQL} TO "${role}";`;
    expect(gone([["temp", "CREATE", false]], to("77"), ["temp"])).toEqual({
      findings: [],
      notes: [left("temp")],
    });
    expect(gone([["unknown (OID=77)", "CREATE", false]], to("temp"))).toEqual({
      findings: [],
      notes: [left("temp")],
    });
    expect(
      gone(
        [
          ["a", "CREATE", false],
          ["b", "CREATE", false],
        ],
        to("77"),
        ["a", "b"],
      ),
    ).toEqual({
      findings: ["CREATE of b was given at the source, and is not by the archive (a)"],
      notes: [left("a")],
    });
    expect(
      gone(
        [
          ["temp", "CREATE", false],
          ["temp", "CONNECT", false],
        ],
        to("77"),
        ["temp"],
      ).findings,
    ).toHaveLength(2);
    expect(
      gone([["temp", "CREATE", false]], to("77") + to("temp", "CONNECT"), ["temp"]).findings,
    ).toHaveLength(2);
  });

  it("names a role by a number where the source had one of that name", () => {
    const sql = `GRANT CREATE ON DATABASE ${SQL} TO "4711";`;
    expect(gone([["4711", "CREATE", false]], sql, ["4711"])).toEqual({ findings: [], notes: [] });
    expect(gone([["4711", "CREATE", false]], "", ["4711"]).findings).toEqual([
      "CREATE of 4711 was given at the source, and is not by the archive (a)",
    ]);
    expect(gone([], sql, ["4711"]).findings).toEqual([
      "CREATE of 4711 is given by the archive, and was not at the source (a)",
    ]);
    expect(gone([], sql, ["other"])).toEqual({ findings: [], notes: [] });
  });
});
