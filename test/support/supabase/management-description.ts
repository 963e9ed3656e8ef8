import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ApiDescription } from "../github/description.ts";

const FILE = "supabase-management.json";

/**
 * Supabase's public description of its Management API (Apache-2.0), which is no part of the repository:
 * `HOLDFAST_SPECS` names the folder that it is in, by default `../shared/specs`. Where it is in neither,
 * what is held against it is held against nothing, which the test says; in CI that is a failure.
 *
 * https://api.supabase.com/api/v1
 */
export function managementDescription(): ApiDescription | undefined {
  const beside = fileURLToPath(new URL("../../../../shared/specs", import.meta.url));
  const path = [process.env["HOLDFAST_SPECS"] ?? beside].map((folder) => join(folder, FILE)).find(existsSync);
  if (path !== undefined) return new ApiDescription(readFileSync(path, "utf8"));
  if ((process.env["CI"] ?? "") !== "") throw new Error(`${FILE} is needed in CI: set HOLDFAST_SPECS`);
  console.warn(`NOT HELD against Supabase's description: ${FILE} is not here (HOLDFAST_SPECS)`);
  return undefined;
}
