import type { LoadProblem } from "../../../ports/dump-tools.ts";

/**
 * The option that a server says it does not know; of a column it can only be a mark that another
 * server set itself.
 */
export function unknownParameter(message: string): string | undefined {
  return /unrecognized parameter "([^"]+)"/.exec(message)?.[1];
}

/**
 * What to do where a server refuses an option of a table or column that is in the dump: a mark of the
 * source's server that the pg_dump of its own release leaves out and others write down.
 *
 * @returns undefined where the error is another
 */
export function parameterAdvice({ message }: LoadProblem): string | undefined {
  const name = unknownParameter(message);
  if (name === undefined) return undefined;
  return (
    `this server does not know ${name}; if nobody set it at the source, it is a mark of that server: ` +
    "back up with the client programs of exactly its release, or restore into a server of that release"
  );
}
