import type { DatabaseSession } from "../../../../ports/database.ts";
import type { ServerFacts } from "./object-class.ts";

/** Asks for what queries of objects depend on. */
export async function serverFacts(session: DatabaseSession): Promise<ServerFacts> {
  const [row] = await session.query<ServerFacts>(SERVER_FACTS);
  return row!;
}

/** Its one row are the facts. */
export const SERVER_FACTS = `
  SELECT current_setting('server_version_num')::int / 10000 AS major,
         pg_encoding_to_char(encoding) AS encoding, current_setting('is_superuser') = 'on' AS superuser
    FROM pg_database
   WHERE datname = current_database()
`;
