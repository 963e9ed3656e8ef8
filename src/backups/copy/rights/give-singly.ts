import { cutAfter } from "../../../postgres/sql-quotes.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import { refusal } from "../../../nouns/server/refusal.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import type { DefinitionText } from "../artifacts/definition-script.ts";
import { serverWords } from "../../../postgres/server-words.ts";
import { leaveRoles, mayBecome, reachRoles } from "./reach-roles.ts";
import { isHeld, plain, singleRights, type SingleRight } from "./single-rights.ts";

/**
 * An archive has the rights on an object as one list, and pg_restore gives all of it or nothing. Here every
 * statement of a list is carried out by itself, so that what one role cannot have costs no other its own.
 */

/** A statement of a list of rights that could not be carried out. */
export interface RefusedRights {
  readonly entry: TocEntry;
  /** What it gives; nothing where it takes rights away, or gives them to everybody. */
  readonly rights: readonly SingleRight[];
  /** `SELECT, INSERT could not be given to clerk: …` */
  readonly message: string;
  /**
   * Nobody here could give it: the server lacks the role that had it, or it was passed on by one that this
   * role cannot be. It says nothing of the copy, so the comparison leaves out exactly this.
   */
  readonly outOfReach: boolean;
}

/** How a list is given. */
export interface GivingOptions {
  /** Of the server that was backed up. */
  readonly sourceMajor: number;
  /** Roles of which this one is never made a member; none when absent. */
  readonly never?: readonly string[];
  /**
   * A hosting platform's roles: what their future objects give is compared, and told as the platform's own.
   */
  readonly platforms?: readonly string[];
}

/** One statement, and in whose name it is to be said where that is not the object's owner. */
interface RightsStatement {
  readonly sql: string;
  readonly grantor: string | undefined;
}

/**
 * pg_dump writes these two around what somebody else than the owner has given (`buildACLCommands` in
 * src/bin/pg_dump/dumputils.c).
 */
const SPEAKING_AS = /^SET SESSION AUTHORIZATION ("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*);$/;
const SPEAKING_AS_OWNER = /^RESET SESSION AUTHORIZATION;$/;

/** The statements of a list of rights, each with its grantor. */
export function statementsOf({ sql }: Pick<DefinitionText, "sql">): readonly RightsStatement[] {
  const statements: RightsStatement[] = [];
  let grantor: string | undefined;
  for (const text of cutAfter(sql, ";")
    .map((each) => each.trim())
    .filter((each) => each !== "")) {
    const [, name] = SPEAKING_AS.exec(text) ?? [];
    if (name !== undefined) grantor = plain(name);
    else if (SPEAKING_AS_OWNER.test(text)) grantor = undefined;
    else statements.push({ sql: text, grantor });
  }
  return statements;
}

/**
 * Gives lists of rights statement by statement. What somebody had passed on is given in his name, where this
 * role is a member of his or can make itself one until the end.
 *
 * @param session in a transaction
 * @returns what could not be given
 */
export async function giveSingly(
  session: DatabaseSession,
  texts: readonly DefinitionText[],
  options: GivingOptions,
): Promise<readonly RefusedRights[]> {
  const lists = texts.map((text) => ({ entry: text.entry, statements: statementsOf(text) }));
  const rows = await session.query<{ name: string }>("SELECT rolname::text AS name FROM pg_roles");
  const there = new Set(rows.map(({ name }) => name));
  const grantors = new Set(
    lists.flatMap(({ statements }) => statements.flatMap(({ grantor }) => grantor ?? [])),
  );
  const joined = await reachRoles(
    session,
    [...grantors].filter((role) => there.has(role) && options.never?.includes(role) !== true),
  );
  const refused: RefusedRights[] = [];
  for (const { entry, statements } of lists) {
    // Who has not got a right cannot pass it on.
    let isOut = false;
    const left: (RefusedRights & Why)[] = [];
    for (const statement of statements) {
      const rights = singleRights(statement.sql, options.sourceMajor);
      const why = await giveOne(session, statement, rights, { there, platforms: options.platforms ?? [] });
      if (why === undefined) continue;
      const outOfReach: boolean = why.outOfReach || (isOut && statement.grantor !== undefined);
      isOut ||= outOfReach;
      left.push({
        entry,
        rights,
        words: why.words,
        outOfReach,
        message: `${whatCouldNot(rights)}: ${why.words}`,
      });
    }
    refused.push(
      ...(isOneRefusal(left, statements.length)
        ? [{ ...left[0]!, rights: [], message: `could not be given: ${left[0]!.words}` }]
        : left),
    );
  }
  await leaveRoles(session, joined);
  return refused;
}

/** A whole list that this role may not give at all is told once. */
function isOneRefusal(left: readonly Why[], statements: number): boolean {
  return (
    left.length > 1 &&
    left.length === statements &&
    left.every(({ words, outOfReach }) => !outOfReach && words === left[0]!.words)
  );
}

interface Why {
  readonly words: string;
  readonly outOfReach: boolean;
}

async function giveOne(
  session: DatabaseSession,
  { sql, grantor }: RightsStatement,
  rights: readonly SingleRight[],
  { there, platforms }: { readonly there: ReadonlySet<string>; readonly platforms: readonly string[] },
): Promise<Why | undefined> {
  const lacking = [...(grantor === undefined ? [] : [grantor]), ...rights.map(({ role }) => role)].some(
    (role) => !there.has(role),
  );
  if (grantor === undefined) {
    const error = await refusal(session, () => session.query(sql));
    return error === undefined
      ? undefined
      : {
          words: serverWords(error),
          outOfReach: lacking || (await isAnothersFuture(session, rights, platforms)),
        };
  }
  if (there.has(grantor) && (await mayBecome(session, grantor)) !== true) {
    return {
      words: `it was passed on by ${grantor}, in whose name the role that restores may not speak`,
      outOfReach: true,
    };
  }
  const error = await refusal(session, () => speakingAs(session, grantor, sql));
  if (error !== undefined) return { words: serverWords(error), outOfReach: lacking };
  // Of what the grantor may not pass on the server only warns.
  for (const right of rights) {
    if ((await isHeld(session, right)) === false) {
      return { words: `${grantor}, who had passed it on, may not do that here`, outOfReach: false };
    }
  }
  return undefined;
}

/** Only a role itself, or who can be it, says what its future objects give. */
async function isAnothersFuture(
  session: DatabaseSession,
  rights: readonly SingleRight[],
  platforms: readonly string[],
): Promise<boolean> {
  const owners = new Set(rights.flatMap(({ future }) => future?.owner ?? []));
  for (const owner of owners) {
    if (!platforms.includes(owner) && (await mayBecome(session, owner)) !== true) return true;
  }
  return false;
}

async function speakingAs(session: DatabaseSession, role: string, sql: string): Promise<void> {
  const [now] = await session.query<{ role: string }>("SELECT current_setting('role') AS role");
  await session.query(`SET LOCAL ROLE ${quoteIdentifier(role)}`);
  await session.query(sql);
  await session.query(`SET LOCAL ROLE ${now!.role === "none" ? "NONE" : quoteIdentifier(now!.role)}`);
}

function whatCouldNot(rights: readonly SingleRight[]): string {
  const [first] = rights;
  if (first === undefined) return "could not be given";
  const words = rights
    .map(({ right, column }) => (column === undefined ? right : `${right} (${plain(column)})`))
    .join(", ");
  return `${words}${first.grantable ? " WITH GRANT OPTION" : ""} could not be given to ${first.role}`;
}
