/** Stops what the global set-up started and removes every byte of it. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.holdfastSharedCluster?.[Symbol.asyncDispose]();
}
