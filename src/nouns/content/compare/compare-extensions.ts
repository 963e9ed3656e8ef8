import { quantity } from "../../../kernel/quantity.ts";
import { displayName } from "../../../postgres/display-name.ts";
import type { ContentRecord, ExtensionContent, ExtensionRelation } from "../record.ts";
import { gap, type Difference } from "./difference.ts";

/**
 * What a gap is about that a proof decides: whether CREATE EXTENSION makes the same rows, shows only
 * in a copy.
 */
export const UNDECIDED = "extension-rows";

/**
 * Compares what the source's extensions held with what CREATE EXTENSION made in the copy. Every difference is
 * a gap: no dump could have held it. Of an extension that is missing, and of rows that cannot be read here,
 * nothing tells whose they were: such a table stays a gap by its own name, which hangs on no extension. What
 * else an extension of another version has is its own.
 */
export function compareExtensionContents(
  expected: ContentRecord,
  actual: ContentRecord,
): { readonly extension: string; readonly found: Difference }[] {
  const versions = new Map(actual.extensions.map(({ name, version }) => [name, version]));
  const copies = new Map((actual.extensionContents ?? []).map((one) => [one.name, one]));
  const dumped = new Map(expected.tables.map((table) => [displayName(table), table.rows]));
  return (expected.extensionContents ?? []).flatMap((extension) => {
    const here = versions.get(extension.name);
    const copy = copies.get(extension.name) ?? {
      name: extension.name,
      relations: [],
      parts: {},
      others: { count: 0, digest: null },
    };
    const isSame =
      expected.serverMajor === actual.serverMajor &&
      expected.extensions.find(({ name }) => name === extension.name)?.version === here;
    const found =
      here === undefined
        ? extension.relations
            .filter((relation) => isUndumped(relation, dumped))
            .map((relation) => undecided(extension.name, relation, "the extension is missing here"))
        : [
            ...compareRelations(extension, copy),
            ...(isSame ? [...compareParts(extension, copy), ...compareOthers(extension, copy)] : []),
          ];
    return found.map((one) => ({ extension: extension.name, found: one }));
  });
}

/**
 * Whether a table may hold rows that the dump does not; one that could not be read at the source is
 * a gap already.
 */
function isUndumped(
  { kind, rows, filtered, unreadable, ...names }: ExtensionRelation,
  dumped: ReadonlyMap<string, number | null>,
): boolean {
  if (kind !== "table" || unreadable === true || rows === 0) return false;
  return rows === null || filtered !== true || rows > (dumped.get(displayName(names)) ?? 0);
}

function undecided(extension: string, relation: ExtensionRelation, why: string): Difference {
  const held = relation.rows === null ? "may hold rows" : `holds ${quantity(relation.rows, "row")}`;
  const marked =
    relation.filtered === true
      ? "has marked only some rows of the table for dumping"
      : "has not marked the table for dumping";
  return gap(
    UNDECIDED,
    displayName(relation),
    `${held} at the source, and extension ${extension} ${marked}; ${why}, so nothing tells whether CREATE ` +
      "EXTENSION makes the same",
  );
}

function compareRelations(extension: ExtensionContent, copy: ExtensionContent): Difference[] {
  const made = new Map(copy.relations.map((relation) => [displayName(relation), relation]));
  return extension.relations.flatMap((relation): Difference[] => {
    const now = made.get(displayName(relation)) ?? { rows: 0, fingerprint: "0" };
    if (relation.kind === "table" && now.rows === null && (relation.rows ?? 0) > 0) {
      return [undecided(extension.name, relation, "they could not be counted here")];
    }
    if (
      relation.kind === "table" &&
      relation.rows === null &&
      relation.unreadable !== true &&
      now.rows === 0
    ) {
      return [undecided(extension.name, relation, "they were not counted at the source")];
    }
    const same =
      relation.rows === now.rows &&
      (relation.fingerprint === now.fingerprint || relation.fingerprint === null || now.fingerprint === null);
    if (relation.rows === null || now.rows === null || same) return [];
    const whose =
      `of extension ${extension.name} is not marked for dumping as a whole, ` + "and a dump does not hold";
    if (relation.kind === "sequence") {
      return [
        gap(
          "sequence",
          displayName(relation),
          `${whose} its value: it stands elsewhere here than at the source`,
        ),
      ];
    }
    const how =
      relation.rows === now.rows
        ? `its ${quantity(relation.rows, "row")} differ from the source's`
        : `CREATE EXTENSION made ${quantity(now.rows, "row")}, ` +
          `the source held ${quantity(relation.rows, "row")}`;
    return [gap("table", displayName(relation), `${whose} the other rows: ${how}`)];
  });
}

function compareParts(extension: ExtensionContent, copy: ExtensionContent): Difference[] {
  const [before, now] = [new Map(Object.entries(extension.parts)), new Map(Object.entries(copy.parts))];
  const missing = [...before].filter(([identity, digest]) => now.get(identity) !== digest);
  // A table that is missing has been said; its columns and indexes would only bury that.
  const gone = new Set(
    missing
      .filter(([identity]) => identity.startsWith("relation ") && !now.has(identity))
      .map(([identity]) => identity.slice("relation ".length)),
  );
  return missing
    .filter(([identity]) => !isOn(identity, gone))
    .map(([identity]) => {
      const [about, name] = [
        identity.slice(0, identity.indexOf(" ")),
        identity.slice(identity.indexOf(" ") + 1),
      ];
      return gap(
        about === "relation" ? "table" : about,
        name,
        `${now.has(identity) ? "has been altered at the source and differs here" : "is missing here"}: ` +
          `it belongs to extension ${extension.name}, and a dump holds nothing of an extension but ` +
          "CREATE EXTENSION",
      );
    });
}

function isOn(identity: string, relations: ReadonlySet<string>): boolean {
  return (
    !identity.startsWith("relation ") &&
    [...relations].some((relation) => identity.slice(identity.indexOf(" ") + 1).startsWith(`${relation}.`))
  );
}

function compareOthers({ name, others }: ExtensionContent, copy: ExtensionContent): Difference[] {
  if (others.digest === null || copy.others.digest === null || others.digest === copy.others.digest) {
    return [];
  }
  return [
    gap(
      "extension",
      name,
      `has been altered at the source: its functions, types and the like are ${others.count} there ` +
        `and ${copy.others.count} here, or not the same; a dump holds nothing of an extension but ` +
        "CREATE EXTENSION",
    ),
  ];
}
