import { namesOf } from "../../../copy/artifacts/toc-names.ts";
import type { DefinitionText } from "../../../copy/artifacts/definition-script.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import { readDigests } from "../../../../nouns/content/read/objects/field-digests.ts";
import { readObjectsOf } from "../../../../nouns/content/read/objects.ts";
import { displayName } from "../../../../postgres/display-name.ts";
import type { ContentRecord, ObjectKind } from "../../../../nouns/content/record.ts";
import { leadingNames, schemaOf, wordAndRest } from "../../../../nouns/platform/identity.ts";
import type { PlatformRecord } from "../../../../nouns/platform/record.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { adjustAccessList, setAccessList, TOLD_ALREADY } from "./access-list.ts";
import type { BothEnds } from "../ends/choose-into.ts";
import { isRightOnPlatform } from "../users/users-part.ts";

/** What became of rights on the platform's objects. */
interface PlatformRights {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

/** Objects named in a note. */
const TOLD_MAX = 20;

/**
 * Gives the platform's objects the rights that they had, where both ends are of one version of its service:
 * then what differs was given or taken away by somebody. Between two versions it may be the service's own
 * doing, and is named only. Every object's rights are set as a whole by its owner, and kept only where they
 * are the source's then. Otherwise the role that restores gives what it may pass on, takes what it has given
 * itself, and the rest is named, each with why.
 *
 * @param content of the source, its rights among it
 * @param texts the archive's lists of rights on the platform's objects
 * @param told roles whose rights are given and told by themselves
 */
export async function restorePlatformRights(
  session: DatabaseSession,
  ends: BothEnds,
  { objects, serverMajor: sourceMajor }: ContentRecord,
  texts: readonly DefinitionText[],
  told: ReadonlySet<string>,
): Promise<PlatformRights> {
  const { source, target } = ends;
  const expected = objects.grant ?? {};
  const schemas = source.schemas.filter((schema) => target.schemas.includes(schema));
  const isMeant = (identity: string): boolean =>
    isRightOnPlatform(source, "grant", identity) && schemas.includes(schemaOf("grant", identity) ?? "");
  const differing = async (): Promise<readonly string[]> => {
    const now = await readObjectsOf(session, { includeSchemas: schemas, excludeSchemas: [] }, "grant");
    return [...new Set([...Object.keys(expected), ...Object.keys(now)])]
      .filter(isMeant)
      .filter((identity) => !isSame(expected[identity], now[identity]));
  };
  const found = await differing();
  const skewed = found.filter((identity) => !isOfOneVersion(source, target, identity));
  const others = skewed.length === 0 ? [] : skewed.filter(await standsAtBoth(session, objects, schemas));
  const usual = found.filter((identity) => isOfOneVersion(source, target, identity));
  const groups = [...Map.groupBy(usual, relationOf).values()].map((of) =>
    withColumns(of, Object.keys(expected)),
  );
  const setWhole = async (identities: readonly string[]): Promise<void> => {
    for (const identity of identities) await setAccessList(session, identity, textsFor(identity, texts));
  };
  await session.query("SAVEPOINT rights_on_platform");
  await setWhole(groups.flat());
  const still = new Set(groups.length > 0 ? await differing() : []);
  const [left, kept] = [true, false].map((wanted) =>
    groups.filter((of) => of.some((one) => still.has(one)) === wanted),
  ) as [string[][], string[][]];
  const reasons = new Map<string, readonly string[]>();
  if (left.length > 0) {
    await session.query("ROLLBACK TO SAVEPOINT rights_on_platform");
    await setWhole(kept.flat());
    for (const identity of left.flat()) {
      reasons.set(
        identity,
        await adjustAccessList(session, identity, textsFor(identity, texts), { sourceMajor, told }),
      );
    }
  }
  await session.query("RELEASE SAVEPOINT rights_on_platform");
  const out = new Set(left.length > 0 ? await differing() : []);
  const more = others.length > TOLD_MAX ? ` and ${others.length - TOLD_MAX} more` : "";
  return {
    findings: [...reasons]
      .filter(([name]) => out.has(name))
      .flatMap(([name, why]): Finding[] => {
        const told = why.filter((reason) => reason !== TOLD_ALREADY);
        if (told.length === 0 && why.length > 0) return [];
        return [
          {
            severity: "gap",
            about: "grant",
            name,
            message:
              "on the platform's own is not as at the " +
              `source: ${told.length > 0 ? told.join("; ") : "in what, the archive does not tell"}`,
          },
        ];
      }),
    notes:
      others.length === 0
        ? []
        : [
            "rights on the platform's own that are not as at the source and were left, as its versions may " +
              `differ in them: ${others.slice(0, TOLD_MAX).join(", ")}${more}`,
          ],
  };
}

/**
 * The relation of a table's or a column's rights, of which one cannot be set without the other; what it is
 * itself of all else.
 */
function relationOf(identity: string): string {
  const [word, rest] = wordAndRest(identity);
  return word === "table" || word === "column" ? JSON.stringify(leadingNames(rest).slice(0, 2)) : identity;
}

/**
 * A table before its columns, and with all of them: what is taken from somebody on a table is taken from him
 * on its columns.
 */
function withColumns(of: readonly string[], all: readonly string[]): string[] {
  const isTable = (identity: string): boolean => wordAndRest(identity)[0] !== "column";
  const tables = of.filter(isTable);
  const columns =
    tables.length === 0
      ? []
      : all.filter((one) => !isTable(one) && relationOf(one) === relationOf(tables[0]!));
  return [...tables, ...new Set([...of.filter((one) => !isTable(one)), ...columns])];
}

/** Kinds of what has rights in a schema. */
const WITH_RIGHTS: readonly ObjectKind[] = [
  "table",
  "view",
  "materialized-view",
  "sequence",
  "function",
  "type",
  "schema",
];

/** What stands at one end alone came with one version or went with the other: nobody asks for its rights. */
async function standsAtBoth(
  session: DatabaseSession,
  source: ContentRecord["objects"],
  schemas: readonly string[],
): Promise<(identity: string) => boolean> {
  const known = new Set(WITH_RIGHTS.flatMap((kind) => Object.keys(source[kind] ?? {})));
  const now = new Set<string>();
  for (const kind of WITH_RIGHTS) {
    for (const identity of Object.keys(
      await readObjectsOf(session, { includeSchemas: [...schemas], excludeSchemas: [] }, kind),
    )) {
      now.add(identity);
    }
  }
  return (identity) => {
    const [word, rest] = wordAndRest(identity);
    const of =
      word === "column"
        ? displayName({ schema: leadingNames(rest)[0] ?? "", name: leadingNames(rest)[1] ?? "" })
        : rest;
    return known.has(of) && now.has(of);
  };
}

/** Only where both say of which version they are. */
function isOfOneVersion(source: PlatformRecord, target: PlatformRecord, identity: string): boolean {
  const schema = schemaOf("grant", identity) ?? "";
  return (
    typeof source.migrations[schema] === "string" && source.migrations[schema] === target.migrations[schema]
  );
}

/** `MAINTAIN` came with 17 and is no difference between majors. */
function isSame(left: string | undefined, right: string | undefined): boolean {
  const of = (digests: string | undefined): string =>
    [...(digests === undefined ? [] : readDigests(digests))]
      .filter(([name]) => name !== "maintain")
      .map((pair) => pair.join("="))
      .sort()
      .join();
  return of(left) === of(right);
}

/**
 * The archive's lists for an object; a function's of every function of that name, because the two write
 * arguments in different ways.
 */
function textsFor(identity: string, texts: readonly DefinitionText[]): readonly DefinitionText[] {
  const [word, rest] = wordAndRest(identity);
  const [schema, ...names] = leadingNames(rest);
  return texts.filter(({ entry }) => {
    const said = namesOf(entry);
    const [kind, name] = wordAndRest(said.tag);
    // A schema stands in none.
    if (word === "schema") {
      return kind === "SCHEMA" && said.schema === undefined && leadingNames(name)[0] === schema;
    }
    // A column's rights stand on their own, and views are tables to them.
    return (
      kind.toLowerCase() === word &&
      said.schema === schema &&
      leadingNames(name).join("\n") === names.join("\n")
    );
  });
}
