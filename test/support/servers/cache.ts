import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serverAccount } from "../tools.ts";
import type { ServerPackage } from "./packages.ts";

const CHECKOUT = fileURLToPath(new URL("../../..", import.meta.url));

/** Outside of checkouts and homes, and kept over restarts. */
const ELSEWHERE = "/var/tmp/holdfast-test-cache";

/**
 * The folder in which unpacked servers are kept: HOLDFAST_TEST_CACHE, else `.cache/postgres` of the checkout.
 * PostgreSQL started by root runs as somebody else, who may not enter a checkout below /root: then it is a
 * folder below /var/tmp.
 */
export function cacheFolder(): string {
  const given = (process.env["HOLDFAST_TEST_CACHE"] ?? "").trim();
  const folder =
    given !== "" ? given : join(isEnterable(CHECKOUT) ? join(CHECKOUT, ".cache") : ELSEWHERE, "postgres");
  mkdirSync(folder, { recursive: true });
  return folder;
}

function isEnterable(folder: string): boolean {
  return (
    spawnSync("/bin/sh", ["-c", 'cd "$0"', folder], { cwd: "/", stdio: "ignore", ...serverAccount() })
      .status === 0
  );
}

/** Where the files of a package lie once they are unpacked; its name changes with what is pinned. */
export function placeOf({ version, files: [file] }: ServerPackage): string {
  return join(cacheFolder(), `${version}-${file!.sha256.slice(0, 12)}`);
}

/** Whether a package is in the cache; nothing is ever there half. */
export function isCached(each: ServerPackage): boolean {
  return existsSync(placeOf(each));
}
