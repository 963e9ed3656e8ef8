import { rm } from "node:fs/promises";

/** Stops what the global set-up started and removes every byte of it. */
export default async function globalTeardown(): Promise<void> {
  const shared = globalThis.holdfastShared;
  await shared?.cluster[Symbol.asyncDispose]();
  if (shared !== undefined) await rm(shared.dataFolders, { recursive: true, force: true });
}
