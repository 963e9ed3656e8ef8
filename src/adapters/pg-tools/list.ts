import type { TocEntry, ToolSet } from "../../ports/dump-tools.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import { plainEnvironment } from "./environment.ts";
import { toolError } from "./messages.ts";
import { describeEnding, Program, type Surroundings } from "./program.ts";
import { parseToc } from "./toc.ts";

/** Runs `pg_restore --list` (`--verbose`: with what each entry comes after) on the beginning of an archive; see `DumpTools.listContents`. */
export async function listContents({ base, guard }: Surroundings, tools: ToolSet, archive: ByteStream): Promise<readonly TocEntry[]> {
  const program = new Program(tools, "pg_restore", ["--list", "--verbose", "--format=custom"], { env: plainEnvironment(base), guard });
  const listing: string[] = [];
  program.stdout.setEncoding("utf8");
  program.stdout.on("data", (text: string) => listing.push(text));
  try {
    await program.feed(archive);
    const ending = await program.ended;
    if (ending.code !== 0) throw toolError("pg_restore", describeEnding(ending), program.stderr, undefined);
    return parseToc(listing.join(""));
  } finally {
    await program.stop();
  }
}
