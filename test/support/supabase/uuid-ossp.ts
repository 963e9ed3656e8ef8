import { cpSync, existsSync, globSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { installationAt, type Installation } from "../postgres-binaries.ts";

/** The functions of the extension `uuid-ossp`, and what each does here: gives some UUID. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  "uuid_nil()": "'00000000-0000-0000-0000-000000000000'::uuid",
  "uuid_ns_dns()": "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid",
  "uuid_ns_url()": "'6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid",
  "uuid_ns_oid()": "'6ba7b812-9dad-11d1-80b4-00c04fd430c8'::uuid",
  "uuid_ns_x500()": "'6ba7b814-9dad-11d1-80b4-00c04fd430c8'::uuid",
  "uuid_generate_v1()": "gen_random_uuid()",
  "uuid_generate_v1mc()": "gen_random_uuid()",
  "uuid_generate_v3(namespace uuid, name text)": "md5(namespace || name)::uuid",
  "uuid_generate_v4()": "gen_random_uuid()",
  "uuid_generate_v5(namespace uuid, name text)": "md5(namespace || name)::uuid",
};

/**
 * An installation that has `uuid-ossp`, which every project has: the same, or where it was built without, a
 * copy with an extension of that name and the same functions.
 *
 * @param folder where a copy is put
 */
export function withUuidOssp(installation: Installation, folder: string): Installation {
  const home = dirname(installation.binDir);
  // Distributions keep what is shared elsewhere, and build everything.
  const [control] = globSync(join(home, "share/**/extension/plpgsql.control"));
  const isBuilt = control === undefined || existsSync(join(dirname(control), "uuid-ossp.control"));
  if (isBuilt) return installation;
  cpSync(home, join(folder, "postgresql"), { recursive: true, verbatimSymlinks: true });
  const extensions = join(folder, "postgresql", dirname(control).slice(home.length));
  const facts = "default_version = '1.1'\nrelocatable = true\ntrusted = true\n";
  const script = Object.entries(FUNCTIONS).map(([name, value]) => {
    return `CREATE FUNCTION ${name} RETURNS uuid LANGUAGE sql RETURN ${value};\n`;
  });
  writeFileSync(join(extensions, "uuid-ossp.control"), facts);
  writeFileSync(join(extensions, "uuid-ossp--1.1.sql"), script.join(""));
  return installationAt(join(folder, "postgresql/bin"));
}
