import type { HoldfastError } from "../../kernel/errors.ts";
import { escapeMarkdown } from "../../kernel/markdown.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Notifications } from "../../ports/notifications.ts";
import type { RunIdentity } from "../../ports/run-identity.ts";
import type { RollbackInputs } from "./request.ts";

/** What a notice is made of. */
export interface Told {
  /** With its build. */
  readonly version: string;
  /** Resource group and name. */
  readonly app: string;
  readonly id: string;
  readonly inputs: Pick<RollbackInputs, "trigger" | "reason" | "environment">;
  readonly run: RunIdentity;
}

/** That production is back. */
export function backNotice(told: Told, seen: readonly string[]): { title: string; body: string } {
  const { inputs, version } = told;
  return {
    title: `${inputs.environment} was taken back to ${version}`,
    body: [...facts(told), "", "What was seen:", "", ...listOf(seen)].join("\n"),
  };
}

/**
 * Tells people of a rollback that did not come to its end; whoever runs it may not be the one who mends it.
 *
 * @returns a word for the report
 */
export async function tellOfFailure(
  told: Told,
  { report }: Pick<Outcome, "report">,
  notifications: Notifications,
): Promise<string> {
  return await tell(notifications, {
    key: `${told.id} failed`,
    title: `the rollback of ${told.inputs.environment} to ${told.version} needs people`,
    lines: [...facts(told), "", escapeMarkdown(report.headline), "", ...listOf(report.notes)],
  });
}

/** The same of one that was never begun. @returns a word for the log */
export async function tellOfRefusal(
  id: string,
  inputs: RollbackInputs,
  { message, hint }: HoldfastError,
  notifications: Notifications,
  run: RunIdentity,
): Promise<string> {
  const told = { id, inputs, version: inputs.to, app: inputs.environment, run };
  return await tell(notifications, {
    key: `${id} refused`,
    title: `the rollback of ${inputs.environment} to ${inputs.to} was not begun`,
    lines: [...facts(told), "", ...listOf([message, ...(hint === undefined ? [] : [hint])])],
  });
}

function listOf(texts: readonly string[]): readonly string[] {
  return texts.map((text) => `- ${escapeMarkdown(text)}`);
}

async function tell(
  notifications: Notifications,
  { key, title, lines }: { readonly key: string; readonly title: string; readonly lines: readonly string[] },
): Promise<string> {
  try {
    const address = await notifications.tell({ kind: "rollback", key, title, body: lines.join("\n") });
    return address === undefined ? "people are told of it" : `people are told of it at ${address}`;
  } catch (error) {
    return `nobody could be told of it: ${(error as Error).message}`;
  }
}

function facts({ app, id, inputs, run }: Told): readonly string[] {
  const by = run.url === null ? run.actor : `${run.actor}, ${run.url}`;
  return [
    `- app: ${escapeMarkdown(app)}`,
    `- trigger: ${inputs.trigger}`,
    `- reason: ${escapeMarkdown(inputs.reason)}`,
    `- run: ${id}, by ${escapeMarkdown(by)}`,
  ];
}
