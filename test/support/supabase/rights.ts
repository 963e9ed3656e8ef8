import type { DefaultPrivilegeShape, Rights } from "./shape.ts";

const WORDS: Readonly<Record<string, string>> = {
  a: "INSERT",
  r: "SELECT",
  w: "UPDATE",
  d: "DELETE",
  D: "TRUNCATE",
  x: "REFERENCES",
  t: "TRIGGER",
  m: "MAINTAIN",
  U: "USAGE",
  C: "CREATE",
  X: "EXECUTE",
};

const KINDS = { r: "TABLES", S: "SEQUENCES", f: "FUNCTIONS" } as const;

/**
 * Gives an object exactly these rights, in their order. A superuser's GRANT counts as the owner's, who is the
 * grantor of every right here.
 *
 * @param object with its kind, such as `TABLE auth.users`
 */
export function grant(object: string, owner: string, acl: Rights): string {
  const all = acl.flatMap((item) => grants(`ON ${object}`, owner, item));
  return [`REVOKE ALL ON ${object} FROM PUBLIC, ${owner};`, ...all].join("\n");
}

/** Sets what new objects of the grantor get. */
export function grantByDefault({ grantor, schema, objects, acl }: DefaultPrivilegeShape): string {
  const start = `ALTER DEFAULT PRIVILEGES FOR ROLE ${grantor} IN SCHEMA ${schema}`;
  const all = acl.flatMap((item) => grants(`ON ${KINDS[objects]}`, grantor, item));
  return all.map((one) => `${start} ${one}`).join("\n");
}

function grants(on: string, owner: string, item: string): string[] {
  const [, grantee = "", letters = "", grantor] = /^([^=]*)=([^/]*)\/(.*)$/.exec(item) ?? [];
  if (grantor !== owner) throw new Error(`${item} was not granted by the owner ${owner}`);
  const all = [...letters.matchAll(/(\w)(\*?)/g)];
  const to = grantee === "" ? "PUBLIC" : grantee;
  return ["", "*"].flatMap((star) => {
    const words = all.filter((each) => each[2] === star).map((each) => WORDS[each[1]!]!);
    const option = star === "" ? "" : " WITH GRANT OPTION";
    return words.length === 0 ? [] : [`GRANT ${words.join(", ")} ${on} TO ${to}${option};`];
  });
}
