/**
 * node scripts/run.mjs scripts/servers.ts: fetches the PostgreSQL servers that the tests pin and that are not
 * in the cache. `npm test` does it too; `.ci/run` while its checks run. What cannot be had is left to `npm
 * test`, which tries once more and says so.
 */
import { obtainServers } from "../test/support/servers/servers.ts";

const missing = await obtainServers((text) => process.stdout.write(`${text}\n`));
for (const [version, reason] of missing) {
  process.stdout.write(`not fetched: PostgreSQL ${version}: ${reason}\n`);
}
