/**
 * npm run newest-minors: whether a registry serves a newer PostgreSQL than the ones that the tests pin, said
 * in lines that begin with NOTICE. A registry that could not be asked is said as well. The exit code is 0
 * either way: what came out since is no fault of a change.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servedByDebian } from "../test/support/servers/debian.ts";
import { newerThanPinned, newMajor } from "../test/support/servers/newer.ts";
import { servedByNpm } from "../test/support/servers/npm.ts";
import { SERVER_PACKAGES, type ServerPackage } from "../test/support/servers/packages.ts";
import { servedByPypi } from "../test/support/servers/pypi.ts";

type Registry = ServerPackage["registry"];

const PINS = "test/support/servers/packages.ts";

const ASK: Readonly<
  Record<Registry, { readonly label: string; served(name: string): Promise<readonly string[]> }>
> = {
  debian: { label: "Debian", served: askDebian },
  npm: { label: "npm", served: servedByNpm },
  pypi: { label: "PyPI", served: servedByPypi },
};

async function askDebian(name: string): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-apt-"));
  try {
    return await servedByDebian(name, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One line for each thing to know about a registry; never throws. */
async function look(registry: Registry): Promise<string[]> {
  const packages = SERVER_PACKAGES.filter((each) => each.registry === registry);
  const { label, served } = ASK[registry];
  // The first file of a package stands for all of them: server and client come out together.
  const names = [...new Set(packages.map(({ files }) => files[0]!.name))];
  const asked = new Map<string, readonly string[]>();
  const lines: string[] = [];
  for (const name of names) {
    try {
      const versions = await served(name);
      if (versions.length === 0) {
        lines.push(
          `NOTICE: ${label} serves no ${name} for this machine: whether there is a newer minor is not known`,
        );
      } else asked.set(name, versions);
    } catch (error) {
      lines.push(`NOTICE: ${label} could not be asked about ${name}: ${(error as Error).message}`);
    }
  }
  const comparable = packages.map((each) => ({ ...each, files: each.files.slice(0, 1) }));
  for (const newer of newerThanPinned(comparable, asked)) {
    lines.push(
      `NOTICE: ${label} serves ${newer.name} ${newer.served}, newer than ${newer.pinned}, which ${PINS} ` +
        "pins: pin it, and run the tests",
    );
  }
  const major = registry === "npm" ? newMajor(SERVER_PACKAGES, [...asked.values()].flat()) : undefined;
  if (major !== undefined) {
    lines.push(`NOTICE: ${label} serves PostgreSQL ${major}, a major version that ${PINS} does not have`);
  }
  if (lines.length === 0) lines.push(`${label}: nothing newer than what is pinned (${names.join(", ")})`);
  return lines;
}

const told = await Promise.all((["debian", "npm", "pypi"] as const).map((registry) => look(registry)));
for (const line of told.flat()) process.stdout.write(`${line}\n`);
