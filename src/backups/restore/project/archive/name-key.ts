import { leadingNames } from "../../../../nouns/platform/identity.ts";

/**
 * A kind and dotted names, with blanks between them, as an entry of an archive has them:
 * `policy storage objects Own files`.
 */
export function nameKey(kind: string, identity: string): string {
  return `${kind} ${leadingNames(identity).join(" ")}`;
}
