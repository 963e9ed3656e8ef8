import { IN_SCOPE, notInExtension } from "../../scope.ts";
import { always, flag, sameMajor, type ObjectClass } from "./object-class.ts";
import { named, roleName } from "./names.ts";

const ofLibc = (sql: string): string => `CASE WHEN c.collprovider = 'c' THEN ${sql} END`;
/** Its column has had three names: collcollate, from 15 on colliculocale, from 17 on colllocale. */
const OTHER_LOCALE = `
  CASE WHEN c.collprovider <> 'c'
         THEN coalesce(to_jsonb(c.*) ->> 'colllocale', to_jsonb(c.*) ->> 'colliculocale', c.collcollate) END
`;

/** Collations of other encodings cannot be used here, and pg_dump leaves them out. */
const collation: ObjectClass = {
  kind: "collation",
  place: { catalog: "pg_collation", oid: "c.oid" },
  identity: named("n.nspname", "c.collname"),
  owner: roleName("c.collowner"),
  from: `
     FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
    WHERE c.collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()))
      AND ${IN_SCOPE}
      AND ${notInExtension("pg_collation", "c.oid")}
  `,
  fields: [
    always("provider", "c.collprovider", "`PROVIDER`"),
    flag("not-deterministic", "NOT c.collisdeterministic", "`DETERMINISTIC`"),
    always("lc-collate", ofLibc("c.collcollate"), "`LC_COLLATE` or `LOCALE` of libc"),
    always("lc-ctype", ofLibc("c.collctype"), "`LC_CTYPE` or `LOCALE` of libc"),
    // From 16 on the server spells ICU's locales its own way.
    sameMajor("locale", OTHER_LOCALE, "`LOCALE` of ICU and of the built-in provider"),
    sameMajor("rules", "c.collicurules", "`RULES`", { since: 16 }),
  ],
};

const conversion: ObjectClass = {
  kind: "conversion",
  place: { catalog: "pg_conversion", oid: "c.oid" },
  identity: named("n.nspname", "c.conname"),
  owner: roleName("c.conowner"),
  from: `
     FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace
    WHERE ${IN_SCOPE} AND ${notInExtension("pg_conversion", "c.oid")}
  `,
  fields: [
    always(
      "encodings",
      "pg_encoding_to_char(c.conforencoding) || ' ' || pg_encoding_to_char(c.contoencoding)",
      "`FOR … TO`",
    ),
    // Its arguments are other ones since 14.
    always("function", "c.conproc::oid::regproc", "`FROM`"),
    flag("default", "c.condefault", "`DEFAULT`"),
  ],
};

export const COLLATION_CLASSES: readonly ObjectClass[] = [collation, conversion];
