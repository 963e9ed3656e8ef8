import { tmpdir } from "node:os";
import type { Disk } from "../../ports/disk.ts";
import { nearestSet, type ToolSet } from "../../ports/dump-tools.ts";
import type { ScratchServers } from "../../ports/scratch-server.ts";
import { formatBytes } from "../../kernel/bytes.ts";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { serverAccount } from "./account.ts";
import { startServer, type MakeDataFolder } from "./server.ts";

/** Bytes a server takes before it holds anything: the empty cluster and its first log segments. */
const EMPTY_SERVER_BYTES = 100_000_000;

/** Scratch servers from this machine's own PostgreSQL. */
export function localScratchServers(options: {
  /** Installed servers, newest first. */
  readonly installations: () => Promise<readonly ToolSet[]>;
  readonly disk: Disk;
  /**
   * Folder to make the servers' folders in; default the system's temporary one, which is what
   * `disk` must measure.
   */
  readonly root?: string;
  /** How a server's data folder is made; default by initdb, each time. */
  readonly makeDataFolder?: MakeDataFolder;
}): ScratchServers {
  const choose = async (majorMin: number | undefined): Promise<ToolSet> => {
    const installed = await options.installations();
    // The nearest: definitions can only be compared in full on a server of the same major.
    const fitting = majorMin === undefined ? installed[0] : nearestSet(installed, majorMin);
    if (fitting !== undefined) return fitting;
    const found = installed[0];
    throw new HoldfastError(
      found === undefined ? "tool.missing" : "tool.too-old",
      found === undefined
        ? "no PostgreSQL server is installed on this machine"
        : `the newest PostgreSQL server here is ${found.version}, needed is ${majorMin}`,
      {
        hint:
          "Install the distribution's PostgreSQL server " +
          `package${majorMin === undefined ? "" : ` (version ${majorMin} or newer)`}, or name another ` +
          "server (--scratch; of migrate-check, --shadow).",
      },
    );
  };
  return {
    async available() {
      try {
        serverAccount();
        return { major: (await choose(undefined)).major };
      } catch (error) {
        if (!isHoldfastError(error, "tool.missing", "tool.too-old")) throw error;
        return { major: undefined, reason: error.message };
      }
    },
    async start({ bytesNeeded, majorMin }) {
      const tools = await choose(majorMin);
      const needed = bytesNeeded + EMPTY_SERVER_BYTES;
      const free = await options.disk.free();
      if (free < needed) {
        throw new HoldfastError(
          "disk.full",
          `the temporary folder has ${formatBytes(free)} free, a scratch server for this ` +
            `needs ${formatBytes(needed)}`,
          {
            hint:
              "Free space, point TMPDIR at a larger disk, or name another server (--scratch; of " +
              "migrate-check, --shadow).",
          },
        );
      }
      return await startServer(tools, options.root ?? tmpdir(), options.makeDataFolder);
    },
  };
}
