import { createReadStream } from "node:fs";
import type { LoadProblem, LoadRequest } from "../../ports/dump-tools.ts";
import type { ErrorCode } from "../../kernel/errors.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import { withDefinitions } from "./archive-definitions.ts";
import { withoutColumnOptions } from "./column-options.ts";
import { listFile, privateFiles, type PrivateFiles } from "./entry-list.ts";
import { connectionEnvironment, connectionWords } from "./environment.ts";
import { classify, toolError } from "./messages.ts";
import { ProblemReader } from "./problems.ts";
import { describeEnding, Program, type ProgramHost } from "./program.ts";
import { lastWordsWithoutRows } from "./row-values.ts";
import { WarningReader } from "./warnings.ts";
import { onAbort } from "../../kernel/on-abort.ts";

/** pg_restore goes past these too, but what follows them says nothing about the backup. */
const STOPPING: ReadonlySet<ErrorCode> = new Set([
  "database.lost",
  "disk.full",
  "dump.incomplete",
  "tool.too-old",
]);

/** Runs pg_restore; see `DumpTools.load`. */
export async function load(
  { disk = privateFiles, ...host }: ProgramHost & { readonly disk: PrivateFiles | undefined },
  request: LoadRequest,
): Promise<readonly LoadProblem[]> {
  const { tools, address, signal } = request;
  const archive = editedArchive(request);
  signal.throwIfAborted();
  await using list = await listFile(request.entries, disk);
  const reader = new ProblemReader();
  const warnings = new WarningReader(request.onWarning ?? (() => undefined));
  const env = connectionEnvironment(host.base, tools, address, "restore", request.settings);
  const onLine = (line: string): void => {
    reader.read(line);
    warnings.read(line);
  };
  const program = new Program(tools, "pg_restore", loadArguments({ ...request, archive }, list.path), host, {
    env,
    address,
    onLine,
  });
  const stop = (): void => void program.stop();
  using _stopping = onAbort(signal, stop);
  try {
    program.stdout.resume();
    if ("path" in archive) program.stdin.end();
    else await program.feed(archive);
    const ending = await program.ended;
    warnings.end();
    signal.throwIfAborted();
    const failed = ending.code !== 0 && (ending.code !== 1 || reader.ignored === undefined);
    // Only the first part: what follows may quote rows, and a row may say anything.
    const stopping = reader.problems.find((problem) =>
      STOPPING.has(classify(problem.message.split("; ")[0]!)?.code ?? "tool.failed"),
    );
    if (failed || stopping !== undefined) {
      throw toolError(
        "pg_restore",
        describeEnding(ending),
        failed ? lastWordsWithoutRows(program.stderr) : `${stopping!.entry}: ${stopping!.message}`,
        address,
      );
    }
    return reader.problems;
  } finally {
    await program.stop();
  }
}

/** The archive as pg_restore is to see it. */
function editedArchive({ archive, withoutColumnOptions: names = [] }: LoadRequest): LoadRequest["archive"] {
  if (names.length === 0) return archive;
  const left = new Set(names);
  const bytes: ByteStream = "path" in archive ? createReadStream(archive.path) : archive;
  return withDefinitions(bytes, (type, definition) =>
    WITH_COLUMNS.has(type) ? withoutColumnOptions(definition, left) : definition,
  );
}

/** Types of entries whose definitions hold statements about columns. */
const WITH_COLUMNS: ReadonlySet<string> = new Set(["TABLE", "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW"]);

/** The command line; no secret is in it. https://www.postgresql.org/docs/current/app-pgrestore.html */
export function loadArguments(request: LoadRequest, listPath: string | undefined): string[] {
  const { archive } = request;
  return [
    "--format=custom",
    "--no-password",
    // Without it pg_restore does not say which entry an error belongs to.
    "--verbose",
    // A connection string, because a bare name holding `=` would be read as one.
    `--dbname=${connectionWords(request.tools, request.address, false)}`,
    ...(request.noOwner === true ? ["--no-owner"] : []),
    ...(request.noPrivileges === true ? ["--no-privileges"] : []),
    ...(request.sections ?? []).map((section) => `--section=${section}`),
    ...(listPath === undefined ? [] : [`--use-list=${listPath}`]),
    ...("path" in archive ? [...(request.jobs > 1 ? [`--jobs=${request.jobs}`] : []), archive.path] : []),
  ];
}
