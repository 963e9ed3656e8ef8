import type { Outcome } from "../../kernel/outcome.ts";
import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import { describeAddress } from "../../postgres/database-url.ts";
import type { Adoption } from "./adoption.ts";
import type { MigrateRequest } from "./request.ts";

/** One line for people: what was written down, and on whose word. */
export function adoptionLine({ migrations, told, others }: Adoption): string {
  return (
    `${quantity(migrations.length, "migration")} written down as applied, as ${told} says: ` +
    `the schema is what they make${but(others)}`
  );
}

function but(others: Adoption["others"]): string {
  return others.length === 0 ? "" : `; no file names ${listed(others, 5)}, which was not compared`;
}

/** What would be written down, before what would be applied then. */
export function withAdoptionDryRun(
  outcome: Outcome,
  { migrations, told, from, others }: Adoption,
  { database }: MigrateRequest,
): Outcome {
  const { headline, tables } = outcome.report;
  const isNothing = Array.isArray(outcome.outputs["pending"]) && outcome.outputs["pending"].length === 0;
  return {
    ...outcome,
    outputs: { ...outcome.outputs, adopted: migrations.map(({ migration }) => migration.version) },
    report: {
      ...outcome.report,
      headline:
        `dry run: nothing was changed; ${quantity(migrations.length, "migration")} of ` +
        `${describeAddress(database.address)} would be written down as applied, as ${told} says: ` +
        `the schema is what they make${but(others)}`,
      tables: [
        {
          columns: ["migration", "applied by", "rollback"],
          rows: migrations.map(({ migration }) => [
            migration.forward.file,
            from === "baseline" ? "" : from,
            migration.rollback?.file ?? "none",
          ]),
        },
        ...tables,
      ],
      notes: [isNothing ? "nothing is pending then" : `then: ${headline}`, ...outcome.report.notes],
    },
  };
}

/** What was done after it, and that it was written down before. */
export function withAdoption(outcome: Outcome, adoption: Adoption | undefined): Outcome {
  const migrations = adoption?.migrations ?? [];
  return {
    ...outcome,
    outputs: { ...outcome.outputs, adopted: migrations.map(({ migration }) => migration.version) },
    report:
      migrations.length === 0
        ? outcome.report
        : { ...outcome.report, notes: [adoptionLine(adoption!), ...outcome.report.notes] },
  };
}
