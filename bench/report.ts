import { formatBytes } from "../src/kernel/bytes.ts";
import { padToWidth, textWidth } from "../src/kernel/text-width.ts";
import { median, middle, type Contest, type Results } from "./results.ts";
import { unmetLines } from "./unmet.ts";
import type { Cost } from "./measure.ts";

/** A table of results, for the terminal and for Markdown. */
export interface Sheet {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const seconds = (value: number): string => `${value.toFixed(1)} s`;

/** Every table, in the order of importance. */
export function sheets(results: Results): Sheet[] {
  return [
    backupSheet(results),
    restoreSheet(results),
    memorySheet(results),
    coldSheet(results),
    goalSheet(results),
  ].filter((sheet) => sheet.rows.length > 0);
}

function backupSheet({ backup }: Results): Sheet {
  const floor = backup.find((one) => one.id === "floor");
  const rows = backup.map((one) => {
    const ratio =
      floor === undefined
        ? ""
        : `${(middle(one, (run) => run.wall) / middle(floor, (run) => run.wall)).toFixed(2)}×`;
    return [
      one.name,
      seconds(middle(one, (run) => run.wall)),
      ratio,
      ...costs(one),
      bytes(middle(one, (run) => run.stored)),
      bytes(middle(one, (run) => run.disk)),
    ];
  });
  return {
    title: "Backup",
    columns: ["", "time", "to the floor", ...COST_COLUMNS, "stored", "local disk"],
    rows,
  };
}

const COST_COLUMNS = ["CPU", "CPU server", "CPU store", "memory, all", "memory, own"];

function costs<Run extends Cost>(contest: Contest<Run>): string[] {
  return [
    seconds(middle(contest, (run) => run.cpu)),
    seconds(middle(contest, (run) => run.cpuServer)),
    seconds(middle(contest, (run) => run.cpuStore)),
    bytes(middle(contest, (run) => run.peakTree)),
    bytes(middle(contest, (run) => run.peakOwn)),
  ];
}

function bytes(count: number): string {
  return count === 0 ? "–" : formatBytes(Math.round(count));
}

function restoreSheet({ restore }: Results): Sheet {
  const first = restore.find((one) => one.id === "psql");
  const rows = restore.map((one) => {
    const ratio =
      first === undefined
        ? ""
        : `${(middle(one, (run) => run.wall) / middle(first, (run) => run.wall)).toFixed(2)}×`;
    return [
      one.name,
      seconds(middle(one, (run) => run.wall)),
      ratio,
      ...costs(one),
      bytes(middle(one, (run) => run.disk)),
    ];
  });
  return {
    title: "Restore into an empty database",
    columns: ["", "time", "to psql", ...COST_COLUMNS, "more local disk"],
    rows,
  };
}

function memorySheet({ memory }: Results): Sheet {
  return {
    title: "Memory of Holdfast's own process, backup with content proof",
    columns: ["rows in the database", "peak resident", "time"],
    rows: memory.map((point) => [
      `${point.megabytes.toLocaleString("en-US")} MB`,
      formatBytes(point.peakOwn),
      seconds(point.wall),
    ]),
  };
}

function coldSheet({ coldStart }: Results): Sheet {
  return {
    title: "Cold start",
    columns: ["", "median", "fastest", "slowest"],
    rows: coldStart.map(({ name, runs }) => [
      name,
      ...[median(runs), Math.min(...runs), Math.max(...runs)].map((ms) => `${ms.toFixed(0)} ms`),
    ]),
  };
}

function goalSheet({ goals }: Results): Sheet {
  return {
    title: "Goals",
    columns: ["goal", "measured", "met"],
    rows: goals.map((goal) => [goal.text, goal.measured, goal.met ? "yes" : "NO"]),
  };
}

/** Tables for a terminal; numbers to the right. */
export function sheetText({ title, columns, rows }: Sheet): string {
  const all = [columns, ...rows];
  const widths = columns.map((_, column) => Math.max(...all.map((row) => textWidth(row[column] ?? ""))));
  const cell = (text: string, column: number): string => {
    const width = widths[column] ?? 0;
    return column === 0 ? padToWidth(text, width) : " ".repeat(Math.max(0, width - textWidth(text))) + text;
  };
  const line = (row: readonly string[]): string => `  ${row.map(cell).join("  ")}`.trimEnd();
  return [
    `\n${title}`,
    line(columns),
    `  ${widths.map((width) => "─".repeat(width)).join("  ")}`,
    ...rows.map(line),
    "",
  ].join("\n");
}

function sheetMarkdown({ title, columns, rows }: Sheet): string {
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    `## ${title}`,
    "",
    line(columns),
    line(columns.map((_, column) => (column === 0 ? "---" : "---:"))),
    ...rows.map(line),
    "",
  ].join("\n");
}

/**
 * What the README shows between its two benchmark markers: the backup table without its lesser columns, and
 * where the rest is.
 */
export function excerpt(results: Results): string {
  const { columns, rows } = backupSheet(results);
  const kept = ["", "time", "to the floor", "CPU", "memory, all", "stored", "local disk"].map((name) =>
    columns.indexOf(name),
  );
  const pick = (row: readonly string[]): string[] => kept.map((column) => row[column] ?? "");
  const table = sheetMarkdown({ title: "", columns: pick(columns), rows: rows.map(pick) }).replace(
    /^.*\n\n/,
    "",
  );
  return `Backups of the same ${results.database.megabytes} MB of rows, medians of ${results.rounds}
interleaved runs on ${results.machine.cpus} CPUs, emulated Azure store; CPU and memory are of the command and
everything it starts. More, and how it was measured: [docs/benchmark.md](docs/benchmark.md).

![Time of a backup, by contestant](docs/benchmark.svg)

${table}`;
}

function unmet(results: Results): string {
  const lines = unmetLines(results);
  return lines.length === 0 ? "" : `## What is not met, and where it goes\n\n${lines.join("\n")}\n\n`;
}

/** docs/benchmark.md. */
export function markdown(results: Results): string {
  const { machine, versions, database, rounds } = results;
  const how = [...results.backup, ...results.restore].map(
    (one) => `- **${one.name}**: \`${one.how}\`${one.notes.length > 0 ? ` (${one.notes.join("; ")})` : ""}`,
  );
  return `<!-- Generated by \`npm run bench -- --write\`; do not edit. -->
# Benchmark

All contestants ran side by side in one go on ${results.madeAt.slice(0, 10)}, in ${rounds} interleaved rounds,
on ${machine.cpus} CPUs with ${Math.round(machine.memoryBytes / 2 ** 30)} GiB of memory (${machine.platform}).
Numbers are medians; the ratios say more than the seconds, which belong to this machine. Run it on yours:
\`npm run bench\`.

![Time of a backup, by contestant](benchmark.svg)

${sheets(results).map(sheetMarkdown).join("\n")}
${unmet(results)}## How it was measured

- The database is generated and the same in every run: ${database.megabytes.toLocaleString("en-US")} MB of
  text, jsonb and numbers in three large tables and a small one (${formatBytes(database.bytesOnDisk)} on
  disk with indexes). Server, contestants and store share the machine, so whoever computes less leaves more
  for the others.
- The store is Azurite, Microsoft's emulator of Azure Blob Storage, over HTTP on the loopback, in memory,
  started anew for every run. It is no measure of Azure's speed: a real network hides computing time that
  is visible here.
- *CPU* is user and system time of the command and everything it started; the PostgreSQL server's and the
  emulator's are given apart. *Memory, all* is the most that was resident at the same time in the command and
  everything it started (sampled every 50 ms); *memory, own* is the kernel's high-water mark of Holdfast's own
  process. *Local disk* is the most that lay in the run's working and temporary folder.
- A run during which other programs used more than 8 % of the machine was repeated; of three disturbed ones
  the least disturbed counts.
- Holdfast, restic and the pipeline end with an encrypted backup in the store. \`pg_dump -Fc\` leaves a plain
  local file, and the floor nothing at all.
- Versions: ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")}.

${how.join("\n")}
`;
}
