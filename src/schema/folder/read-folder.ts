import { isUtf8 } from "node:buffer";
import type { SourceFile, SourceFolder } from "../../ports/source-tree.ts";
import { quantity } from "../../kernel/quantity.ts";
import { isBlank } from "../script/parse-script.ts";
import { classify, commonStem, marksIn } from "../../nouns/migration-files/classify.ts";
import type { FolderProblem, Migration, MigrationFolder, ScriptFile } from "./migration.ts";
import { nearMarksIn, type NearMark } from "./near-marks.ts";
import {
  compareKeys,
  isAmbiguous,
  isTime,
  splitName,
  versionKey,
} from "../../nouns/migration-files/version.ts";

/** What surrounds the folder. */
export interface FolderFacts {
  /**
   * The Supabase CLI owns the folder: it applies every `<digits>_….sql` in it, rollbacks beside
   * their files too.
   */
  readonly supabase: boolean;
}

/**
 * Pairs the files of a folder of migrations, and puts them in order. Reads names, marks and bytes; no SQL.
 */
export function readFolder(folder: SourceFolder, facts: FolderFacts): MigrationFolder {
  const reading = new Reading(facts);
  for (const link of folder.links) {
    reading.problem(
      "symbolic-link",
      "warning",
      link,
      "is a symbolic link, which is not followed",
      "Put the file itself here.",
    );
  }
  const names = new Set(folder.files.map(({ path }) => path.toLowerCase()));
  const inFolders = folderOfMigration(folder.files);
  for (const file of folder.files) {
    if (inFolders !== undefined && !file.path.includes("/")) reading.besideFolders(file.path, inFolders);
    else reading.file(file, (name) => names.has(name.toLowerCase()));
  }
  return reading.result();
}

/**
 * A migration of a folder in which each has a folder of its own: then what lies beside these is none, for
 * tools of this layout read folders alone. Undefined where a file beside them has a version: it may be meant.
 */
function folderOfMigration(files: readonly SourceFile[]): string | undefined {
  const loose = files.filter(({ path }) => !path.includes("/"));
  if (loose.some(({ path }) => splitName(path.replace(/\.sql$/i, "")) !== undefined)) return undefined;
  return files.find(({ path }) => {
    const [, folder] = /^([^/]+)\/(?:up|migration)\.sql$/i.exec(path) ?? [];
    return folder !== undefined && splitName(folder) !== undefined;
  })?.path;
}

/**
 * Comments by which tools are told to put no transaction around a file: sqlx,
 * postgres-migrations, Atlas. https://docs.rs/sqlx/latest/sqlx/macro.migrate.html,
 * https://github.com/ThomWright/postgres-migrations#migrations-rules,
 * https://atlasgo.io/versioned/apply#transaction-configuration
 */
const NO_TRANSACTION =
  /^--[ \t]*(?:no-transaction|postgres-migrations disable-transaction|atlas:txmode none)\b/im;

/** Ory's way to say the same by a file's name. */
const AUTOCOMMIT = /\.autocommit\.(?:up|down)\.sql$/i;
const FOR_POSTGRES = /\.(?:postgres|postgresql|pg)(?=\.|$)/i;

/** What is gathered while the files are walked. */
class Reading {
  readonly #facts: FolderFacts;
  readonly #forward = new Map<string, ScriptFile>();
  readonly #rollback = new Map<string, ScriptFile>();
  readonly #withoutTransaction = new Set<string>();
  readonly #problems: FolderProblem[] = [];

  constructor(facts: FolderFacts) {
    this.#facts = facts;
  }

  problem(
    rule: FolderProblem["rule"],
    level: FolderProblem["level"],
    file: string,
    message: string,
    hint: string,
  ): void {
    this.#problems.push({ rule, level, file, message, hint });
  }

  besideFolders(path: string, example: string): void {
    this.problem(
      "ignored-file",
      "note",
      path,
      `is not read: migrations have folders of their own here, as ${example} has, and its name has ` +
        "no version",
      "Move it elsewhere; or, where it is to be applied, give it a folder as the others have.",
    );
  }

  file({ path, bytes }: SourceFile, has: (name: string) => boolean): void {
    if (!isUtf8(bytes)) {
      this.problem(
        "not-utf8",
        "error",
        path,
        "is not UTF-8",
        "Save it as UTF-8: what a server makes of other bytes depends on its settings.",
      );
      return;
    }
    const marked = bytes.toString("utf8");
    const text = marked.replace(/^\uFEFF/, "");
    if (text !== marked) {
      this.problem(
        "byte-order-mark",
        "note",
        path,
        "begins with a byte order mark, which is not sent",
        "Save it without.",
      );
    }
    const found = classify(path, text, has);
    const whole: ScriptFile = {
      file: path,
      text,
      firstLine: 1,
      transaction: !NO_TRANSACTION.test(text) && !AUTOCOMMIT.test(path),
    };
    if (found.role === "ignored") {
      this.problem(
        "ignored-file",
        "note",
        path,
        `is not read: ${found.why}`,
        "Move it elsewhere, or rename it.",
      );
    } else if (found.role === "settings") {
      if (/^[ \t]*run_in_transaction\s*=\s*false\b/m.test(text)) this.#withoutTransaction.add(found.stem);
    } else if (found.role === "both") this.#bothOf(found.stem, whole);
    else if (found.role === "forward") this.#forwardOf(found.stem, whole);
    else this.#rollbackOf(found.stem, whole);
  }

  /** A file for PostgreSQL stands in for the one for every database. */
  #forwardOf(written: string, script: ScriptFile): void {
    const stem = commonStem(written);
    const other = this.#forward.get(stem);
    if (other === undefined || FOR_POSTGRES.test(written)) this.#forward.set(stem, script);
    else if (!FOR_POSTGRES.test(other.file)) {
      this.problem(
        "same-version",
        "error",
        script.file,
        `and ${other.file} are the same migration`,
        "Keep one of the two.",
      );
    }
  }

  #rollbackOf(written: string, script: ScriptFile): void {
    const stem = commonStem(written);
    const other = this.#rollback.get(stem);
    if (other !== undefined && FOR_POSTGRES.test(other.file) && !FOR_POSTGRES.test(script.file)) return;
    if (other !== undefined && !(FOR_POSTGRES.test(script.file) && !FOR_POSTGRES.test(other.file))) {
      this.problem(
        "two-rollbacks",
        "error",
        script.file,
        `and ${other.file} are both the rollback of ${stem}`,
        "Keep one of the two.",
      );
      return;
    }
    if (this.#facts.supabase && !script.file.includes("/")) {
      this.problem(
        "sibling-in-supabase-folder",
        "error",
        script.file,
        "would be applied as a migration by the Supabase CLI, which takes every file here " +
          "that begins with digits",
        "Move it to rollback/ in this folder, which that CLI does not enter.",
      );
    }
    this.#rollback.set(stem, script);
  }

  /** https://github.com/amacneil/dbmate#creating-migrations */
  #bothOf(stem: string, { file, text }: ScriptFile): void {
    const marks = marksIn(text);
    const several = ["up", "down"].find(
      (way) => marks.filter(([, mark]) => mark!.toLowerCase() === way).length > 1,
    );
    if (several !== undefined) {
      this.problem(
        "same-version",
        "error",
        file,
        `has several parts that are marked ${several}, and one file is one migration`,
        "Give each a file and a version of its own.",
      );
    }
    const before = text.slice(0, marks[0]?.index ?? 0);
    const near = nearMarksIn(before).find(({ hasSql }) => hasSql);
    if (near !== undefined) {
      this.#unclearMark(file, near, near.line);
      return;
    }
    if (!isBlank(before)) {
      this.problem(
        "before-first-mark",
        "error",
        file,
        `holds SQL before its first mark, '${marks[0]![0].trim()}', and nothing there is carried out`,
        "Move it behind the mark; or, where that line is meant as words, word it otherwise.",
      );
    }
    for (const [at, mark] of marks.entries()) {
      const part = text.slice(mark.index, marks[at + 1]?.index);
      const firstLine = text.slice(0, mark.index).split("\n").length;
      const script = {
        file,
        text: part,
        firstLine,
        ...(at === 0 ? { before } : {}),
        transaction: !/\btransaction:[ \t]*false\b/.test(mark[2] ?? "") && !NO_TRANSACTION.test(part),
      };
      if (mark[1]!.toLowerCase() === "up") this.#forward.set(stem, script);
      else this.#rollback.set(stem, script);
    }
  }

  /**
   * `001_drop_users.sql` in `rollback/`, or `001_rollback.sql`, takes back `001_users.sql`: where names
   * differ the version says it, as long as only one file can be meant.
   */
  #matchByVersion(): void {
    const free = [...this.#forward.keys()].filter((stem) => !this.#rollback.has(stem));
    for (const [stem, script] of [...this.#rollback]) {
      const version = this.#forward.has(stem) ? undefined : splitName(stem)?.version;
      if (version === undefined) continue;
      const same = (other: string): boolean => splitName(other)?.version === version;
      const [only, ...more] = free.filter(same);
      const rivals = [...this.#rollback.keys()].filter((other) => same(other) && !this.#forward.has(other));
      if (only === undefined || more.length > 0 || rivals.length > 1) continue;
      this.#rollback.delete(stem);
      this.#rollback.set(only, script);
    }
  }

  result(): MigrationFolder {
    this.#matchByVersion();
    const migrations = [...this.#forward].flatMap(([stem, forward]) => this.#migration(stem, forward));
    for (const [stem, { file }] of this.#rollback) {
      if (this.#forward.has(stem)) continue;
      this.problem(
        "orphan-rollback",
        "error",
        file,
        `is the rollback of ${stem}, and there is no such migration`,
        "Rename it after its migration; or, where that was deleted by mistake, put it back.",
      );
    }
    migrations.sort((a, b) => compareKeys(a.key, b.key) || (a.forward.file < b.forward.file ? -1 : 1));
    for (const migration of migrations) this.#refuseNearMarks(migration);
    this.#refuseSameVersions(migrations);
    this.#refuseAmbiguous(migrations);
    this.#noteMixedVersions(migrations);
    return { migrations, problems: this.#problems };
  }

  #migration(stem: string, forward: ScriptFile): Migration[] {
    const parts = splitName(stem);
    if (parts === undefined) {
      this.problem(
        "file-name",
        "error",
        forward.file,
        "begins with no version",
        "Call it YYYYMMDDHHMM_descriptive_name.sql (or with seconds), and its rollback the same " +
          "with _rollback before .sql.",
      );
      return [];
    }
    const transaction = !this.#withoutTransaction.has(stem);
    const as = (script: ScriptFile): ScriptFile => ({
      ...script,
      transaction: script.transaction && transaction,
    });
    const rollback = this.#rollback.get(stem);
    return [
      { ...parts, key: versionKey(parts.version), forward: as(forward), rollback: rollback && as(rollback) },
    ];
  }

  /**
   * What looks like a mark and is none begins no direction: what stands behind it would be carried out with
   * what stands before, and undo it at once.
   */
  #refuseNearMarks({ forward, rollback }: Migration): void {
    const isBoth = forward.file === rollback?.file || marksIn(forward.text).length > 0;
    for (const [script, other] of [[forward, "down"] as const, [rollback, "up"] as const]) {
      if (script === undefined) continue;
      const near = nearMarksIn(script.text).find(({ way, hasSql }) => way === other && (hasSql || isBoth));
      if (near !== undefined) this.#unclearMark(script.file, near, script.firstLine + near.line - 1);
    }
  }

  #unclearMark(file: string, { text, hint }: NearMark, line: number): void {
    const message = `'${text}' looks like the mark of a direction and is none`;
    this.#problems.push({ rule: "unclear-mark", level: "error", file, line, message, hint });
  }

  #refuseSameVersions(migrations: readonly Migration[]): void {
    for (const [at, migration] of migrations.entries()) {
      const before = migrations[at - 1];
      if (before === undefined || compareKeys(before.key, migration.key) !== 0) continue;
      const both =
        before.version === migration.version
          ? `version ${migration.version}`
          : `versions ${migration.version} and ${before.version}, the same when filled up to seconds`;
      this.problem(
        "same-version",
        "error",
        migration.forward.file,
        `and ${before.forward.file} have ${both}`,
        "Rename the newer one, and its rollback: which of two comes first must not depend on the reader.",
      );
    }
  }

  /** In an order by one side, neighbours are in the other order somewhere, or none is. */
  #refuseAmbiguous(migrations: readonly Migration[]): void {
    for (const [at, { version, forward }] of migrations.entries()) {
      const before = migrations[at - 1];
      if (before === undefined || !isAmbiguous(before.version, version)) continue;
      this.problem(
        "ambiguous-order",
        "error",
        forward.file,
        `and ${before.forward.file} have versions ${version} and ${before.version}: as times the second ` +
          "comes first, as numbers the other one, and tools differ in how they take them",
        "Give the one that is not yet applied a version of the other's length: YYYYMMDDHHMMSS.",
      );
    }
  }

  /** Times of different lengths are told apart and filled up; a time beside a plain number is a mistake. */
  #noteMixedVersions(migrations: readonly Migration[]): void {
    const times = migrations.filter(({ version }) => isTime(version));
    const others = migrations.filter((migration) => !times.includes(migration));
    if (times.length === 0 || others.length === 0) return;
    const [few, many] = others.length <= times.length ? [others, times] : [times, others];
    // Tools that came with a schema of their own begin at zero.
    const odd = few.filter(({ key: [first = 0n] }) => first !== 0n);
    for (const { forward, version } of odd) {
      this.problem(
        "mixed-versions",
        "warning",
        forward.file,
        `has version ${version}, unlike ${quantity(many.length, "other migration")} here, so its place ` +
          "in the order may surprise",
        "Give it a version of the same kind: YYYYMMDDHHMM or YYYYMMDDHHMMSS.",
      );
    }
  }
}
