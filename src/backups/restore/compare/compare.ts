import { believe } from "../../copy/judging/control.ts";
import { asIfPublicOwned } from "../../copy/judging/as-if-public-owned.ts";
import { judge, withRecordedGaps } from "../../copy/judging/judge-copy.ts";
import { findingSentence } from "../../copy/judging/headline.ts";
import { notComparedNote } from "../../copy/judging/platforms-own.ts";
import type { LoadedSet } from "../../copy/loading/recipe.ts";
import { asIfGiven } from "../../copy/rights/as-if-given.ts";
import type { Finding } from "../../../nouns/catalog/manifest.ts";
import type { CompareOptions } from "../../../nouns/content/compare/compare-content.ts";
import { compareProperties } from "../../../nouns/content/compare/compare-properties.ts";
import { OBJECT_KINDS, type ContentRecord, type TableRecord } from "../../../nouns/content/record.ts";
import { profileOf } from "../../../nouns/platform/profiles.ts";
import { KeptSessions } from "../../../nouns/server/kept-sessions.ts";
import type { Database } from "../../../ports/database.ts";
import type { PlannedProperties } from "../properties/planned-properties.ts";
import { subscriptionNotes } from "../properties/subscriptions.ts";
import type { RestorePorts } from "../request/ports.ts";
import type { RestoreMode } from "../request/restore-mode.ts";
import { acceptNotMade, type NotMadeHere } from "../rights/not-made-here.ts";
import { notComparedNotes } from "../rows/made-tables.ts";
import type { RowsPlan } from "../rows/rows-plan.ts";
import { asOwned } from "./as-owned.ts";
import type { Compared } from "./compared.ts";
import { controlOf } from "./control.ts";
import { gapsOf } from "./gaps.ts";
import { measureCopy } from "./measure-copy.ts";
import { platformsPart } from "./platforms-part.ts";
import { takenAlong } from "./taken-along.ts";

/** What was restored, and what of it is not expected to be as it was. */
export interface ComparedPlan extends RowsPlan {
  readonly mode: RestoreMode;
  readonly properties?: PlannedProperties;
  readonly notMade?: NotMadeHere;
}

type Ignored = CompareOptions["ignore"] extends ReadonlySet<infer K> | undefined ? K : never;

/**
 * Compares what was restored into a database with what the source held at the snapshot.
 *
 * @param made named tables that were not there, and were made
 */
export async function compareRestored(
  plan: ComparedPlan,
  database: Database,
  loaded: LoadedSet,
  ports: RestorePorts,
  made: readonly TableRecord[] = [],
): Promise<Compared> {
  const { request, backup, set } = plan;
  ports.log.stage("comparing with what the source held at the snapshot");
  const expected = backup.manifest.content;
  const progress = ports.log.progress("comparing", "tables", plan.tables.length);
  const exact = request.part === "whole" && request.tables.length === 0;
  try {
    const { actual, gaps } = await measureAsSource(plan, database, loaded, ports, () => progress.add(1));
    const ignore = new Set<Ignored>([
      ...(request.noOwner ? (["owner"] as const) : []),
      ...(request.noPrivileges ? (["grant", "default-privilege"] as const) : []),
      // Rows were put into a schema that was there before and may have moved on.
      ...(request.part === "data"
        ? [...OBJECT_KINDS.filter((kind) => kind !== "sequence"), "extension" as const, "role" as const]
        : []),
    ]);
    const { platform, platformsDefaultsAlone } = platformsPart(backup.manifest);
    const judged = judge({
      expected,
      actual,
      ...loaded,
      allowEmptyViews: request.allowEmptyViews,
      recorded: backup.manifest.gaps,
      platform,
      platformsDefaultsAlone,
      options: {
        rows: set.hasRows && gaps.length === 0,
        exact,
        ignore,
        ...(request.tables.length > 0 ? { only: isIn(plan.tables), made: isIn(made) } : {}),
        ...(request.tables.length > 0 && request.part === "data" ? { definitions: false as const } : {}),
      },
    });
    const {
      findings: believed,
      notes,
      notCompared: own,
    } = await believe(judged, expected, actual, () => controlOf(plan, ports));
    const findings =
      request.allowGaps && plan.notMade !== undefined ? acceptNotMade(believed, plan.notMade) : believed;
    const along = takenAlong(expected, actual, plan.tables, made);
    const counted = actual.tables.filter((table) => table.rows !== null);
    return {
      findings: withRecordedGaps([...findings, ...gaps, ...otherLargeObjects(plan, actual)], gapsOf(plan)),
      notes: [
        ...notes,
        ...(platform === undefined ? [] : notComparedNote(profileOf(platform.name).title, own)),
        ...notComparedNotes(plan),
        ...along.notes,
        ...surroundings(plan, actual),
        ...(await subscriptionNotes(plan, database)),
      ],
      missingBeside: along.missing,
      tables: counted.length,
      rows: counted.reduce((sum, table) => sum + (table.rows ?? 0), 0),
    };
  } finally {
    progress.done();
  }
}

/**
 * What the database holds, with rights as they would be if what was refused or given up for the role
 * had been given.
 */
async function measureAsSource(
  plan: ComparedPlan,
  database: Database,
  loaded: LoadedSet,
  ports: RestorePorts,
  onTable: () => void,
): Promise<Awaited<ReturnType<typeof measureCopy>>> {
  const {
    request,
    set,
    backup: { manifest },
  } = plan;
  const expected = manifest.content;
  const isExact = request.part === "whole" && request.tables.length === 0;
  await using kept = new KeptSessions(database);
  const { actual: measured, gaps } = await measureCopy(kept, manifest.scope, {
    proof: set.hasRows ? expected.proof : "none",
    jobs: request.jobs,
    signal: ports.cancelled,
    onTable,
    like: expected,
    debug: (text) => ports.log.debug(text),
    ...(request.tables.length > 0 ? { only: plan.tables } : {}),
    // A table that has columns besides the source's has all of the source's rows.
    ...(isExact ? {} : { columnsOf: expected.tables }),
  });
  const given = await asIfGiven(kept, manifest.scope, measured, loaded.refusedRights);
  const actual = await asIfPublicOwned(
    kept,
    await asOwned(plan, kept, given, ports),
    expected,
    manifest.platform,
  );
  return { actual, gaps };
}

/**
 * What surrounds the content and no restore brings: said, but no reason to doubt a restore. Beside, the old
 * database's properties are given to the new one just before the exchange. What is brought of the source's
 * database itself is told when it is.
 */
function surroundings(plan: ComparedPlan, actual: ContentRecord): string[] {
  if (plan.request.part !== "whole" || plan.request.tables.length > 0 || plan.mode === "beside") return [];
  const brings = plan.properties?.source !== undefined;
  return compareProperties(plan.backup.manifest.content, actual)
    .filter(({ about, name }) => !brings || about !== "database" || !/^(?:grants$|setting )/.test(name))
    .map(findingSentence);
}

function isIn(tables: readonly TableRecord[]): NonNullable<CompareOptions["only"]> {
  return ({ schema, name }) => tables.some((table) => table.schema === schema && table.name === name);
}

/**
 * Rows alone are loaded into the large objects that are there: one that is gone is not made, and one that has
 * grown is not cut.
 */
function otherLargeObjects(plan: ComparedPlan, { largeObjects: now }: ContentRecord): Finding[] {
  const before = plan.backup.manifest.content.largeObjects;
  if (
    plan.request.part !== "data" ||
    plan.request.tables.length > 0 ||
    (before.count === now.count && before.fingerprint === now.fingerprint)
  ) {
    return [];
  }
  return [
    {
      severity: "difference",
      about: "large-objects",
      name: "large objects",
      message:
        `are not what the source held (${now.count} here, ${before.count} there): ` +
        "only a restore of the whole makes them anew",
    },
  ];
}
