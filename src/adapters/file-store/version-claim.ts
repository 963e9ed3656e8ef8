import { link, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../../kernel/streams.ts";
import { errnoOf } from "./file-errors.ts";

/**
 * A claim is held for the milliseconds of one rename; one older than this belongs to a process that
 * died in between.
 */
const STALE_MS = 60_000;
const POLL_MS = 25;

/** What a claim needs: the store's temporary folder, a fresh path in it, and a way to wait. */
export interface ClaimRoom {
  readonly folder: string;
  freshPath(): string;
  sleep(ms: number): Promise<void>;
}

/**
 * Runs `work` while holding the only claim on one version (`etag`) of one path. POSIX has no "rename if
 * unchanged": so whoever replaces or removes a blob first creates a file named after the path and the
 * version, which only one can do, then looks again whether that version is still there, then acts. The claim
 * is gone afterwards; a claim left by a dead process is broken after a minute.
 */
export async function withVersionClaim<T>(
  room: ClaimRoom,
  path: string,
  etag: string,
  work: () => Promise<T>,
): Promise<T> {
  const claim = join(room.folder, `claim-${sha256(`${path}\n${etag}`).slice(0, 32)}`);
  while (!(await createEmpty(claim))) {
    if (await isStale(room, claim)) await breakClaim(room, claim);
    else await room.sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(claim, { force: true });
  }
}

async function createEmpty(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx", 0o600)).close();
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Compares with the time of a file made just now: the same clock, also when the disk is another machine's.
 */
async function isStale(room: ClaimRoom, claim: string): Promise<boolean> {
  const probe = room.freshPath();
  await createEmpty(probe);
  try {
    const [now, made] = [await stat(probe), await stat(claim)];
    return now.mtimeMs - made.mtimeMs > STALE_MS;
  } catch (error) {
    // The claim was given back while we looked.
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  } finally {
    await rm(probe, { force: true });
  }
}

/** Moves a dead claim away; if somebody else did so first and claimed anew, what was moved is put back. */
async function breakClaim(room: ClaimRoom, claim: string): Promise<void> {
  const moved = room.freshPath();
  try {
    await rename(claim, moved);
    if (!(await isStale(room, moved))) await link(moved, claim);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "EEXIST") throw error;
  } finally {
    await rm(moved, { force: true });
  }
}
