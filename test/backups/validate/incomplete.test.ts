import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { createDatabase } from "../../support/postgres.ts";
import { findings, output, said, Vault } from "../../support/vault.ts";

const OTHER = `
  CREATE SCHEMA other;
  CREATE TABLE other.people (id int PRIMARY KEY);
  INSERT INTO other.people SELECT generate_series(1, 9);
  CREATE TYPE other.mood AS ENUM ('well')
`;
const PUBLIC = `
  CREATE TABLE "user" (id int PRIMARY KEY REFERENCES other.people, note text);
  INSERT INTO "user" SELECT id, 'n' FROM other.people;
  CREATE TABLE moods (mood other.mood);
  INSERT INTO moods VALUES ('well');
  CREATE INDEX by_mood ON moods (mood);
  COMMENT ON TABLE moods IS 'm';
  CREATE MATERIALIZED VIEW all_people AS SELECT p.id FROM other.people p JOIN "user" USING (id);
  GRANT SELECT ON all_people TO PUBLIC
`;

/** The names in the command that accepts gaps. */
function accepted(text: string): string[] {
  const command = text.split("\n").find((note) => note.includes("accept them by name"))!;
  return [...command.matchAll(/--accept-gaps '([^']+)'/g)].map(([, name]) => name!);
}

describe("a backup of some schemas that needs others", () => {
  it("is proved and restored with gaps of their names, and whole where the others are", async () => {
    await using database = await createDatabase({ owner: "postgres", sql: `${OTHER}; ${PUBLIC}` });
    await using vault = await Vault.make();
    const made = await vault.backup(database.adminUrl, { schemas: ["public"] });
    expect([made.exit, output(made, "gaps")]).toEqual([0, "4"]);

    const { gaps = [] } = await vault.manifest(output(made, "id"));
    const named = gaps.map(({ about, name }) => `gap ${about} ${name}`).sort();
    expect(named).toEqual(
      [
        "gap incomplete constraint public.user.user_id_fkey",
        "gap incomplete index public.by_mood",
        "gap incomplete materialized-view public.all_people",
        "gap incomplete table public.moods",
      ].map((name) => name.replace(".user.", '."user".')),
    );
    const proved = await vault.validate({});
    // By the names that it had when it was made, each once, whatever else is lacking because of it.
    expect([
      proved.exit,
      findings(proved)
        .map(({ severity, about, name }) => `${severity} ${about} ${name}`)
        .sort(),
    ]).toEqual([3, named]);
    const acceptGaps = accepted(said(proved));
    expect([acceptGaps.length, output(await vault.validate({ acceptGaps }), "verdict")]).toEqual([
      4,
      "proved",
    ]);

    await using empty = await createDatabase({ owner: "postgres" });
    const restored = await vault.restore(empty.adminUrl, { confirm: empty.name, mode: "in-place" });
    expect([restored.exit, output(restored, "verdict")]).toEqual([3, "gaps"]);

    await using furnished = await createDatabase({ owner: "postgres", sql: OTHER });
    const whole = await vault.restore(furnished.adminUrl, {
      confirm: furnished.name,
      mode: "in-place",
      safetyBackup: false,
    });
    expect([whole.exit, output(whole, "verdict")]).toEqual([0, "proved"]);
  });

  it("gives a command that accepts every new gap, and of what is accepted only what is found", async () => {
    const moods = Array.from(
      { length: 22 },
      (_, index) => `CREATE TABLE mood_${index} (mood other.mood)`,
    ).join("; ");
    await using database = await createDatabase({ owner: "postgres", sql: `${OTHER}; ${moods}` });
    await using vault = await Vault.make();
    await vault.backup(database.adminUrl, { schemas: ["public"] });
    const before = Array.from({ length: 21 }, (_, index) => `incomplete table public.mood_${index}`);
    const proved = await vault.validate({ acceptGaps: [...before, "incomplete table public.mended"] });
    const copied = accepted(said(proved));
    expect([copied[0], copied.slice(1)]).toEqual(["incomplete table public.mood_21", before]);
    expect(output(await vault.validate({ acceptGaps: copied }), "verdict")).toBe("proved");
  });

  it("says of a command without room for all names that it is not enough, and where they are", async () => {
    const moods = Array.from(
      { length: 103 },
      (_, index) => `CREATE TABLE mood_${index} (mood other.mood)`,
    ).join("; ");
    await using database = await createDatabase({ owner: "postgres", sql: `${OTHER}; ${moods}` });
    await using vault = await Vault.make();
    await vault.backup(database.adminUrl, { schemas: ["public"] });
    const proved = said(await vault.validate({}));
    expect(accepted(proved)).toHaveLength(100);
    const [receipt] = vault.files("receipts/");
    expect(proved).toContain(
      "` and 3 further names, without which it is not enough: all are in findings and accepted " +
        `of receipt ${receipt!}`,
    );
    const kept = JSON.parse(readFileSync(vault.path(receipt!), "utf8")) as { findings: unknown[] };
    expect(kept.findings).toHaveLength(103);
  });

  it("brings a sequence without the column that owns it, as a gap of its name", async () => {
    const sql =
      `${OTHER}; CREATE TABLE counted (n serial, mood other.mood); INSERT INTO counted (mood) ` +
      "VALUES ('well')";
    await using database = await createDatabase({ owner: "postgres", sql });
    await using vault = await Vault.make();
    await vault.backup(database.adminUrl, { schemas: ["public"] });
    const proved = await vault.validate({});
    expect([
      proved.exit,
      findings(proved)
        .map(({ severity, about, name }) => `${severity} ${about} ${name}`)
        .sort(),
    ]).toEqual([3, ["gap incomplete sequence public.counted_n_seq", "gap incomplete table public.counted"]]);
  });

  it("finds an extension that only what is missing needs: it is there", async () => {
    const sql = `
      CREATE SCHEMA extensions;
      CREATE EXTENSION citext SCHEMA extensions;
      CREATE SCHEMA other;
      CREATE FUNCTION other.who() RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE TABLE named (name extensions.citext, by int DEFAULT other.who())
    `;
    await using database = await createDatabase({ owner: "postgres", sql });
    await using vault = await Vault.make();
    await vault.backup(database.adminUrl, { schemas: ["public"] });
    const proved = await vault.validate({});
    expect([proved.exit, output(proved, "verdict")]).toEqual([3, "gaps"]);
    expect(findings(proved).filter(({ severity }) => severity === "difference")).toEqual([]);
  });
});
