import type { TocEntry, TocNames, ToolSet } from "../../ports/dump-tools.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import { withNames } from "./archive-definitions.ts";
import { plainEnvironment } from "./environment.ts";
import { toolError } from "./messages.ts";
import { describeEnding, Program, type ProgramHost } from "./program.ts";
import { parseToc } from "./toc.ts";

/**
 * Runs `pg_restore --list` (`--verbose`: with what each entry comes after) on the beginning of an archive;
 * see `DumpTools.listContents`.
 */
export async function listContents(
  host: ProgramHost,
  tools: ToolSet,
  archive: ByteStream,
): Promise<readonly TocEntry[]> {
  const program = new Program(tools, "pg_restore", ["--list", "--verbose", "--format=custom"], host, {
    env: plainEnvironment(host.base),
  });
  const listing: string[] = [];
  const names = new Map<string, TocNames>();
  program.stdout.setEncoding("utf8");
  program.stdout.on("data", (text: string) => listing.push(text));
  try {
    await program.feed(withNames(archive, (id, each) => void names.set(id, each)));
    const ending = await program.ended;
    if (ending.code !== 0) throw toolError("pg_restore", describeEnding(ending), program.stderr, undefined);
    return parseToc(listing.join(""))
      .filter((entry) => !isOfArchive(entry))
      .map((entry) => {
        const known = names.get(entry.id);
        return known === undefined ? entry : { ...entry, names: known };
      });
  } finally {
    await program.stop();
  }
}

/**
 * What a restore into an existing database does not use, and a listing without `--verbose` does not show:
 * settings of the archive, and the database itself.
 */
function isOfArchive({ type, rest }: TocEntry): boolean {
  if (/^(?:ENCODING|STDSTRINGS|SEARCHPATH|DATABASE|DATABASE PROPERTIES)$/.test(type)) return true;
  return /^(?:ACL|COMMENT|SECURITY LABEL)$/.test(type) && rest.startsWith("- DATABASE ");
}
