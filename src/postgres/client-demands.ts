import { HoldfastError } from "../kernel/errors.ts";
import type { ConnectionDemands } from "./database-address.ts";

/**
 * A libpq that does not know a variable passes over it, and the demand with it, so that such programs are
 * refused: https://www.postgresql.org/docs/release/
 *
 * @param client the version of the programs
 * @throws tool.too-old
 */
export function requireKnownDemands(
  client: { readonly major: number; readonly version: string },
  { channelBinding, requireAuth, tlsMin, tlsMax }: ConnectionDemands,
): void {
  const since = (major: number, parameter: string): void => {
    if (client.major >= major) return;
    throw new HoldfastError(
      "tool.too-old",
      `the database URL demands ${parameter}, which the PostgreSQL client programs ${client.version} ` +
        "do not know",
      {
        hint:
          `Install the PostgreSQL client programs of version ${major} or newer, or take ${parameter} ` +
          "out of the database URL.",
      },
    );
  };
  if (channelBinding === "require") since(13, "channel_binding=require");
  if (requireAuth !== undefined) since(16, "require_auth");
  if (tlsMin === "TLSv1.3") since(13, "ssl_min_protocol_version");
  if (tlsMax !== undefined) since(13, "ssl_max_protocol_version");
}
