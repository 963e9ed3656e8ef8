import type { SourceFile } from "../../ports/source-tree.ts";
import { isWanted } from "../../nouns/migration-files/classify.ts";
import type { Migration } from "../folder/migration.ts";
import { readFolder } from "../folder/read-folder.ts";
import { compareKeys } from "../../nouns/migration-files/version.ts";
import { prepareScript, type PreparedScript } from "../script/prepare.ts";
import { ownedBySupabase as isOwnedBySupabase } from "../shadow/platform.ts";
import type { Finding } from "./finding.ts";
import type { CheckPorts, CheckRequest } from "./request.ts";

/** A migration with its scripts read. */
export interface CheckedMigration {
  readonly migration: Migration;
  readonly forward: PreparedScript;
  readonly rollback: PreparedScript | undefined;
  /** New, or its rollback is not the one of the base, or all are: its pair is judged. */
  readonly judged: boolean;
  /** Its forward script is in the base, which is known: it is applied somewhere. */
  readonly merged: boolean;
  /**
   * New, and ordered before files that are in the base already: databases exist that have those and not
   * this one.
   */
  readonly late: boolean;
}

/** What will be checked. */
export interface CheckPlan {
  readonly request: CheckRequest;
  /** In the order in which they are applied. */
  readonly migrations: readonly CheckedMigration[];
  /** About names, bytes and history. */
  readonly findings: readonly Finding[];
  /** Whether the Supabase CLI owns the folder. */
  readonly ownedBySupabase: boolean;
}

/** Reads the folder and, where there is one, the same folder at the base; runs nothing. */
export async function planCheck(request: CheckRequest, ports: CheckPorts): Promise<CheckPlan> {
  const tree = await ports.sourceTree();
  const folder = await tree.files(request.folder, isWanted);
  const base =
    request.base === undefined ? undefined : await tree.filesAtBase(request.folder, request.base, isWanted);
  const ownedBySupabase = isOwnedBySupabase(request.folder);
  const { migrations, problems } = readFolder(folder, { supabase: ownedBySupabase });
  const before = base === undefined ? undefined : new Map(base.files.map((file) => [file.path, file]));
  const isNew = (path: string): boolean => before === undefined || !before.has(path);
  const files = new Map(folder.files.map((file) => [file.path, file]));
  // A rollback that was edited may bring back less than the one that was proved.
  const isOther = (path: string): boolean => {
    const [was, is] = [before?.get(path), files.get(path)];
    return was !== undefined && is !== undefined && normalised(was.bytes) !== normalised(is.bytes);
  };
  const newest =
    before === undefined ? undefined : readFolder(base!, { supabase: ownedBySupabase }).migrations.at(-1);
  const checked: CheckedMigration[] = [];
  for (const migration of migrations) {
    const { forward, rollback } = migration;
    const judged =
      isNew(forward.file) ||
      (rollback !== undefined &&
        (isNew(rollback.file) || (rollback.file !== forward.file && isOther(rollback.file))));
    checked.push({
      migration,
      judged,
      merged: !isNew(migration.forward.file),
      forward: await prepareScript(migration.forward),
      rollback: migration.rollback && (await prepareScript(migration.rollback)),
      late:
        before !== undefined &&
        isNew(migration.forward.file) &&
        newest !== undefined &&
        compareKeys(migration.key, newest.key) < 0,
    });
  }
  const changed = before === undefined ? [] : changedSince(before, files, request.base!);
  const about = problems
    .filter(({ file }) => isNew(file))
    .map(({ line = 1, ...problem }) => ({ ...problem, line }));
  return { request, migrations: checked, findings: [...about, ...changed], ownedBySupabase };
}

/** What is merged is applied somewhere: it may get a rollback, and nothing else. */
function changedSince(
  before: ReadonlyMap<string, SourceFile>,
  now: ReadonlyMap<string, SourceFile>,
  base: string,
): Finding[] {
  return [...before].flatMap(([path, file]): Finding[] => {
    const here = now.get(path);
    const isForward = !/(?:_rollback|\.rollback|\.down)\.sql$|(?:^|\/)down\.sql$|^rollbacks?\//i.test(path);
    if (here === undefined) {
      return [
        {
          rule: "deleted-after-merge",
          level: "error",
          file: path,
          line: 1,
          message:
            `is in ${base} and not here: where it was applied nobody could tell what it did, nor take ` +
            "it back",
          hint:
            "Put it back; what it made is changed by a new migration. A renamed file counts as deleted, " +
            "too.",
        },
      ];
    }
    if (!isForward || normalised(here.bytes) === normalised(file.bytes)) return [];
    return [
      {
        rule: "edited-after-merge",
        level: "error",
        file: path,
        line: firstChange(file.bytes, here.bytes),
        message: `is not what it is in ${base}: where it was applied already, the change never arrives`,
        hint: "Put it back, and write the change as a new migration.",
      },
    ];
  });
}

/** Line endings are git's business. */
function normalised(bytes: Buffer): string {
  return bytes.toString("utf8").replaceAll("\r\n", "\n").trimEnd();
}

function firstChange(before: Buffer, now: Buffer): number {
  const [old, lines] = [normalised(before).split("\n"), normalised(now).split("\n")];
  const at = lines.findIndex((line, index) => line !== old[index]);
  return at === -1 ? Math.max(1, lines.length) : at + 1;
}
