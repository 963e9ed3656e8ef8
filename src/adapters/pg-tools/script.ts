import type { ScriptRequest } from "../../ports/dump-tools.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import { listFile, privateFiles, type PrivateFiles } from "./entry-list.ts";
import { plainEnvironment } from "./environment.ts";
import { toolError } from "./messages.ts";
import { openOutputSocket } from "./output-socket.ts";
import { describeEnding, Program, type ProgramHost } from "./program.ts";
import { onAbort } from "../../kernel/on-abort.ts";

/** Runs pg_restore without a server; see `DumpTools.script` for what the stream promises. */
export async function* script(
  { disk = privateFiles, ...host }: ProgramHost & { readonly disk: PrivateFiles | undefined },
  request: ScriptRequest,
): ByteStream {
  const { tools, signal } = request;
  signal.throwIfAborted();
  await using list = await listFile(request.entries, disk);
  const output = await openOutputSocket();
  const program = new Program(tools, "pg_restore", scriptArguments(request, list.path!), host, {
    env: plainEnvironment(host.base),
    output,
  });
  const stop = (): void => void program.stop();
  using _stopping = onAbort(signal, stop);
  const source = request.archive[Symbol.asyncIterator]();
  // Without a `return`: pg_restore leaves when it has what it wants, and the rest is read below.
  const feeding = program.feed({ [Symbol.asyncIterator]: () => ({ next: () => source.next() }) });
  // Looked at below, when the program's output has ended.
  feeding.catch(stop);
  try {
    yield* program.content;
    signal.throwIfAborted();
    await feeding;
    const ending = await program.ended;
    signal.throwIfAborted();
    if (ending.code !== 0) throw toolError("pg_restore", describeEnding(ending), program.stderr, undefined);
    while ((await source.next()).done !== true);
  } finally {
    await program.stop();
    await source.return?.();
  }
}

/** The command line. https://www.postgresql.org/docs/current/app-pgrestore.html */
export function scriptArguments(
  { sections, naming }: Pick<ScriptRequest, "sections" | "naming">,
  listPath: string,
): string[] {
  const verbose = naming === true ? ["--verbose"] : [];
  return [
    "--format=custom",
    "--file=-",
    ...verbose,
    ...sections.map((section) => `--section=${section}`),
    `--use-list=${listPath}`,
  ];
}
