import { describe, expect, it } from "@jest/globals";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createDatabase } from "../support/postgres.ts";
import { Job, type StepResult } from "./runner.ts";

/** Everything a step showed or left, but for the masks themselves. */
function shown(...steps: (StepResult | undefined)[]): string {
  return steps
    .filter((step) => step !== undefined)
    .map(
      (step) =>
        step.log
          .split("\n")
          .filter((line) => !line.startsWith("::add-mask::"))
          .join("\n") +
        step.summary +
        JSON.stringify([step.outputs, step.state, step.environment]),
    )
    .join("\n");
}

describe("the journey of a backup, every command as an action started from dist/", () => {
  it("makes a key, backs up, lists, proves, loses, restores, and shows no secret on the way", async () => {
    const hostile = "::error::<b>x</b>|`y`";
    await using source = await createDatabase({
      sql: `
        create table orders (id int primary key, note text);
        insert into orders select i, md5(i::text) from generate_series(1, 2000) i;
        create table "${hostile}" (x int);
        insert into "${hostile}" values (1)
      `,
    });
    await using target = await createDatabase();
    await using job = new Job();
    mkdirSync(join(job.folder, "store"));
    const store = `file://${job.folder}/store`;

    const identityFile = join(job.folder, "identity.txt");
    const key = await job.uses("actions/keygen", {
      with: { output: identityFile, kit: join(job.folder, "kit.md") },
    });
    expect(key.main.code).toBe(0);
    const identity = readFileSync(identityFile, "utf8");

    const backup = await job.uses(".", {
      with: { database: source.url, store, source: "shop", recipients: key.main.outputs["recipient"] ?? "" },
    });
    expect({ code: backup.main.code, log: backup.main.log }).toMatchObject({ code: 0 });
    expect(backup.main.outputs).toMatchObject({ source: "shop", tier: "tier2", tables: "2", rows: "2001" });
    expect(backup.main.outputs["id"]).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{6}$/);
    expect(backup.main.state["lock-path"]).toMatch(/^locks\/shop\/tier2\//);
    expect(backup.post?.code).toBe(0);

    const list = await job.uses("actions/list", { with: { store } });
    expect(JSON.parse(list.main.outputs["backups"] ?? "")).toMatchObject([
      { id: backup.main.outputs["id"], source: "shop", tier: "tier2" },
    ]);

    const manifest = JSON.parse(
      readFileSync(join(job.folder, "store", backup.main.outputs["manifest"] ?? ""), "utf8"),
    );
    expect(manifest.run).toEqual({
      kind: "github-actions",
      id: "1658821493.2",
      url: "https://github.com/truststream/shop/actions/runs/1658821493/attempts/2",
      commit: "ffac537e6cbbf934b08745a378932722df287a53",
      actor: "mona",
    });

    const validate = await job.uses("actions/validate", { with: { store, identity } });
    expect({ code: validate.main.code, log: validate.main.log }).toMatchObject({ code: 0 });
    expect(validate.main.outputs).toMatchObject({ verdict: "proved", count: "1", "first-difference": "" });

    const restore = await job.uses("actions/restore", {
      with: { store, identity, backup: "latest-verified", target: target.url },
    });
    expect({ code: restore.main.code, log: restore.main.log }).toMatchObject({ code: 0 });
    expect(restore.main.outputs).toMatchObject({ id: backup.main.outputs["id"], verdict: "proved" });
    expect(await target.query("select count(*)::int as count from orders")).toEqual([{ count: 2000 }]);

    const again = await job.uses("actions/restore", { with: { store, identity, target: target.url } });
    expect(again.main.code).toBe(7);
    expect(again.main.commands.find((command) => command.name === "error")?.message).toContain("not empty");

    const steps = [key, backup, list, validate, restore, again].flatMap(({ main, post }) => [main, post]);
    const everything = shown(...steps);
    const secrets = [identity.split("\n")[2] ?? "", new URL(source.url).password, source.url, target.url];
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(10);
      expect(everything).not.toContain(secret);
    }
    for (const file of readdirSync(join(job.folder, "store"), {
      recursive: true,
      withFileTypes: true,
    }).filter((entry) => entry.isFile())) {
      const bytes = readFileSync(join(file.parentPath, file.name), "latin1");
      for (const secret of secrets) expect(bytes).not.toContain(secret);
    }
    // A table's name is text, whatever it looks like.
    for (const { main } of [backup, validate, restore]) {
      expect(main.commands.filter((command) => command.name === "error" || command.name === "##")).toEqual(
        [],
      );
      expect(main.summary).toMatch(/^### ✅/);
      expect(main.summary).not.toContain("<b>");
    }
    expect(existsSync(join(job.folder, "kit.md"))).toBe(true);
  });
});
