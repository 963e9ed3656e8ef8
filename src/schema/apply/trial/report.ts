import { EXIT } from "../../../kernel/errors.ts";
import { listed } from "../../../kernel/listed.ts";
import type { Json, Outcome } from "../../../kernel/outcome.ts";
import { quantity } from "../../../kernel/quantity.ts";
import type { StatementImpact } from "../../proof/impact.ts";
import { toldDifference, type PairProof, type RowsRefused } from "../../proof/verdict.ts";
import type { Trial, TriedFile } from "./trial.ts";
import { toldFailure } from "../../shadow/run-script.ts";

/**
 * A dry run with what the trial showed. A file that fails is a verdict, unless the run would be refused
 * anyway: that exit code stays.
 *
 * @param folder as the command was given it, for the places of annotations
 */
export function withTrial(outcome: Outcome, trial: Trial, folder: string): Outcome {
  const failed = trial.files.find(({ failure }) => failure !== undefined);
  return {
    ...outcome,
    exit: failed !== undefined && outcome.exit === EXIT.done ? EXIT.verdict : outcome.exit,
    outputs: { ...outcome.outputs, trial: trialJson(trial) },
    report: {
      good: outcome.report.good && failed === undefined,
      headline:
        outcome.report.headline +
        (failed?.failure === undefined
          ? ""
          : `, and ${failed.failure.file}:${failed.failure.line} fails: ${toldFailure(failed.failure)}`),
      tables: [...outcome.report.tables, ...table(trial)],
      notes: [...notes(trial), ...outcome.report.notes],
    },
    annotations: [
      ...(outcome.annotations ?? []),
      ...trial.files.flatMap(({ failure }) =>
        failure === undefined
          ? []
          : [
              {
                level: "error" as const,
                file: `${folder}/${failure.file}`,
                line: failure.line,
                title: "migration would fail",
                message: toldFailure(failure),
              },
            ],
      ),
    ],
  };
}

function table({ files, on }: Trial): Outcome["report"]["tables"] {
  if (files.length === 0) return [];
  return [
    {
      title: `tried on ${on ?? ""}`,
      columns: ["migration", "result", "what waits for it", "rollback"],
      rows: files.map(({ step, proof, failure }) => [
        step.migration.forward.file,
        failure === undefined ? resultWords(proof) : `fails at line ${failure.line}: ${toldFailure(failure)}`,
        impactWords(proof.forward) || "nothing",
        failure === undefined ? rollbackWords(proof) : "not tried",
      ]),
    },
  ];
}

function resultWords({ failsWithRows }: PairProof): string {
  if (failsWithRows === undefined) return "goes through";
  return failsWithRows.certain ? "goes through on empty tables alone" : "goes through where rows allow it";
}

function rowsRefuse({ certain, failure: { file, line, message } }: RowsRefused): string {
  return `${file}:${line} goes through on empty tables${
    certain ? " alone" : "; with the rows that were made here the server says"
  }: ${message}`;
}

/** What each statement does to tables that were there before. */
function impactWords(impacts: readonly StatementImpact[]): string {
  const lines = impacts.flatMap(({ line, tables }) =>
    tables
      .filter(({ isNew, blocks, rewrites, scans }) => !isNew && (blocks !== "nothing" || rewrites || scans))
      .map(({ table: name, blocks, rewrites, scans }) => {
        const does = [
          ...(blocks === "nothing" ? [] : [blocks]),
          ...(rewrites ? ["writes it anew"] : scans ? ["reads all of it"] : []),
        ];
        return `line ${line}: ${name}: ${does.join(", ")}`;
      }),
  );
  return listed(lines, 5);
}

function rollbackWords({ verdict, differences }: PairProof): string {
  const first = differences[0];
  return first === undefined ? verdict : `${verdict}: ${toldDifference(first)}`;
}

function notes({ files, why, on, drifted, otherMajor, extensions }: Trial): string[] {
  return [
    ...(why === undefined ? [] : [files.length === 0 ? `nothing was tried: ${why}` : why]),
    ...(drifted && on !== undefined
      ? [
          "the live schema is not what its last migration left (migrate-status says more), so the files " +
            "were tried on another schema than they will meet",
        ]
      : []),
    ...(otherMajor === undefined
      ? []
      : [`tried on PostgreSQL ${otherMajor.tried}, and the database is a PostgreSQL ${otherMajor.live}`]),
    ...(extensions.length === 0
      ? []
      : [`this machine lacks ${quantity(extensions.length, "extension")}: ${listed(extensions)}; left out`]),
    ...files.flatMap(({ step, proof }: TriedFile) =>
      proof.notes.map((note) => `${step.migration.forward.file}: ${note}`),
    ),
    ...files.flatMap(({ proof, failure }: TriedFile) =>
      proof.failsWithRows === undefined || failure !== undefined ? [] : [rowsRefuse(proof.failsWithRows)],
    ),
  ];
}

function trialJson({ files, on, why, drifted }: Trial): Json {
  return {
    on: on ?? null,
    why: why ?? null,
    drifted,
    files: files.map(({ step, proof, failure }) => ({
      version: step.migration.version,
      file: step.migration.forward.file,
      fails: failure === undefined ? null : { line: failure.line, message: toldFailure(failure) },
      rollback: failure === undefined ? proof.verdict : null,
      failsWithRows: proof.failsWithRows?.failure.message ?? null,
      statements: proof.forward.map(({ line, statement, tables }) => ({
        line,
        statement,
        tables: tables
          .filter(({ isNew }) => !isNew)
          .map(({ table: name, lock, blocks, rewrites, scans }) => ({
            table: name,
            lock: lock ?? null,
            blocks,
            rewrites,
            scans,
          })),
      })),
    })),
  };
}
