import { describe, expect, it } from "@jest/globals";
import { join } from "node:path";
import { writeFiles } from "../schema/check/check-folder.ts";
import { run } from "../support/tools.ts";
import { Job } from "./runner.ts";

/** A pull request whose second migration has a rollback that does not bring everything back. */
const FILES = {
  "migrations/202601010900_orders.sql": "create table orders (id int primary key, note text);",
  "migrations/202601010900_orders_rollback.sql": "drop table orders;",
  "migrations/202601020900_note.sql": [
    "-- a default, and an index",
    "alter table orders alter column note set default 'none';",
    "",
    "create index orders_note on orders (note);",
  ].join("\n"),
  "migrations/202601020900_note_rollback.sql": "drop index orders_note;",
};

const ACTION = "actions/migrate-check";

describe("migrate-check in a pull request, from the bundle", () => {
  it("annotates lines, sets outputs and writes the summary, with PostgreSQL's programs alone", async () => {
    await using job = new Job();
    writeFiles(job.folder, FILES);
    const { main, post } = await job.uses(ACTION, { with: { all: "true", "fail-on": "warning" } });
    expect(main.code).toBe(3);
    expect(main.outputs).toMatchObject({ verdict: "bad", migrations: "2", judged: "2" });
    expect(JSON.parse(main.outputs["pairs"] ?? "")).toMatchObject([
      { verdict: "proved" },
      { verdict: "differs" },
    ]);
    const placed = main.commands.filter(({ properties }) => properties["file"] !== undefined);
    expect(
      placed.map(({ name, properties: { file, line } }) => `${name} ${file ?? ""}:${line ?? ""}`),
    ).toEqual([
      "error migrations/202601020900_note_rollback.sql:1",
      "warning migrations/202601020900_note.sql:4",
    ]);
    expect(placed[0]!.message).toBe("column public.orders.note default was not set and is 'none' :: text");
    expect(main.summary).toMatch(
      /^### ❌ migrate&#45;check: 2 migrations in migrations: 1 rollback not proved and 1 finding, /,
    );
    expect(main.summary).toContain("| migration | rollback | what |");
    expect(post?.code).toBe(0);
  }, 120_000);

  it("judges what is new since the base, and says what to do where the checkout has no history", async () => {
    await using job = new Job();
    const git = async (...args: readonly string[]): Promise<void> => {
      const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
      const { code, stderr } = await run("git", [...identity, ...args], { cwd: join(job.folder, "shop") });
      if (code !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    };
    const folder = "shop/migrations";
    const [first, second] = [Object.entries(FILES).slice(0, 2), Object.entries(FILES).slice(2)];
    writeFiles(join(job.folder, "shop"), Object.fromEntries(first));
    await git("init", "-q", "-b", "main");
    await git("add", ".");
    await git("commit", "-q", "-m", "base");
    await git("switch", "-q", "-c", "feature");
    writeFiles(join(job.folder, "shop"), Object.fromEntries(second));
    await git("add", ".");
    await git("commit", "-q", "-m", "feature");
    // As a checkout of the whole history has it; the runner says what the pull request is to be merged into.
    await git("update-ref", "refs/remotes/origin/main", "main");
    const env = { GITHUB_EVENT_NAME: "pull_request", GITHUB_BASE_REF: "main" };
    const { main } = await job.uses(ACTION, { with: { migrations: folder }, env });
    expect(main.outputs).toMatchObject({ verdict: "bad", migrations: "2", judged: "1" });
    await git("update-ref", "-d", "refs/remotes/origin/main");
    const { main: lost } = await job.uses(ACTION, { with: { migrations: folder }, env });
    expect(lost.code).toBe(4);
    expect(lost.log).toContain("fetch-depth: 0");
    const { main: unsaid } = await job.uses(ACTION, { with: { migrations: folder } });
    expect(unsaid.code).toBe(2);
    expect(unsaid.log).toContain("it is not known what is new");
  }, 120_000);
});
