import type { FakeReleases } from "../../test/support/github/fake-releases.ts";
import type { Sandbox } from "./sandbox.ts";
import { see, type Ran, type Start, type TrialAtGithub } from "./trial.ts";

/** Of the sandbox, as it is there from the beginning. */
export const PROJECT = "abcdefghijklmnopqrst";

/** An app that says of which build it is, and is ill where that is so. */
const SERVER = `
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
const build = readFileSync(new URL("build.txt", import.meta.url), "utf8");
createServer((_, response) => {
  response.statusCode = build.startsWith("ill") ? 500 : 200;
  response.end(JSON.stringify({ build }));
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

export const APP = {
  "package.json": '{ "name": "shop", "type": "module", "scripts": { "start": "node server.js" } }\n',
  "server.js": SERVER,
};

export interface Rollouts extends TrialAtGithub {
  readonly fake: FakeReleases;
  readonly sandbox: Sandbox;
  readonly store: string;
  git(...words: string[]): Promise<string>;
}

/** Files of a commit with a function that says its version. */
export function functionsOf(version: string): Record<string, string> {
  const smoke = { path: "/", contains: version };
  const manifest = { functions: { orders: { version, verify_jwt: true, smoke } } };
  return {
    "supabase/functions/orders/index.ts": `Deno.serve(() => new Response("orders ${version}"));\n`,
    "supabase/functions/function-manifest.json": `${JSON.stringify(manifest, null, 2)}\n`,
  };
}

/** Starts a workflow on the sandbox, and looks at what came of it. */
export async function on(
  trial: Rollouts,
  workflow: string,
  start: Start,
  check: (ran: Ran) => Promise<void>,
): Promise<void> {
  const inputs = { store: trial.store, ...start.inputs };
  await see(trial, workflow, { ...start, inputs, env: trial.sandbox.env }, check);
}
