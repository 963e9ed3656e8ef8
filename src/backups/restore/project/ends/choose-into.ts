import { HoldfastError } from "../../../../kernel/errors.ts";
import type { Backup } from "../../../../nouns/catalog/catalog.ts";
import { heldAgainst } from "../../../../nouns/platform/doubtful.ts";
import { profileOf } from "../../../../nouns/platform/profiles.ts";
import { readPlatform } from "../../../../nouns/platform/read-record.ts";
import type { PlatformRecord } from "../../../../nouns/platform/record.ts";
import type { RestoreRequest } from "../../request/request.ts";

/** Both ends of a restore into a project, as they say of themselves whose is what. */
export interface BothEnds {
  readonly source: PlatformRecord;
  readonly target: PlatformRecord;
  /** Why it is this way, for the plan. */
  readonly reason: string;
}

/** What is asked for is only a part, or names how a database is to be restored. */
function wantsDatabase({ mode, part, tables }: RestoreRequest): boolean {
  return mode !== "auto" || part !== "whole" || tables.length > 0;
}

/**
 * Whether the backup goes into a project: where it was asked for, or by itself where both ends are one
 * platform's that has schemas of its own.
 *
 * @returns undefined: into a database, as everywhere
 * @throws input.conflict, database.unsupported where it was asked for and cannot be
 */
export async function chooseInto(request: RestoreRequest, backup: Backup): Promise<BothEnds | undefined> {
  const asked = request.into === "project";
  if (request.into === "database" || (!asked && wantsDatabase(request))) return undefined;
  const { manifest, key } = backup;
  const refusal = whyNot(backup);
  if (refusal !== undefined && asked) throw refusal;
  const source = manifest.platform;
  if (source === undefined || refusal !== undefined) return undefined;
  await using session = await request.target.connect({ purpose: "restore plan" });
  const target = await readPlatform(session, manifest.scope);
  if (target?.name === source.name) {
    return {
      source,
      target: heldAgainst(target, source),
      reason: `both the backup and the target are of ${profileOf(source.name).title}`,
    };
  }
  if (!asked) return undefined;
  const { title } = profileOf(source.name);
  const is = target === undefined ? "no platform's that is known" : `of ${profileOf(target.name).title}`;
  throw new HoldfastError(
    "database.unsupported",
    `database ${request.target.address.database} is ${is}, and backup ${key.id} is of ${title}`,
    {
      hint: `Give a project of ${title} as target, or use --into database.`,
    },
  );
}

/** What a backup must be of to go into a project. */
function whyNot({ manifest: { platform, scope }, key }: Backup): HoldfastError | undefined {
  const refuse = (message: string, hint: string): HoldfastError =>
    new HoldfastError("input.conflict", message, { hint });
  if (platform === undefined) {
    return refuse(
      `backup ${key.id} is of plain PostgreSQL: it does not say that it is of a platform's project`,
      "Use --into database, which restores it into the project's database as into any other; " +
        "--into project is for backups that were made of a project.",
    );
  }
  const { title, schemas } = profileOf(platform.name);
  if (schemas.length === 0) {
    return refuse(
      `backup ${key.id} is of ${title}, which keeps nothing of its own inside a database`,
      "Use --into database.",
    );
  }
  if (scope.includeSchemas.length + scope.excludeSchemas.length === 0) return undefined;
  return refuse(
    `backup ${key.id} holds only some schemas, and a project is restored whole`,
    "Choose a backup of the whole project, or use --into database.",
  );
}
