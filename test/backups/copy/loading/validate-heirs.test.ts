import { describe, expect, it } from "@jest/globals";
import { heirsToValidate, validateHeir } from "../../../../src/backups/copy/loading/validate-heirs.ts";
import { postgresDatabase } from "../../../../src/adapters/postgres/database.ts";
import { startCluster } from "../../../support/postgres.ts";
import { testPorts } from "../../../support/test-ports.ts";
import { output, Vault } from "../../../support/vault.ts";

/**
 * An heir's check that was valid at the source and cannot be made so at the copy: the finding says that it
 * differs, the log why.
 */

const VALID = `
  SELECT conrelid::regclass::text AS heir, convalidated AS valid
    FROM pg_constraint
   WHERE conname = 'late'
   ORDER BY 1
`;
const LATER =
  "constraint public.c.late, valid at the source, could not be validated: " +
  'check constraint "late" of relation "c" is violated by some row (SQLSTATE 23514)';

describe("the check of an heir that is refused", () => {
  it("is a difference, and the log says why; the heirs after it are validated all the same", async () => {
    await using cluster = await startCluster();
    await using vault = await Vault.make();
    await using source = await cluster.createDatabase();
    // What it allows depends on where it is asked.
    await source.query(`
      CREATE FUNCTION fine(int) RETURNS bool LANGUAGE sql STABLE AS
        $$SELECT $1 > 0 OR current_database() = '${source.name}'$$;
      CREATE TABLE p (a int);
      CREATE TABLE c () INHERITS (p);
      CREATE TABLE d () INHERITS (p);
      INSERT INTO p VALUES (-1);
      INSERT INTO c VALUES (-2);
      INSERT INTO d VALUES (3);
      ALTER TABLE p ADD CONSTRAINT late CHECK (public.fine(a)) NOT VALID;
      ALTER TABLE c VALIDATE CONSTRAINT late;
      ALTER TABLE d VALIDATE CONSTRAINT late
    `);
    const made = await vault.backup(source.url);
    await using target = await cluster.createDatabase();
    const ports = testPorts();
    const restored = await vault.restore(target.url, {}, ports);
    expect({ exit: restored.exit, findings: restored.outputs["findings"] }).toEqual({
      exit: 5,
      findings: [
        expect.objectContaining({ severity: "difference", about: "constraint", name: "public.c.late" }),
      ],
    });
    expect(ports.lines.filter((line) => line.includes("could not be validated"))).toEqual([
      `debug: ${LATER}`,
    ]);
    expect(await target.query(VALID)).toEqual([
      { heir: "c", valid: false },
      { heir: "d", valid: true },
      { heir: "p", valid: false },
    ]);

    // As a part of something greater, which it must not end.
    const { content } = await vault.manifest(output(made, "id"));
    await using session = await postgresDatabase(target.address).connect({ purpose: "restore" });
    const said: string[] = [];
    await session.query("BEGIN");
    for (const heir of await heirsToValidate(session, content)) {
      await validateHeir(session, heir, { debug: (text) => void said.push(text) });
    }
    await session.query("CREATE TABLE public.afterwards (a int)");
    await session.query("COMMIT");
    expect(said).toEqual([LATER]);
    expect(await target.query("SELECT to_regclass('public.afterwards')::text AS made")).toEqual([
      { made: "afterwards" },
    ]);
  });
});
