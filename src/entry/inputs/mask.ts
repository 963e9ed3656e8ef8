import type { InputSpecs } from "../../commands/define.ts";
import type { Given } from "./given.ts";
import type { Environment } from "./environment.ts";
import { TOKEN_VARIABLES } from "./forge-access.ts";
import { SUPABASE_VARIABLES } from "./functions-access.ts";
import { CREDENTIAL_VARIABLES } from "./store-credentials.ts";

/**
 * The parts of a secret that would give it away on their own: the password in a connection URL, the key in
 * an Azure connection string, the signature in a SAS token, each line of a file of identities. Libraries and
 * servers quote parts, not the whole.
 */
export function secretParts(secret: string): readonly string[] {
  const parts = new Set<string>();
  const add = (text: string | undefined): void => {
    const value = text?.trim() ?? "";
    if (value !== "") parts.add(value);
  };
  add(secret);
  for (const line of secret.split(/\r?\n/)) if (!line.startsWith("#")) add(line);
  // A password that is the user's or database's own name (postgres:postgres@…/postgres) cannot be hidden
  // without hiding those everywhere.
  const [, user, password, database] = /:\/\/([^:/@\s]*):(.*)@[^/?]*\/?([^?]*)/s.exec(secret) ?? [];
  if (password !== user && password !== database) {
    add(password);
    if (password !== undefined) add(decoded(password));
  }
  for (const [, value] of secret.matchAll(/(?:^|[?&\s])(?:password|sig)=([^&\s;]+)/gi)) {
    add(value);
    add(decoded(value ?? ""));
  }
  for (const [, value] of secret.matchAll(/(?:AccountKey|SharedAccessSignature)=([^;\s]+)/gi)) {
    add(value);
    const signature = /(?:^|&)sig=([^&]+)/.exec(value ?? "")?.[1];
    add(signature);
    add(decoded(signature ?? ""));
  }
  return [...parts];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign: the text is used as it stands, which is already covered.
    return text;
  }
}

/** Removes what looks like a credential from text that a person typed into an input that is no secret. */
export function hideCredentials(text: string): string {
  return text
    .replace(/:\/\/.*@/s, "://***@")
    .replace(/AGE-SECRET-KEY-[0-9A-Z-]+/gi, "***")
    .replace(/\b(AccountKey|SharedAccessSignature|password|sig)=[^;&\s]+/gi, "$1=***");
}

/**
 * Every text that must not be shown: the secret inputs and the environment's own credentials, each with its
 * telling parts.
 */
export function secretsOf(
  specs: InputSpecs,
  given: ReadonlyMap<string, Given>,
  env: Environment,
): readonly string[] {
  const inputs = Object.entries(specs)
    .filter(([, spec]) => spec.type === "secret")
    .flatMap(([name]) => given.get(name)?.texts ?? []);
  const inherited = [...CREDENTIAL_VARIABLES, ...TOKEN_VARIABLES, ...SUPABASE_VARIABLES].map(
    (name) => env[name] ?? "",
  );
  return [...inputs, ...inherited].filter((text) => text !== "" && text !== "?").flatMap(secretParts);
}
