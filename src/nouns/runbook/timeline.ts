import { formatDuration } from "../../kernel/duration.ts";
import type { ReportTable } from "../../kernel/outcome.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { RecordedStep, RunbookRecord } from "./record.ts";

/** How a state is told. */
const STATES: Readonly<Record<RecordedStep["state"], string>> = {
  open: "not reached",
  acting: "BEGUN, end not seen",
  found: "was so",
  confirmed: "done",
  failed: "FAILED",
  undone: "taken back",
  "undo-failed": "NOT taken back",
};

/** The steps of a run as people read them, in their order. */
export function timelineTable({ steps, began }: RunbookRecord): ReportTable {
  return {
    columns: ["Step", "Part", "", "After", "Took", ""],
    rows: steps.map((step) => [
      step.title,
      step.component,
      STATES[step.state],
      step.began === undefined ? "" : formatDuration(step.began.getTime() - began.getTime()),
      step.began === undefined || step.ended === undefined
        ? ""
        : formatDuration(step.ended.getTime() - step.began.getTime()),
      step.what,
    ]),
  };
}

/** Steps that have a place in time, by component, components in the order of their first step. */
function parts({ steps }: RunbookRecord): Map<string, (RecordedStep & { began: Date; ended: Date })[]> {
  const timed = steps.filter(
    (step): step is RecordedStep & { began: Date; ended: Date } =>
      step.began !== undefined && step.ended !== undefined,
  );
  return Map.groupBy(timed, ({ component }) => component);
}

function isBad({ state }: Pick<RecordedStep, "state">): boolean {
  return state === "failed" || state === "undo-failed" || state === "acting";
}

/**
 * A Gantt chart for a job summary: https://mermaid.js.org/syntax/gantt.html. Empty where no step was reached.
 */
export function timelineMermaid(record: RunbookRecord): string {
  const sections = [...parts(record)].flatMap(([component, steps]) => [
    `  section ${plain(component)}`,
    ...steps.map(({ title, state, began, ended }) => {
      const tag = isBad({ state }) ? "crit, " : "done, ";
      return `  ${plain(title)} :${tag}${began.getTime()}, ${Math.max(ended.getTime(), began.getTime() + 1)}`;
    }),
  ]);
  if (sections.length === 0) return "";
  const head = ["gantt", `  title ${plain(`${record.runbook} of ${record.target}`)}`];
  return [...head, "  dateFormat x", "  axisFormat %H:%M:%S", ...sections, ""].join("\n");
}

/** What Mermaid takes for its own marks ends a title, or the whole chart. */
function plain(text: string): string {
  return printableLine(text).replace(/[:;,#%"<>\\{}]/g, " ");
}

const WIDTH = 900;
const LABEL = 300;
const ROW = 26;

/** A page of its own, with a drawing and a table, that loads nothing from elsewhere. */
export function timelineHtml(record: RunbookRecord): string {
  const { runbook, target, run, outcome, began, ended } = record;
  const title = `${runbook} of ${target}: ${outcome}`;
  const { columns, rows } = timelineTable(record);
  const cells = (texts: readonly string[], name: "td" | "th"): string =>
    `<tr>${texts.map((text) => `<${name}>${escaped(text)}</${name}>`).join("")}</tr>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
td, th { border-bottom: 1px solid #ccc; padding: .3rem .5rem; text-align: left; vertical-align: top; }
svg { width: 100%; height: auto; }
.good { fill: #2da44e; } .bad { fill: #cf222e; }
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>Run ${escaped(run)}, from ${began.toISOString()} to ${ended.toISOString()}
(${formatDuration(ended.getTime() - began.getTime())}).</p>
${drawing(record)}
<table>
${cells(columns, "th")}
${rows.map((row) => cells(row, "td")).join("\n")}
</table>
</body>
</html>
`;
}

function drawing(record: RunbookRecord): string {
  const steps = [...parts(record).values()].flat();
  const spanMs = Math.max(1, record.ended.getTime() - record.began.getTime());
  const at = (time: Date): number =>
    LABEL + ((time.getTime() - record.began.getTime()) / spanMs) * (WIDTH - LABEL);
  const bars = steps.map((step, row) => {
    const [x, y] = [at(step.began), row * ROW];
    // What took no time is still to be seen.
    const width = Math.max(2, at(step.ended) - x);
    const label = step.title.length > 44 ? `${step.title.slice(0, 43)}…` : step.title;
    return (
      `<text x="0" y="${y + 17}" font-size="13">${escaped(label)}</text>` +
      `<rect class="${isBad(step) ? "bad" : "good"}" x="${x.toFixed(1)}" y="${y + 4}" ` +
      `width="${width.toFixed(1)}" height="${ROW - 8}"><title>${escaped(step.what)}</title></rect>`
    );
  });
  const height = Math.max(1, steps.length) * ROW;
  return (
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Steps in time">\n` +
    `${bars.join("\n")}\n</svg>`
  );
}

const MARKS: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => MARKS[mark]!);
}
