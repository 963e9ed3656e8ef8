import { expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { parseDatabaseUrl } from "../../../src/postgres/database-url.ts";
import { schemaFingerprint } from "../../../src/schema/proof/schema-fingerprint.ts";
import { readState } from "../../../src/schema/proof/state.ts";
import { createDatabase } from "../../support/postgres.ts";

/** Something of every kind on which rights are given and that a role may own, with rights given and taken. */
const EVERYTHING = `
  CREATE SCHEMA s;
  CREATE TABLE s.t (id int, name text);
  CREATE VIEW s.v AS SELECT 1 AS a;
  CREATE MATERIALIZED VIEW s.m AS SELECT 1 AS a;
  CREATE FOREIGN TABLE s.f (id int) SERVER far;
  CREATE SEQUENCE s.q;
  CREATE FUNCTION s.fn() RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE PROCEDURE s.pr() LANGUAGE sql AS 'SELECT 1';
  CREATE AGGREGATE s.ag(int) (SFUNC = int4pl, STYPE = int);
  CREATE TYPE s.en AS ENUM ('a'); CREATE TYPE s.co AS (a int); CREATE DOMAIN s.dom AS int;
  CREATE TYPE s.ra AS RANGE (SUBTYPE = int);
  SELECT lo_create(4711);
  GRANT USAGE ON SCHEMA s TO PUBLIC;
  GRANT SELECT ON ALL TABLES IN SCHEMA s TO PUBLIC;
  GRANT UPDATE (name) ON s.t TO PUBLIC; GRANT INSERT (name) ON s.t TO CURRENT_USER;
  GRANT USAGE ON SEQUENCE s.q TO PUBLIC;
  REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA s FROM PUBLIC;
  REVOKE USAGE ON TYPE s.en, s.co, s.dom, s.ra FROM PUBLIC;
  GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC;
  GRANT USAGE ON FOREIGN SERVER far TO PUBLIC
`;

it("a schema has one fingerprint whoever owns it, with rights on everything", async () => {
  await using database = await createDatabase({ owner: "postgres" });
  const roles = [`${database.name}_One`, `${database.name}_two`].map((name) => `"${name}"`);
  const [one, two] = roles;
  const admin = parseDatabaseUrl(database.adminUrl, "database");
  await database.admin(`
    CREATE ROLE ${one}; CREATE ROLE ${two};
    CREATE FOREIGN DATA WRAPPER far; CREATE SERVER far FOREIGN DATA WRAPPER far;
    GRANT USAGE ON FOREIGN DATA WRAPPER far TO ${one}, ${two};
    ALTER SERVER far OWNER TO ${one};
    GRANT CREATE ON DATABASE "${database.name}" TO ${one}
  `);
  try {
    await using session = await postgresDatabase(admin).connect({ purpose: "test" });
    await session.query(`SET ROLE ${one}`);
    await session.execute(EVERYTHING);
    await session.query("RESET ROLE");
    const before = schemaFingerprint(await readState(session));
    await session.query(`REASSIGN OWNED BY ${one} TO ${two}`);
    const after = schemaFingerprint(await readState(session));
    const others = [...after.objects].filter(([object, digest]) => before.objects.get(object) !== digest);
    expect(others).toEqual([]);
    expect(after.hash).toBe(before.hash);
    const grants = [...after.objects.keys()].filter((object) => object.startsWith("grant "));
    expect(grants.length).toBeGreaterThan(12);
  } finally {
    await database.admin(`DROP OWNED BY ${roles.join(", ")} CASCADE; DROP ROLE ${roles.join(", ")}`);
  }
});
