import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { plainEnvironment } from "./holdfast.ts";

/** A shop for tickets, with a good release and a bad one: app, migration and edge function each. */
export const DATABASE = "tickets";
export const PROJECT = "abcdefghijklmnopqrst";

/** Deployed code that says which build it is, as an application does. */
const SERVER = `
  const { createServer } = require("node:http");
  const build = require("./package.json").version;
  createServer((_, answer) => answer.end(JSON.stringify({ build }))).listen(process.env.PORT);
`;

/** @param soak how long production is watched */
const settings = (soak: string): string => `
rollout:
  app: { subscription: 00000000-0000-0000-0000-000000000000, group: sandbox, site: shop }
  health: { path: /, build: { json: build }, tries: 10, every: 1s }
  soak: { for: ${soak}, every: 1s }
`;

/** A function that says which version it is. */
const serving = (version: string): string => `Deno.serve(() => new Response("prices ${version}"));\n`;

const manifestOf = (version: string): string =>
  JSON.stringify({
    functions: { prices: { version, verify_jwt: false, smoke: { path: "/", contains: version } } },
  });

/** What a release brings. */
export interface Release {
  readonly version: string;
  readonly migrations: Readonly<Record<string, string>>;
}

export const GOOD: Release = {
  version: "1.2.0",
  migrations: {
    "202611010900_tickets.sql":
      "CREATE TABLE tickets ( id int PRIMARY KEY, seat text NOT NULL, price int NOT NULL );\n",
    "202611010900_tickets_rollback.sql": "DROP TABLE tickets;\n",
  },
};
export const BAD: Release = {
  version: "1.3.0",
  migrations: {
    "202611280900_discount.sql": "ALTER TABLE tickets ADD COLUMN discount int NOT NULL DEFAULT 100;\n",
    "202611280900_discount_rollback.sql": "ALTER TABLE tickets DROP COLUMN discount;\n",
  },
};

/** Makes the repository. */
export function openTickets(repository: string): void {
  git(repository, "init", "--quiet", "--initial-branch", "main");
}

/** Commits and tags a release. @returns the commands that bring it, each as its words */
export function commitRelease(
  repository: string,
  { version, migrations }: Release,
  { hasFunctions, soak }: { readonly hasFunctions: boolean; readonly soak: string },
): readonly (readonly string[])[] {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  };
  for (const [name, text] of Object.entries(migrations)) write(`migrations/${name}`, text);
  write(".github/holdfast.yml", settings(soak));
  write("app/package.json", JSON.stringify({ version, main: "server.js" }));
  write("app/server.js", SERVER);
  write("supabase/functions/prices/index.ts", serving(version));
  write("supabase/functions/function-manifest.json", manifestOf(version));
  git(repository, "add", ".github", "app", "migrations", "supabase");
  git(repository, "commit", "--quiet", "--message", `feat: ${version}`);
  git(repository, "tag", `v${version}`);
  return [
    ["migrate", "--migrations", "migrations"],
    ...(hasFunctions ? [["functions-deploy", "--project", PROJECT]] : []),
    ["deploy", "--version", `v${version}`, "--package", "app"],
  ];
}

function git(folder: string, ...words: string[]): void {
  const identity = [
    "-c",
    "user.name=demo",
    "-c",
    "user.email=demo@example.com",
    "-c",
    "commit.gpgsign=false",
  ];
  execFileSync("git", [...identity, ...words], { cwd: folder, env: plainEnvironment(), stdio: "ignore" });
}
