import type { LoadContext } from "../../../copy/artifacts/load.ts";
import { isNamed } from "../../../copy/artifacts/toc-names.ts";
import type { ArtifactRecord } from "../../../../nouns/catalog/manifest.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import { readDefinitions } from "../../../copy/artifacts/read-definitions.ts";
import type { Staged } from "./staged.ts";

/** What a column holds by default at the source, as COPY writes it; undefined where that is not known. */
export type Defaults = (staged: Staged, column: string) => string | undefined;

/**
 * Reads the defaults of columns that the target lacks: a column in which every row has its default
 * loses nothing.
 */
export async function readDefaults(
  context: LoadContext,
  artifact: ArtifactRecord,
  contents: readonly TocEntry[],
  staged: readonly Staged[],
): Promise<Defaults> {
  const lacking = staged.filter(
    ({ columns, shape }) =>
      shape !== undefined && columns.some((name) => !shape.columns.some((column) => column.name === name)),
  );
  const entries = contents.filter(
    (entry) => entry.type === "TABLE" && lacking.some((table) => isNamed(entry, table)),
  );
  const texts = await readDefinitions(context, artifact, entries);
  return ({ schema, name }, column) => {
    const text = texts.find(({ entry }) => isNamed(entry, { schema, name }));
    return text === undefined ? undefined : defaultOf(text.sql, column);
  };
}

/**
 * pg_dump writes a column a line: ` is_anonymous boolean DEFAULT false NOT NULL,`. Only constants count;
 * nothing of it is carried out.
 */
export function defaultOf(definition: string, column: string): string | undefined {
  const names = [column, `"${column.replaceAll('"', '""')}"`];
  const line = definition.split("\n").find((each) => names.some((name) => each.startsWith(`    ${name} `)));
  const value =
    / DEFAULT (true|false|-?\d+(?:\.\d+)?|'(?:[^']|'')*')(?:::[\w ."[\]()]+?)?(?: NOT NULL)?,?$/.exec(
      line ?? "",
    )?.[1];
  if (value === undefined) return undefined;
  if (value === "true" || value === "false") return value[0];
  return value.startsWith("'") ? value.slice(1, -1).replaceAll("''", "'") : value;
}
