import type { DatabaseSession } from "../../ports/database.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import type { PreparedScript } from "../script/prepare.ts";
import { serverWide } from "../script/server-wide.ts";
import type { Statement } from "../script/script.ts";
import { droppedNames } from "../script/dropped.ts";
import { fieldsOf, listOf, textOf, type Fields } from "../script/tree.ts";

/**
 * What a folder of migrations takes for granted and no migration makes: roles that somebody else made,
 * extensions whose files this machine does not have. Roles are made; an extension that cannot be had is left
 * out and named, and what needs it then fails by its own name.
 */
export class StandIns {
  readonly #roles: Set<string>;
  readonly #extensions: Set<string>;
  #available: ReadonlySet<string> | undefined;

  constructor(like?: StandIns) {
    this.#roles = new Set(like?.roles);
    this.#extensions = like === undefined ? new Set() : like.#extensions;
    this.#available = like === undefined ? undefined : like.#available;
  }

  /** Those of a second database on the same server: what it needs besides is not the first one's. */
  beside(): StandIns {
    return new StandIns(this);
  }

  /** Roles that were made because scripts name them. */
  get roles(): readonly string[] {
    return [...this.#roles].sort();
  }

  /** Extensions that were left out because this server does not have them. */
  get extensions(): readonly string[] {
    return [...this.#extensions].sort();
  }

  /** Makes the roles that scripts name and none of them makes; to be called outside of a transaction. */
  async prepare(session: DatabaseSession, ...prepared: readonly PreparedScript[]): Promise<void> {
    const statements = prepared.flatMap(({ script }) => script.statements);
    const named = new Set(statements.filter(mayNameRoles).flatMap(rolesNamed));
    const made = new Set(
      statements
        .filter(({ type }) => type === "CreateRoleStmt")
        .flatMap(({ tree }) => textOf(fieldsOf(tree)["role"]) ?? []),
    );
    // Where a block may make a role, it is made only when the server has refused the script for its lack.
    const blocks = prepared.flatMap(({ script, execution }) =>
      execution.mode === "one-transaction"
        ? script.statements.filter(({ type }) => type === "DoStmt").map(({ text }) => text)
        : [],
    );
    const wanted = [...named].filter(
      (name) => !made.has(name) && !this.#roles.has(name) && !blocks.some((text) => text.includes(name)),
    );
    if (wanted.length > 0) {
      for (const name of await this.#missing(session, wanted)) await this.#makeRole(session, name);
    }
    if (this.#available !== undefined || !statements.some(({ type }) => type === "CreateExtensionStmt")) {
      return;
    }
    const rows = await session.query<{ name: string }>(
      "SELECT name::text AS name FROM pg_catalog.pg_available_extensions",
    );
    this.#available = new Set(rows.map(({ name }) => name));
  }

  /**
   * Whether a statement is left out: it creates, comments or drops an extension that is not here, or changes
   * the whole server.
   */
  readonly skip = (statement: Statement): boolean => {
    const { type, tree } = statement;
    if (serverWide(statement) !== undefined) return true;
    if (type === "CommentStmt") return this.#isOfMissing(fieldsOf(tree));
    if (type === "DropStmt") return this.#dropsMissing(fieldsOf(tree));
    if (type === "AlterExtensionStmt" || type === "AlterExtensionContentsStmt") {
      return this.#extensions.has(textOf(fieldsOf(tree)["extname"]) ?? "");
    }
    if (type !== "CreateExtensionStmt" || this.#available === undefined) return false;
    const name = textOf(fieldsOf(tree)["extname"]);
    if (name === undefined || this.#available.has(name)) return false;
    this.#extensions.add(name);
    return true;
  };

  /** Extensions that this server lacks, that the first script makes and the second does not take back. */
  leftBy(forward: PreparedScript, rollback: PreparedScript | undefined): readonly string[] {
    const made = forward.script.statements.flatMap(({ type, tree }) => {
      const name = type === "CreateExtensionStmt" ? textOf(fieldsOf(tree)["extname"]) : undefined;
      return name !== undefined && this.#available?.has(name) === false ? [name] : [];
    });
    const dropped = (rollback?.script.statements ?? []).flatMap(({ type, tree }) =>
      droppedNames(type, fieldsOf(tree), "OBJECT_EXTENSION").flat(),
    );
    return [...new Set(made)].filter((name) => !dropped.includes(name));
  }

  #dropsMissing({ removeType, objects }: Fields): boolean {
    if (removeType !== "OBJECT_EXTENSION") return false;
    return listOf(objects).every((each) => this.#extensions.has(textOf(each) ?? ""));
  }

  #isOfMissing({ objtype, object }: Readonly<Record<string, unknown>>): boolean {
    return objtype === "OBJECT_EXTENSION" && this.#extensions.has(textOf(object) ?? "");
  }

  /**
   * Makes the role for whose lack the server refused a script, such as one that a DO block names; false where
   * it was for something else, or for a name that the script does not have.
   */
  async mend(
    session: DatabaseSession,
    refusal: { readonly state: string; readonly message: string } | undefined,
    { source }: PreparedScript,
  ): Promise<boolean> {
    const [, name] =
      refusal?.state === "42704" ? (/^role "(.*)" does not exist$/.exec(refusal.message) ?? []) : [];
    if (name === undefined || this.#roles.has(name) || !source.text.includes(name)) return false;
    await this.#makeRole(session, name);
    return true;
  }

  async #missing(session: DatabaseSession, names: readonly string[]): Promise<string[]> {
    const rows = await session.query<{ name: string }>(
      `
        SELECT name
          FROM pg_catalog.unnest($1::text[]) AS name
         WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname::text = name)
      `,
      [names],
    );
    return rows.map(({ name }) => name);
  }

  async #makeRole(session: DatabaseSession, name: string): Promise<void> {
    await session.query(`CREATE ROLE ${quoteIdentifier(name)} NOLOGIN`);
    this.#roles.add(name);
  }
}

/** Rows name no roles, and there may be many. */
function mayNameRoles({ type }: Statement): boolean {
  return !/^(?:Insert|Update|Delete|Select|Merge|Copy|CreateFunction|Do|Index)Stmt$/.test(type);
}

/** Roles stand in a tree with their type's name or, as the new owner in `OWNER TO`, without. */
function rolesNamed({ type, tree }: Statement): string[] {
  const { name, args } = fieldsOf(tree);
  // SET ROLE x, SET SESSION AUTHORIZATION x
  if (type === "VariableSetStmt" && (name === "role" || name === "session_authorization")) {
    return listOf(args)
      .flatMap((each) => textOf(fieldsOf(fieldsOf(each)["sval"])["sval"]) ?? [])
      .filter((role) => role !== "none");
  }
  return [...everyObject(tree)].flatMap(({ roletype, rolename }) =>
    roletype === "ROLESPEC_CSTRING" ? (textOf(rolename) ?? []) : [],
  );
}

function* everyObject(tree: unknown): Generator<Fields> {
  if (typeof tree !== "object" || tree === null) return;
  yield tree as Fields;
  for (const each of Object.values(tree)) yield* everyObject(each);
}
