import semver from "semver";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import { quantity } from "../../kernel/quantity.ts";
import { carryOut } from "./carry-out.ts";
import type { Ports } from "../../ports/ports.ts";
import type { AppPackage } from "../../ports/slot-host.ts";
import { PackageShelf } from "../app/package-shelf.ts";
import { givenPackage } from "../app/package-of.ts";
import { deployOutcome } from "./report.ts";
import { withTimeline } from "../app/timeline-file.ts";
import { keepStep } from "../app/steps/keep.ts";
import { schemaOfRelease, type KnownRange } from "../app/schema-range.ts";
import { readAppSettings, type AppInputs, type AppPorts } from "../app/request.ts";

/** The parsed inputs of `holdfast deploy`. */
export interface DeployInputs extends AppInputs {
  readonly version: string;
  readonly package: string;
  readonly build: string | undefined;
  /** Into the store, for a rollback. */
  readonly keepPackage: boolean;
  /** Path of the release's `release-unit.json`; undefined: its tag in the checkout is asked. */
  readonly unit: string | undefined;
}

export type DeployPorts = AppPorts & Pick<Ports, "sourceHistory">;

/** A package of gigabytes is zipped and hashed in minutes. */
const READ_MS = 30 * 60_000;

/** `holdfast deploy`: see src/commands/rollout/deploy.ts. */
export async function runDeploy(inputs: DeployInputs, ports: DeployPorts): Promise<Outcome> {
  const version = plainVersion(inputs.version);
  const app = await readAppSettings(inputs, ports);
  const schema = await schemaOfRelease(version, inputs, ports);
  const store = await ports.openStore(inputs.store, inputs.storeSecret);
  await store.check(!inputs.dryRun);
  const host = await ports.openSlotHost(app.target.address);
  ports.log.stage(`reading ${inputs.package}`);
  await using pack = await host.pack(inputs.package, { signal: ports.cancelled, withinMs: READ_MS });
  const { digest, path } = pack;
  const wanted = {
    build: { version, build: inputs.build, digest },
    source: givenPackage(inputs.package, path),
    keep: inputs.keepPackage ? keepStep(new PackageShelf(store, ports.disk), pack) : undefined,
    schema,
  };
  const done = await carryOut(wanted, app, { host, store }, inputs, ports);
  const notes = [...schemaNotes(wanted.schema), ...linkNotes(pack)];
  const outcome = deployOutcome(wanted, app.target, done, notes);
  return await withTimeline(outcome, done.came, inputs.timeline, ports.disk);
}

/** What is not written down now, a rollback cannot know when it needs it. */
function schemaNotes(schema: KnownRange): readonly string[] {
  return schema === undefined
    ? [
        "on which schemas this release runs is not told, neither by a release unit nor by its tag in a " +
          "checkout: a rollback to it will ask",
      ]
    : [];
}

/** A start that names a program of a package, such as `next start`, finds it by such a link. */
function linkNotes({ leftOut }: Pick<AppPackage, "leftOut">): readonly string[] {
  return leftOut === 0
    ? []
    : [
        `${quantity(leftOut, "link")} of node_modules/.bin ${leftOut === 1 ? "is" : "are"} not in the ` +
          "package: let the app start by a file, such as `node node_modules/next/dist/bin/next start`",
      ];
}

/** @throws input.malformed */
function plainVersion(text: string): string {
  const version = semver.parse(text);
  if (version !== null && version.build.length === 0) return version.version;
  throw new HoldfastError("input.malformed", `'${text}' is no version of a release`, {
    hint: "Give the release's tag, such as v1.3.0; build metadata is given with --build.",
  });
}
