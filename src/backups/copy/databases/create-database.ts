import { isHoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier, quoteLiteral } from "../../../postgres/quoting.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";

/** The locale of a database as CREATE DATABASE takes it. */
type Locale = Pick<ContentRecord, "collate" | "ctype" | "database">;

/**
 * Creates an empty database with the encoding, locale provider and locale of a recorded one. Where the server
 * has no such locale (those of libc belong to its operating system, ICU may not be built in), the fallback's
 * is used: rows do not depend on it.
 *
 * @param fallback for example the locale of the database that will be replaced; default C
 * @returns what is otherwise than at the source, or undefined
 */
export async function createDatabaseLike(
  session: DatabaseSession,
  name: string,
  record: Pick<ContentRecord, "encoding" | "collate" | "ctype" | "database">,
  fallback: Pick<ContentRecord, "collate" | "ctype"> = { collate: "C", ctype: "C" },
): Promise<string | undefined> {
  const [row] = await session.query<{ major: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  );
  const create = async (locale: Locale): Promise<void> => {
    await session.query(`
      CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0 ENCODING ${quoteLiteral(record.encoding)}
        ${localeWords(locale, row!.major)}
    `);
  };
  // ICU and the built-in provider keep their order with any libc locale beside them.
  const attempts: Locale[] = [
    record,
    ...(record.database === undefined || record.database.provider === "libc"
      ? []
      : [{ ...fallback, database: record.database }]),
    fallback,
  ];
  for (const [index, locale] of attempts.entries()) {
    try {
      await create(locale);
      return index === 0
        ? undefined
        : `locale ${localeName(record)} does not exist on this server; ` +
            `${localeName(locale)} was used instead`;
    } catch (error) {
      if (!isHoldfastError(error, "database.query") || index === attempts.length - 1) throw error;
    }
  }
  return undefined;
}

/**
 * https://www.postgresql.org/docs/current/sql-createdatabase.html: providers since 15, ICU rules since 16,
 * the built-in one since 17.
 */
function localeWords({ collate, ctype, database }: Locale, major: number): string {
  const libc = `LC_COLLATE ${quoteLiteral(collate)} LC_CTYPE ${quoteLiteral(ctype)}`;
  if (major < 15) return libc;
  const provider = database?.provider ?? "libc";
  const locale = quoteLiteral(database?.locale ?? "");
  if (provider === "libc") return `LOCALE_PROVIDER libc ${libc}`;
  if (provider === "builtin") return `LOCALE_PROVIDER builtin BUILTIN_LOCALE ${locale} ${libc}`;
  const rules = database?.icuRules;
  return (
    `LOCALE_PROVIDER icu ICU_LOCALE ${locale} ` +
    `${rules === null || rules === undefined ? "" : `ICU_RULES ${quoteLiteral(rules)} `}${libc}`
  );
}

function localeName({ collate, database }: Locale): string {
  return database === undefined || database.provider === "libc"
    ? collate
    : `${database.locale ?? ""} (${database.provider}, with ${collate})`;
}
