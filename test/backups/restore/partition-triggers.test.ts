import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  findServer,
  startCluster,
  type Cluster,
  type ServerVersion,
  type TestDatabase,
} from "../../support/postgres.ts";
import { expectRefusal, said, Vault } from "../../support/vault.ts";
import { casesInTurn } from "../../support/sampling.ts";

/** Before PostgreSQL 15 a partition's copies of its parent's triggers look like the server's own. */
const PARTED = `
  CREATE TABLE parted (id int UNIQUE DEFERRABLE, v text) PARTITION BY RANGE (id);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
  CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20);
  INSERT INTO parted VALUES (1, 'one'), (12, 'twelve'); CREATE TABLE seen (what text);
  CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.seen VALUES (tg_name); RETURN NEW; END $$;
  CREATE TRIGGER plain AFTER INSERT ON parted FOR EACH ROW EXECUTE FUNCTION see();
  CREATE CONSTRAINT TRIGGER constraining AFTER INSERT ON parted DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION see();
`;
const STATES = `
  SELECT tgrelid::regclass::text AS name, tgname AS trigger, tgenabled AS state
    FROM pg_trigger
   ORDER BY 1, 2, 3
`;

const OLD: readonly ServerVersion[] = ["12.22", "14.23"];

describe.each(casesInTurn("triggers of partitions by major", OLD, { every: 2 }))(
  "on PostgreSQL %s, rows alone",
  (version) => {
    const found = findServer(version);
    if ("reason" in found) {
      it.skip(`come past a partition's copies of triggers (NOT RUN: ${found.reason})`, () => undefined);
      return;
    }
    let cluster: Cluster;
    let source: TestDatabase;
    let vault: Vault;

    beforeAll(async () => {
      cluster = await startCluster({ installation: found.installation });
      source = await cluster.createDatabase({ sql: PARTED });
      vault = await Vault.make();
      await vault.backup(source.adminUrl, { source: "parted" });
    });
    afterAll(async () => {
      await cluster[Symbol.asyncDispose]();
      await vault[Symbol.asyncDispose]();
    });

    it("come past a partition's copies of triggers as a superuser, and are refused to others", async () => {
      const states = await source.query(STATES);
      await source.query("UPDATE parted SET v = 'newer'");
      const choice = { source: "parted", what: "data", confirm: source.name, safetyBackup: false } as const;
      await expectRefusal(vault.restore(source.url, choice), {
        code: "database.permission",
        exit: 4,
        says: /only a superuser may, because it belongs to a partition/,
        hint: /Nothing was touched/,
      });
      const restored = await vault.restore(source.adminUrl, choice);
      expect({ exit: restored.exit, said: said(restored) }).toMatchObject({ exit: 0 });
      expect(
        await source.query(`
        SELECT (SELECT string_agg(v, ' ' ORDER BY id) FROM parted) AS rows,
               (SELECT count(*)::int FROM seen) AS seen
      `),
      ).toEqual([{ rows: "one twelve", seen: 0 }]);
      expect(await source.query(STATES)).toEqual(states);
    });
  },
);
