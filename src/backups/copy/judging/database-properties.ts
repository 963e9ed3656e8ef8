import { sqlStatements, type SqlToken } from "../../../postgres/sql-tokens.ts";
import type { DatabaseEntries } from "../../../ports/dump-tools.ts";
import { openArtifact } from "../artifacts/artifact.ts";
import type { ArtifactRecord } from "../../../nouns/catalog/manifest.ts";
import type { LoadContext } from "../artifacts/load.ts";

/** A setting that belongs to the database, or to a role in it. */
export interface DatabaseSetting {
  /** Undefined for everybody. */
  readonly role: string | undefined;
  readonly name: string;
  /** One, or the elements of a list of names, which may be none. May be a secret: for the server alone. */
  readonly values: readonly string[];
}

/** One GRANT or REVOKE on the database. */
export interface RightsStatement {
  readonly takes: boolean;
  /** Only the option to pass on. */
  readonly optionOnly: boolean;
  /** `ALL`, or names of rights. */
  readonly rights: readonly string[];
  /** Undefined for PUBLIC. */
  readonly role: string | undefined;
  readonly grantable: boolean;
}

/** What an archive holds of the database itself, as facts: statements of it are never run. */
export interface DatabaseProperties {
  readonly owner: string;
  readonly settings: readonly DatabaseSetting[];
  /** Undefined for none. */
  readonly connectionLimit: number | undefined;
  readonly comment: string | undefined;
  /** Undefined where the archive has the default ones. */
  readonly rights: readonly RightsStatement[] | undefined;
  /** What is there besides and is not brought, such as `a security label of selinux`. */
  readonly others: readonly string[];
}

/**
 * Why nothing is told: the archive cannot be read, see `DumpTools.listDatabase`; or a statement is not of a
 * kind that pg_dump writes.
 */
export type Untold = "unreadable" | "not understood";

/** Reads what an artifact holds of the database itself: its beginning alone. */
export async function readDatabaseProperties(
  context: Pick<LoadContext, "store" | "tools" | "identities">,
  artifact: ArtifactRecord,
): Promise<DatabaseProperties | Untold> {
  return understood(
    await context.tools.listDatabase(
      openArtifact(context.store, artifact, context.identities, () => undefined),
    ),
  );
}

/** What the entries say, or why they say nothing. */
export function understood(entries: DatabaseEntries | undefined): DatabaseProperties | Untold {
  return entries === undefined ? "unreadable" : (databaseProperties(entries) ?? "not understood");
}

/** Takes the entries apart; undefined where one is not understood, or is about another database. */
export function databaseProperties({
  name,
  owner,
  definitions,
  standardStrings,
}: DatabaseEntries): DatabaseProperties | undefined {
  const found: Found = {
    settings: [],
    connectionLimit: undefined,
    comment: undefined,
    rights: undefined,
    others: [],
  };
  for (const { sql } of definitions) {
    const statements = sqlStatements(sql, standardStrings);
    if (
      statements?.every((tokens) => STATEMENTS.some((take) => take(new Tokens(tokens, name), found))) !== true
    ) {
      return undefined;
    }
  }
  return { owner, ...found };
}

type Found = { -readonly [Key in keyof Omit<DatabaseProperties, "owner">]: DatabaseProperties[Key] };

function takeProperty(tokens: Tokens, found: Found): boolean {
  if (tokens.words("ALTER", "DATABASE") && tokens.database()) {
    if (tokens.words("CONNECTION", "LIMIT") && tokens.sign("=")) {
      return (found.connectionLimit = tokens.number()) !== undefined && tokens.atEnd();
    }
    if (tokens.words("IS_TEMPLATE") && tokens.sign("=")) return add(found, "the mark of a template");
    return takeSetting(tokens, undefined, found);
  }
  if (tokens.words("ALTER", "ROLE")) {
    const role = tokens.name();
    return (
      role !== undefined &&
      tokens.words("IN", "DATABASE") &&
      tokens.database() &&
      takeSetting(tokens, role, found)
    );
  }
  if (tokens.words("COMMENT", "ON", "DATABASE") && tokens.database() && tokens.words("IS")) {
    return (found.comment = tokens.text()) !== undefined && tokens.atEnd();
  }
  if (!tokens.words("SECURITY", "LABEL", "FOR")) return false;
  const provider = tokens.name();
  return (
    provider !== undefined &&
    tokens.words("ON", "DATABASE") &&
    tokens.database() &&
    add(found, `a security label of ${provider}`)
  );
}

function add(found: Found, what: string): true {
  found.others = [...found.others, what];
  return true;
}

function takeSetting(tokens: Tokens, role: string | undefined, found: Found): boolean {
  if (!tokens.words("SET")) return false;
  const name = tokens.list(".", () => tokens.name())?.join(".");
  if (name === undefined || !tokens.words("TO")) return false;
  // Of an empty list, such as SET search_path FROM CURRENT may store, pg_dump writes nothing.
  const values = tokens.atEnd() ? [] : tokens.list(",", () => tokens.text());
  if (values === undefined || !tokens.atEnd()) return false;
  found.settings = [...found.settings, { role, name, values }];
  return true;
}

function takeRights(tokens: Tokens, found: Found): boolean {
  const takes = tokens.words("REVOKE");
  if (!takes && !tokens.words("GRANT")) return false;
  const optionOnly = takes && tokens.words("GRANT", "OPTION", "FOR");
  const rights = tokens.list(",", () => tokens.word());
  if (
    rights === undefined ||
    !tokens.words("ON", "DATABASE") ||
    !tokens.database() ||
    !tokens.words(takes ? "FROM" : "TO")
  ) {
    return false;
  }
  const isPublic = tokens.words("PUBLIC");
  const role = isPublic ? undefined : tokens.name();
  if (!isPublic && role === undefined) return false;
  const grantable = tokens.words("WITH", "GRANT", "OPTION");
  found.rights = [...(found.rights ?? []), { takes, optionOnly, rights, role, grantable }];
  return tokens.atEnd();
}

/** Around a right that somebody else than the owner has passed on. */
function takeSession(tokens: Tokens): boolean {
  return tokens.words("SET", "SESSION", "AUTHORIZATION") || tokens.words("RESET", "SESSION", "AUTHORIZATION");
}

const STATEMENTS: readonly ((tokens: Tokens, found: Found) => boolean)[] = [
  takeProperty,
  takeRights,
  takeSession,
];

/** Reads one statement from its beginning; what does not fit is not passed. */
class Tokens {
  readonly #tokens: readonly SqlToken[];
  readonly #database: string;
  #at = 0;

  constructor(tokens: readonly SqlToken[], database: string) {
    this.#tokens = tokens;
    this.#database = database;
  }

  /** Key words, all of them or none. */
  words(...words: readonly string[]): boolean {
    const all = words.every((word, index) => {
      const token = this.#tokens[this.#at + index];
      return token?.kind === "word" && token.value.toUpperCase() === word;
    });
    if (all) this.#at += words.length;
    return all;
  }

  /** A name without quotes is written in small letters. */
  name(): string | undefined {
    return this.#take("word") ?? this.#take("name");
  }

  word(): string | undefined {
    return this.#take("word");
  }

  text(): string | undefined {
    return this.#take("text");
  }

  number(): number | undefined {
    const found = this.#take("number");
    return found === undefined ? undefined : Number(found);
  }

  sign(sign: string): boolean {
    return this.#tokens[this.#at]?.value === sign && this.#take("sign") !== undefined;
  }

  /** The source database's own name, and no other. */
  database(): boolean {
    return this.name() === this.#database;
  }

  /** One or more, with a sign between them. */
  list(sign: string, next: () => string | undefined): readonly string[] | undefined {
    const found: string[] = [];
    do {
      const one = next();
      if (one === undefined) return undefined;
      found.push(one);
    } while (this.sign(sign));
    return found;
  }

  atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  #take(kind: SqlToken["kind"]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== kind) return undefined;
    this.#at += 1;
    return token.value;
  }
}
