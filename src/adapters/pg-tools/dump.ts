import type { DumpRequest } from "../../ports/dump-tools.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import { connectionEnvironment, connectionWords } from "./environment.ts";
import { largeWrites } from "./large-writes.ts";
import { openOutputSocket } from "./output-socket.ts";
import { toolError } from "./messages.ts";
import { describeEnding, Program, type ProgramHost } from "./program.ts";
import { WarningReader } from "./warnings.ts";
import { onAbort } from "../../kernel/on-abort.ts";

/** Runs pg_dump; see `DumpTools.dump` for what the stream promises. */
export async function* dump(host: ProgramHost, request: DumpRequest): ByteStream {
  const { tools, address, signal } = request;
  signal.throwIfAborted();
  // First: it may refuse, and nothing may be open then.
  const env = connectionEnvironment(host.base, tools, address, "dump", request.settings);
  const prefix = await largeWrites(tools, "pg_dump", host.base);
  const output = await openOutputSocket();
  const warnings = new WarningReader(request.onWarning ?? (() => undefined));
  const onLine = (line: string): void => warnings.read(line);
  const program = new Program(tools, "pg_dump", dumpArguments(request), host, {
    env,
    address,
    output,
    prefix,
    onLine,
  });
  program.stdin.end();
  const stop = (): void => void program.stop();
  using _stopping = onAbort(signal, stop);
  try {
    yield* program.content;
    const ending = await program.ended;
    warnings.end();
    signal.throwIfAborted();
    if (ending.code !== 0) throw toolError("pg_dump", describeEnding(ending), program.stderr, address);
  } finally {
    await program.stop();
  }
}

/** The command line; no secret is in it. https://www.postgresql.org/docs/current/app-pgdump.html */
export function dumpArguments(request: DumpRequest): string[] {
  const [relations, values] = [request.excludeRelations ?? [], request.excludeValues ?? []].map((all) =>
    all.map(({ schema, name }) => `${literalPattern(schema)}.${literalPattern(name)}`),
  ) as [string[], string[]];
  const names = [...request.includeSchemas, ...request.excludeSchemas, ...relations, ...values];
  return [
    "--format=custom",
    // Compression happens once, after hashing, with a checksum pg_dump's own formats lack.
    "--compress=0",
    "--no-password",
    `--dbname=${connectionWords(request.tools, request.address, true)}`,
    `--snapshot=${request.snapshot}`,
    `--lock-wait-timeout=${Math.max(1, Math.round(request.lockWaitMs))}`,
    ...(request.sections === "schema"
      ? ["--schema-only"]
      : request.sections === "data"
        ? ["--data-only"]
        : []),
    ...request.includeSchemas.map((name) => `--schema=${literalPattern(name)}`),
    ...request.excludeSchemas.map((name) => `--exclude-schema=${literalPattern(name)}`),
    ...relations.map((pattern) => `--exclude-table=${pattern}`),
    // A sequence that a table owns is dumped with it, whatever --exclude-table says; its data is its value.
    ...values.map((pattern) => `--exclude-table-data=${pattern}`),
    // A schema that does not exist must not make a smaller backup.
    ...(request.includeSchemas.length > 0 ? ["--strict-names"] : []),
    // Names arrive as UTF-8, but pg_dump reads its arguments in the database's own encoding.
    ...(names.some((name) => /[^\x20-\x7e]/.test(name)) ? ["--encoding=UTF8"] : []),
  ];
}

/**
 * Inside double quotes a pattern's special characters stand for themselves:
 * https://www.postgresql.org/docs/current/app-psql.html#APP-PSQL-PATTERNS
 */
function literalPattern(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
