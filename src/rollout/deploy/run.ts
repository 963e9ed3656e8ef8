import semver from "semver";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import { carryOutOnApp } from "../app/carry-out.ts";
import { appOutcome } from "../app/report.ts";
import { readAppSettings, type AppInputs, type AppPorts } from "../app/request.ts";

/** The parsed inputs of `holdfast deploy`. */
export interface DeployInputs extends AppInputs {
  readonly version: string;
  readonly package: string;
  readonly build: string | undefined;
}

/** A package of gigabytes is zipped and hashed in minutes. */
const READ_MS = 30 * 60_000;

/** `holdfast deploy`: see src/commands/rollout/deploy.ts. */
export async function runDeploy(inputs: DeployInputs, ports: AppPorts): Promise<Outcome> {
  const version = plainVersion(inputs.version);
  const app = await readAppSettings(inputs, ports);
  const store = await ports.openStore(inputs.store, inputs.storeSecret);
  await store.check(!inputs.dryRun);
  const host = await ports.openSlotHost(app.target.address);
  ports.log.stage(`reading ${inputs.package}`);
  const digest = await host.digest(inputs.package, { signal: ports.cancelled, withinMs: READ_MS });
  const wanted = {
    kind: "deploy" as const,
    build: { version, build: inputs.build, digest },
    packagePath: inputs.package,
    reason: "deployment",
  };
  const done = await carryOutOnApp(wanted, app, { host, store }, inputs, ports);
  return appOutcome(wanted, app.target, done);
}

/** @throws input.malformed */
function plainVersion(text: string): string {
  const version = semver.parse(text);
  if (version !== null && version.build.length === 0) return version.version;
  throw new HoldfastError("input.malformed", `'${text}' is no version of a release`, {
    hint: "Give the release's tag, such as v1.3.0; build metadata is given with --build.",
  });
}
