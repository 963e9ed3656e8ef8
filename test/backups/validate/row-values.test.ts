import { readFileSync } from "node:fs";
import { expect, it } from "@jest/globals";
import { createDatabase } from "../../support/postgres.ts";
import { findings, Vault } from "../../support/vault.ts";

/** Each fails in a restore with a row's value on the lips of a function, or in a statement that it built. */
const TALKERS = String.raw`
  CREATE SCHEMA app;
  CREATE TABLE app.zlookup (v text);
  INSERT INTO app.zlookup VALUES ('123-45-6789'), ('987-65-4321'), ('555-55-5555');
  CREATE FUNCTION app.said(p text) RETURNS bool LANGUAGE plpgsql AS $$
  BEGIN
    IF NOT EXISTS (SELECT FROM app.zlookup z WHERE z.v = p) THEN
      RAISE EXCEPTION
        'ssn % is not known', p USING HINT = 'ask for ' || p, DETAIL = 'There is no ' || p;
      END IF;
      RETURN true;
  END $$;
  CREATE TABLE app.a1 (ssn text CHECK (app.said(ssn))); INSERT INTO app.a1 VALUES ('123-45-6789');
  CREATE FUNCTION app.built(p text) RETURNS bool LANGUAGE plpgsql AS $$
  DECLARE
    n int;
  BEGIN
    EXECUTE format('SELECT 1 FROM zlookup WHERE v = %L', p) INTO n;
    RETURN n IS NOT NULL;
  END $$;
  SET search_path = app;
  CREATE TABLE app.a2 (ssn text CHECK (app.built(ssn)));
  INSERT INTO app.a2 VALUES ('987-65-4321');
  CREATE FUNCTION app.shown(p text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
  BEGIN
    IF NOT EXISTS (SELECT FROM zlookup WHERE v = p) THEN
      RAISE EXCEPTION
        'no';
      END IF;
      RETURN p;
    EXCEPTION
      WHEN undefined_table THEN
        RAISE EXCEPTION
          'ssn %', p;
  END $$;
  CREATE TABLE app.a3 (ssn text);
  INSERT INTO app.a3 VALUES ('555-55-5555');
  CREATE INDEX a3_i ON app.a3 (app.shown(ssn));
  CREATE MATERIALIZED VIEW app.m AS SELECT app.shown(ssn) AS ssn FROM app.a3;
  TRUNCATE app.zlookup;
`;

it("no word that a function says of a row comes into a report, a receipt or a log", async () => {
  await using database = await createDatabase({ sql: TALKERS });
  await using vault = await Vault.make();
  await vault.backup(database.adminUrl);
  const validated = await vault.validate();
  expect(validated.exit).toBe(5);
  const receipts = vault.files("receipts").map((path) => readFileSync(vault.path(path), "utf8"));
  expect(receipts.length).toBeGreaterThan(0);
  const told = JSON.stringify([validated, receipts]);
  for (const value of ["123-45-6789", "987-65-4321", "555-55-5555"]) expect(told).not.toContain(value);
  // What a person needs to find the cause is still told.
  const messages = findings(validated)
    .map(({ name, message }) => `${name}: ${message}`)
    .join("\n");
  expect(messages).toContain("TABLE DATA a1");
  expect(messages).toContain("app.said(text)");
  expect(messages).toContain('relation "zlookup" does not exist');
  expect(messages).toContain("app.shown(text)");
});
