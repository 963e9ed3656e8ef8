import type { Json, Report } from "../../commands/define.ts";
import type { Redactor } from "../../kernel/redact.ts";

/** Redacts every text inside a JSON value; keys and numbers stay, so that it is still the same JSON. */
export function redactJson<T extends Json>(value: T, redactor: Redactor): T {
  const walk = (part: Json): Json => {
    if (typeof part === "string") return redactor.redact(part);
    if (Array.isArray(part)) return part.map(walk);
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(value) as T;
}

/**
 * What to say of outputs that are not whole any more. GitHub does not hand an output on to another job when
 * it sees a masked word in it; the log of the job that made it says so, and nobody looks there.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idoutputs
 */
export function coveredOutputs(
  outputs: Readonly<Record<string, Json>>,
  redacted: Readonly<Record<string, Json>>,
): string[] {
  return Object.keys(outputs)
    .filter((name) => JSON.stringify(outputs[name]) !== JSON.stringify(redacted[name]))
    .map(
      (name) =>
        `output '${name}' has *** in place of a word that is also a secret, or a part of one; ` +
        "another job may get nothing of it. Change the secret, or call what is meant otherwise",
    );
}

/** The same for a report, before it is laid out: folding could break a secret in two. */
export function redactReport(report: Report, redactor: Redactor): Report {
  const clean = (text: string): string => redactor.redact(text);
  const tables = report.tables.map((table) => ({
    ...table,
    ...(table.title === undefined ? {} : { title: clean(table.title) }),
    rows: table.rows.map((row) => row.map(clean)),
  }));
  return { good: report.good, headline: clean(report.headline), tables, notes: report.notes.map(clean) };
}
