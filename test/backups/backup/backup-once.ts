import { runBackup } from "../../../src/backups/backup/run.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { secret, testPorts } from "../../support/test-ports.ts";

/**
 * One backup in a process of its own, for tests that limit or kill the whole process. Prints how it ended as
 * one line of JSON.
 */

const request = JSON.parse(process.env["HF_REQUEST"] ?? "") as {
  database: string;
  store: string;
  recipient: string;
};
try {
  const outcome = await runBackup(
    {
      database: secret(request.database),
      store: request.store,
      storeSecret: undefined,
      source: "shop",
      tier: "tier2",
      kinds: [],
      recipients: [request.recipient],
      allowUnencrypted: false,
      proof: "content",
      schemas: [],
      excludeSchemas: [],
      jobs: 1,
      compressionLevel: 3,
      accessTier: undefined,
      lockWait: 60_000,
      snapshotLimit: 3_600_000,
      installClient: false,
      dryRun: false,
    },
    testPorts(),
  );
  console.log(JSON.stringify({ code: "done", message: outcome.report.headline, hint: "" }));
} catch (error) {
  if (!(error instanceof HoldfastError)) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }));
}
