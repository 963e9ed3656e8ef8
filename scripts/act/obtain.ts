import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** The version the workflows are run with. */
const VERSION = "0.2.87";

/** The runner's path, or why it cannot be had here. */
export type Obtained = { readonly path: string } | { readonly reason: string };

/**
 * nektos/act: the one on PATH if it is the right version, else the one in .cache/, else built there with Go,
 * where Go is new enough.
 */
export function obtainAct(root: string): Obtained {
  const folder = join(root, ".cache/act");
  const here = ["act", join(folder, "act")].find((path) => versionOf(path) === VERSION);
  if (here !== undefined) return { path: here };
  const go = spawnSync("go", ["env", "GOVERSION"], { encoding: "utf8" });
  const [, major = "0", minor = "0"] = /^go(\d+)\.(\d+)/.exec(go.stdout ?? "") ?? [];
  if (Number(major) < 1 || (Number(major) === 1 && Number(minor) < 25)) {
    return {
      reason: `act ${VERSION} is not installed, and Go 1.25 or newer, which could build it, is not either`,
    };
  }
  mkdirSync(folder, { recursive: true });
  process.stderr.write(`Building act ${VERSION} with Go; this takes a minute or two …\n`);
  const built = spawnSync("go", ["install", `github.com/nektos/act@v${VERSION}`], {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, GOBIN: folder, GOFLAGS: "", GOTOOLCHAIN: "local" },
    timeout: 600_000,
  });
  if (built.status !== 0 || !existsSync(join(folder, "act"))) {
    return { reason: `go install github.com/nektos/act@v${VERSION} failed` };
  }
  return { path: join(folder, "act") };
}

function versionOf(path: string): string | undefined {
  const { stdout, status } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return status === 0 ? /act version (\S+)/.exec(stdout)?.[1] : undefined;
}
