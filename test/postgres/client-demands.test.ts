import { expect, it } from "@jest/globals";
import { requireKnownDemands } from "../../src/postgres/client-demands.ts";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";

it.each([
  ["channel_binding=require", 13],
  ["require_auth=scram-sha-256", 16],
  ["ssl_min_protocol_version=TLSv1.3", 13],
  ["ssl_max_protocol_version=TLSv1.3", 13],
])("client programs that would pass over %s are refused, before %d", (query, major) => {
  const { demands = {} } = parseDatabaseUrl(`postgresql://u:p@h/d?${query}`, "database");
  const of = (version: number): void =>
    requireKnownDemands({ major: version, version: `${version}.1` }, demands);
  expect(() => of(major - 1)).toThrow(`${query.split("=")[0]}`);
  expect(() => of(major)).not.toThrow();
});
