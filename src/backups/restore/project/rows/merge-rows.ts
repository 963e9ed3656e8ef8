import type { UnavailableExtension } from "../../../copy/loading/extensions.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { comesWithExtension } from "./extension-tables.ts";
import { fillDerived } from "./fill-derived.ts";
import { foreseeStaged, type PlatformRowsForeseen } from "./foresee.ts";
import type { Chosen } from "../../chosen/chosen.ts";
import type { PlatformProfile } from "../../../../nouns/platform/profile.ts";
import type { RehearsedRows } from "./rehearse-rows.ts";
import { mergeStaged } from "./merge.ts";
import { misfits } from "./misfits.ts";
import { quieten, unquieten } from "./quiet.ts";
import type { Staged } from "./staged.ts";

/** What became of the rows that lay beside the platform's tables. */
export interface MergedRows {
  /** What became of the rows of tables that are not the restore's alone. */
  readonly tables: readonly PlatformRowsForeseen[];
  /** Rows written into tables of the platform's, by table. */
  readonly written: ReadonlyMap<string, number>;
  readonly findings: readonly Finding[];
}

/** What was planned of them. */
export interface PlannedRows extends Pick<Chosen, "request" | "backup"> {
  readonly project: RehearsedRows & { readonly profile: PlatformProfile };
}

/** Puts the rows that lie beside the platform's tables, and those of extensions, into them. */
export async function mergeRows(
  session: DatabaseSession,
  { project, backup, request }: PlannedRows,
  staged: readonly Staged[],
  unavailable: readonly UnavailableExtension[],
): Promise<MergedRows> {
  const unwritable = new Set(request.allowGaps ? project.foreseen.unwritable.map(({ table }) => table) : []);
  const merged = staged.filter(({ kind, title }) => kind !== "job" && !unwritable.has(title));
  const { refusals, tables } = await foreseeStaged(
    session,
    merged,
    project.defaults,
    // One that could not be made is a gap, and its table with it.
    comesWithExtension(
      backup.manifest.content,
      (extension) => !unavailable.some(({ name }) => name === extension),
    ),
  );
  const [misfit] = misfits(refusals, backup.key.id, request.target.address.database, false);
  if (misfit !== undefined) throw misfit;
  const quiet = await quieten(session);
  const withRows = new Set(tables.filter((table) => table.backup > 0).map(({ table }) => table));
  const written = await mergeStaged(
    session,
    merged.filter(({ title }) => withRows.has(title)),
    quiet,
  );
  const findings = await fillDerived(session, project.profile, backup.manifest.content);
  if (quiet) await unquieten(session);
  return { tables, written, findings };
}
