import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "@jest/globals";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { gitWorkTree } from "../../../src/adapters/source-tree/work-tree.ts";
import { checkout } from "../../../src/adapters/source-tree/checkout.ts";
import { supabaseFunctions } from "../../../src/adapters/supabase/supabase-functions.ts";
import { endWithUs } from "../../../src/adapters/system/last-will.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import { runFunctionsCheck } from "../../../src/rollout/functions/check/run.ts";
import { runFunctionsDeploy } from "../../../src/rollout/functions/deploy/run.ts";
import { runFunctionsRollback } from "../../../src/rollout/functions/rollback/run.ts";
import { DenoRuntime } from "../../../src/sandbox/supabase/deno-runtime.ts";
import { repository } from "../../support/repository.ts";
import { FakeSupabase, PROJECT } from "../../support/supabase/fake-functions.ts";
import { testPorts } from "../../support/test-ports.ts";
import { scratchFolder } from "../../support/tools.ts";
import { commitOf, deployInputs, type Said } from "./world.ts";

const require = createRequire(import.meta.url);
const DENO = join(dirname(require.resolve("@deno/linux-x64-glibc/package.json")), "deno");

const serves = (version: string): string =>
  `import { word } from "../_shared/word.ts";\nDeno.serve(() => new Response(word + " ${version}"));\n`;

const at = (version: string, text = serves(version)): Record<string, Said> => ({
  auth: { version, text: serves(version), verifyJwt: true },
  orders: { version, text, needs: [`auth@^${version}`] },
});

it("a bad release of real functions is taken back, a good one served, one command goes back", async () => {
  await using fake = await FakeSupabase.start({
    runtime: new DenoRuntime({ deno: DENO, guard: endWithUs, atOnce: 3 }),
    // A limit is met in the middle, as with every larger set.
    faults: [{ fault: "throttle", at: 2, times: 1, route: "POST /v1", retryAfterSeconds: 0 }],
  });
  await using repo = repository();
  await using folder = scratchFolder("functions-store");
  const key = new Secret("anon-key");
  const ports = testPorts();
  const host = supabaseFunctions({
    ...ports,
    project: PROJECT,
    api: fake.api,
    functions: fake.functions,
    token: new Secret("sbp_whole"),
    key,
  });
  const reached = {
    ...ports,
    openFunctions: () => Promise.resolve(host),
    sourceHistory: () => Promise.resolve(gitHistory({ env: process.env, folder: repo.path })),
    workTree: () => gitWorkTree({ env: process.env, folder: repo.path }),
  };
  const inputs = { ...deployInputs(), functionsKey: key, store: pathToFileURL(folder.path).href };
  const commit = (tag: string, functions: Record<string, Said>): void => {
    const files = Object.fromEntries(commitOf(functions));
    repo.commit(tag, { ...files, "supabase/functions/_shared/word.ts": 'export const word = "at";\n' });
    repo.git("tag", tag);
  };
  const answer = async (slug: string): Promise<string> =>
    (await fetch(`${fake.functions}/${slug}`, { headers: { authorization: "Bearer anon-key" } })).text();

  commit("v1.0.0", at("1.0.0"));
  expect((await runFunctionsDeploy({ ...inputs, updateManifest: true }, reached)).exit).toBe(0);
  expect([await answer("auth"), await answer("orders")]).toEqual(["at 1.0.0", "at 1.0.0"]);
  const manifest = repo.git("diff", "--", "supabase/functions/function-manifest.json");
  expect(manifest).toContain('+      "deployed_at"');

  commit("v2.0.0", at("2.0.0", `throw new Error("does not start");`));
  const bad = await runFunctionsDeploy(inputs, reached);
  expect([bad.exit, bad.outputs["outcome"]]).toEqual([3, "undone"]);
  expect(bad.report.notes.join()).toContain("answered 503");
  expect([await answer("auth"), await answer("orders")]).toEqual(["at 1.0.0", "at 1.0.0"]);

  commit("v2.0.1", at("2.0.1"));
  expect((await runFunctionsDeploy(inputs, reached)).exit).toBe(0);
  expect([await answer("auth"), await answer("orders")]).toEqual(["at 2.0.1", "at 2.0.1"]);

  const back = await runFunctionsRollback({ ...inputs, to: "v1.0.0", functions: ["orders"] }, reached);
  expect([back.exit, back.outputs["changed"]]).toEqual([0, ["auth@1.0.0", "orders@1.0.0"]]);
  expect([await answer("auth"), await answer("orders")]).toEqual(["at 1.0.0", "at 1.0.0"]);
  expect(fake.wrong).toEqual([]);
});

it("a manifest of the checkout is checked with its lines, and with what the store keeps", async () => {
  await using repo = repository();
  const said = { orders: { version: "1.1.0", target: "orders@1.0.0", needs: ["mail@1.0.0"] } };
  repo.write(Object.fromEntries(commitOf(said)));
  await using folder = scratchFolder("functions-store");
  const ports = { ...testPorts(), sourceTree: () => Promise.resolve(checkout({ env: process.env })) };
  const functionsFolder = join(repo.path, "supabase/functions");
  const alone = { functionsFolder, project: undefined, store: undefined, storeSecret: undefined };
  const outcome = await runFunctionsCheck(alone, ports);
  expect([outcome.exit, outcome.annotations]).toEqual([
    3,
    [expect.objectContaining({ line: 6, file: join(functionsFolder, "function-manifest.json") })],
  ]);
  // A project alone chooses its section of config.toml.
  expect((await runFunctionsCheck({ ...alone, project: PROJECT }, ports)).exit).toBe(3);
  const store = pathToFileURL(folder.path).href;
  await expect(runFunctionsCheck({ ...alone, store }, ports)).rejects.toMatchObject({
    code: "input.missing",
  });
  const withStore = await runFunctionsCheck({ ...alone, project: PROJECT, store }, ports);
  expect(withStore.report.tables[0]!.rows.map(([, , problem]) => problem)).toEqual([
    "mail@1.0.0: there is no function mail",
    "orders@1.0.0 does not exist: the store keeps no sources of it",
  ]);
  // What could not be read may be it.
  const damaged = join(folder.path, `functions/${PROJECT}/sources/orders/${"a".repeat(64)}`);
  mkdirSync(damaged, { recursive: true });
  writeFileSync(join(damaged, `${"b".repeat(64)}.json`), "{");
  repo.write(Object.fromEntries(commitOf({ orders: { version: "1.1.0", target: "orders@1.0.0" } })));
  const doubtful = await runFunctionsCheck({ ...alone, project: PROJECT, store }, ports);
  expect([doubtful.exit, doubtful.report.notes.at(-1)]).toEqual([
    0,
    "whether the rollback target of orders exists is not known: not all could be read",
  ]);
});
