import { quantity } from "../../kernel/quantity.ts";
import { entryTitle } from "../copy/artifacts/toc-names.ts";
import type { Manifest } from "../../nouns/catalog/manifest.ts";
import { displayName } from "../../postgres/display-name.ts";
import { profileOf } from "../../nouns/platform/profiles.ts";
import type { TocEntry } from "../../ports/dump-tools.ts";
import type { RestoreRequest } from "./request/request.ts";
import { webhookTriggers } from "./chosen/webhooks.ts";

/** Names shown; the archive has all. */
const TOLD_MAX = 8;

/**
 * What of a platform's backup goes on doing things by itself where the backup is restored as into any
 * database: jobs and webhooks come back as they were, so that two databases do the same. (Into a project they
 * come back paused.)
 *
 * @param contents of the archive that makes the schema
 */
export function comesBackEnabled(
  { content, platform }: Manifest,
  contents: readonly TocEntry[],
  request: RestoreRequest,
): string[] {
  if (platform === undefined || request.tables.length > 0) return [];
  const profile = profileOf(platform.name);
  const jobs =
    request.part === "schema"
      ? []
      : content.tables.filter(
          ({ schema, name, rows }) =>
            (rows ?? 0) > 0 &&
            profile.schemas.some(
              (one) =>
                one.name === schema && one.rows.some(({ table, kind }) => table === name && kind === "job"),
            ),
        );
  const webhooks = request.part === "data" ? [] : webhookTriggers(contents, profile.webhookFunctions);
  const told = webhooks.slice(0, TOLD_MAX).map(entryTitle).join(", ");
  return [
    ...jobs.map(
      (table) =>
        `${quantity(table.rows ?? 0, "job")} of the backup (${displayName(table)}) ` +
        "will run from here too where pg_cron works in this database: a job comes back as it was; " +
        "switch it off at once (cron.alter_job(jobid, active := false)), or restore with --into project, " +
        "where jobs come back paused",
    ),
    ...(webhooks.length === 0
      ? []
      : [
          "database webhooks come back switched on, and send from here too as soon as rows change: " +
            `${told}${webhooks.length > TOLD_MAX ? ` and ${webhooks.length - TOLD_MAX} more` : ""}; ` +
            "switch them off before anybody writes (ALTER TABLE … DISABLE TRIGGER …)",
        ]),
  ];
}
