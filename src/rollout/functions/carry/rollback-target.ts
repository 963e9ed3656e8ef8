import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { listed } from "../../../kernel/listed.ts";
import type { Json } from "../../../kernel/outcome.ts";
import { printableLine } from "../../../kernel/printable.ts";
import { BACKUP_ID } from "../../../nouns/catalog/manifest.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { FunctionArchive } from "../archive/archive.ts";
import type { SourceDocument } from "../archive/documents.ts";
import { wantedIn } from "../archive/wanted-in.ts";
import type { Rollout } from "./reached.ts";
import { needsOf, referenceIn } from "../manifest/check-manifest.ts";
import type { FunctionManifest } from "../manifest/manifest.ts";
import { closed, inLevels, type Needs } from "../manifest/order.ts";
import { committedFunctions } from "../sources/committed.ts";
import { plainFolder, type FunctionSet } from "../sources/function-set.ts";
import type { WantedFunction } from "../sources/function-sources.ts";
import { straySources } from "../sources/unfit.ts";

/** Which functions, and what they are to be again. */
export interface BackTo {
  readonly project: string;
  readonly functionsFolder: string;
  /** A snapshot's id, a release's tag or any commit; undefined: the manifest's rollback targets. */
  readonly to: string | undefined;
  /** All where none is named. */
  readonly functions: readonly string[];
}

type TargetPorts = Pick<Ports, "sourceHistory" | "log">;

/** What is gone back to. */
interface Target {
  readonly said: Json;
  readonly names: readonly string[];
  /** What is there and cannot be deployed, with the reason. */
  readonly impossible: ReadonlyMap<string, string>;
  readonly functionOf: (name: string) => WantedFunction;
  readonly needs: Needs;
}

/** What the checkout has, where there is one. */
interface Checkout {
  readonly committed: FunctionSet;
  /** Its manifest, where that can be read. */
  readonly manifest: FunctionManifest | undefined;
  readonly links: readonly string[];
}

/** The set that is to be served again, each with what it needs. @throws input.*; source.* */
export async function rolloutTo(
  inputs: BackTo,
  archive: FunctionArchive,
  ports: TargetPorts,
): Promise<Rollout> {
  const rollout = rolloutOf(await targetOf(inputs, archive, ports), inputs);
  for (const line of rollout.leftOut.values()) ports.log.warn(line);
  return rollout;
}

async function targetOf(inputs: BackTo, archive: FunctionArchive, ports: TargetPorts): Promise<Target> {
  const { to } = inputs;
  if (to === undefined) return await declaredTargets(inputs, archive, ports);
  return BACKUP_ID.test(to)
    ? await snapshotTarget(to, inputs, archive, ports)
    : await releaseTarget(to, inputs, ports);
}

function rolloutOf(target: Target, { project, functions: named }: BackTo): Rollout {
  const { names: all, functionOf, needs, said } = target;
  const unknown = named.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    throw new HoldfastError(
      "input.no-such-snapshot",
      `what is gone back to has no function ${listed(unknown.map(printableLine))}`,
      { hint: "Name functions that it has: a dry run without --functions lists them." },
    );
  }
  const set = [...closed(named.length === 0 ? all : named, needs)].filter((name) => all.includes(name));
  const of = typeof said === "string" ? ` of ${printableLine(said)}` : "";
  const lacking = new Map(set.flatMap((name) => hindrance(name, target)));
  const [first] = lacking.values();
  // Whoever names functions wants these; and of nothing that can go back nobody is to hear that all is well.
  if (first !== undefined && (named.length > 0 || lacking.size === set.length)) {
    throw new HoldfastError("source.missing", `nothing was taken back: ${first}`, {
      hint: "Go back to a snapshot, whose id functions status lists, or to another release.",
    });
  }
  const { levels, circular } = inLevels(
    set.filter((name) => !lacking.has(name)),
    needs,
  );
  // An old manifest may have been circular: going back must not fail for it.
  const whole = circular.length > 0 ? [...levels, circular] : levels;
  return {
    kind: "rollback",
    project,
    asked: {
      to: said,
      functions: [...named].sort(),
      // An approval covers that these stay, too.
      ...(lacking.size === 0 ? {} : { "left-out": [...lacking.keys()].sort() }),
    },
    leftOut: new Map([...lacking].map(([name, why]) => [name, `${name}${of} is left as it is: ${why}`])),
    levels: whole.map((level) => level.map(functionOf)),
  };
}

/** Why a function cannot be taken back: it, or one that it needs, cannot be deployed. */
function hindrance(
  name: string,
  { impossible, needs }: Pick<Target, "impossible" | "needs">,
): readonly (readonly [name: string, why: string])[] {
  if (impossible.size === 0) return [];
  const at = [...closed([name], needs)].find((each) => impossible.has(each));
  if (at === undefined) return [];
  const why = impossible.get(at)!;
  return [[name, at === name ? why : `it needs ${at}, and ${why}`]];
}

async function snapshotTarget(
  id: string,
  inputs: BackTo,
  archive: FunctionArchive,
  ports: TargetPorts,
): Promise<Target> {
  const snapshot = await archive.snapshot(id);
  if (snapshot === undefined) {
    throw new HoldfastError(
      "input.no-such-snapshot",
      `the store has no snapshot ${id} of ${inputs.project}`,
      {
        hint: "List those that are there with functions status.",
      },
    );
  }
  const manifest = (await checkoutOf("HEAD", inputs, ports))?.manifest;
  const served = snapshot.functions.filter(({ status }) => status === "ACTIVE");
  return {
    said: id,
    ...ofMap(new Map(served.map((each) => [each.slug, wantedIn(each, archive)]))),
    needs: manifest === undefined ? new Map() : needsOf(manifest),
  };
}

function ofMap(
  functions: ReadonlyMap<string, WantedFunction>,
): Pick<Target, "names" | "impossible" | "functionOf"> {
  return {
    names: [...functions.keys()],
    impossible: new Map(),
    functionOf: (name) => functions.get(name)!,
  };
}

/** The functions of a commit. Whatever a deployment of it would refuse is told, and stops nobody. */
async function releaseTarget(to: string, inputs: BackTo, ports: TargetPorts): Promise<Target> {
  const { committed, manifest, links } = (await checkoutOf(to, inputs, ports, { isNeeded: true }))!;
  const warn = (text: string): void => ports.log.warn(text);
  const of = `of ${printableLine(to)}`;
  if (committed.manifest !== undefined && manifest === undefined) {
    warn(
      `${committed.manifest.path} ${of} cannot be read: what functions need, and by what request they are ` +
        "tried, is not known",
    );
  }
  if (committed.config.unreadable !== undefined) {
    warn(`${of}: ${committed.config.unreadable}: functions that are named there alone are left as they are`);
  }
  return {
    said: to,
    names: [...committed.names],
    impossible: new Map(
      [...committed.names].flatMap((name) => {
        const { isPossible, misfits } = committed.startOf(name);
        return isPossible ? [] : [[name, misfits[0]?.message ?? "it has nothing to start by"] as const];
      }),
    ),
    functionOf(name) {
      const strays = straySources(committed, name, links).map((each) => `${each}, and not what is behind it`);
      const misfits = committed.startOf(name).misfits.map(({ message }) => message);
      for (const each of [...misfits, ...strays]) warn(`${name} ${of}: ${each}`);
      return committed.wanted(name);
    },
    needs: manifest === undefined ? new Map() : needsOf(manifest),
  };
}

async function declaredTargets(
  inputs: BackTo,
  archive: FunctionArchive,
  ports: TargetPorts,
): Promise<Target> {
  const manifest = (await checkoutOf("HEAD", inputs, ports, { isNeeded: true }))?.manifest;
  const functions = new Map<string, WantedFunction>();
  const impossible = new Map<string, string>();
  for (const [name, { rollback_target: text }] of Object.entries(manifest?.functions ?? {})) {
    if (text === undefined || text === null) continue;
    const kept = await keptAt(name, text, archive);
    if (typeof kept === "string") impossible.set(name, kept);
    else functions.set(name, wantedIn(kept, archive));
  }
  if (functions.size + impossible.size === 0) {
    throw new HoldfastError(
      "input.missing",
      "the manifest declares no rollback_target, and --to was not given",
      {
        hint: "Say what is gone back to with --to: a snapshot's id, or a release's tag.",
      },
    );
  }
  return {
    said: "rollback_target",
    ...ofMap(functions),
    names: [...functions.keys(), ...impossible.keys()],
    impossible,
    needs: manifest === undefined ? new Map() : needsOf(manifest),
  };
}

/** The newest sources of `name@version` that can be read; why they cannot, where they may be there. */
async function keptAt(
  name: string,
  text: string,
  archive: FunctionArchive,
): Promise<SourceDocument | string> {
  const version = referenceIn(text)?.version;
  const { sources, unread } = await archive.allSourcesOf(name);
  const found = sources.find((each) => each.version === version);
  if (found !== undefined) return found;
  const [first] = unread;
  if (first !== undefined) {
    return `${printableLine(text)} is in nothing that can be read of what the store keeps: ${first.message}`;
  }
  throw new HoldfastError(
    "input.no-such-snapshot",
    `the store keeps no sources of ${printableLine(text)}, to which ${name} is to be taken back`,
    {
      hint:
        "Only what Holdfast has deployed has a version there. Give a snapshot's id or a release's tag " +
        "with --to.",
    },
  );
}

/** An emergency needs no checkout: where nothing of it is needed, none is no mistake. */
export async function checkoutOf(
  revision: string,
  { functionsFolder, project }: Pick<BackTo, "functionsFolder" | "project">,
  ports: Pick<Ports, "sourceHistory">,
  { isNeeded }: { readonly isNeeded: boolean } = { isNeeded: false },
): Promise<Checkout | undefined> {
  try {
    const history = await ports.sourceHistory(".");
    const commit = await history.commit(revision);
    const committed = await committedFunctions(history, commit, plainFolder(functionsFolder), project);
    return {
      committed,
      manifest: committed.manifest?.read.manifest,
      links: await history.links(commit),
    };
  } catch (error) {
    if (!isNeeded && isHoldfastError(error, "source.history", "source.missing")) return undefined;
    throw error;
  }
}
