import { notInExtension, WHOLE_DATABASE } from "../../scope.ts";
import { always, type ObjectClass } from "./object-class.ts";
import { functionName, roleName } from "./names.ts";
import { openOptions } from "./options.ts";

const server: ObjectClass = {
  kind: "foreign-server",
  place: { catalog: "pg_foreign_server", oid: "s.oid" },
  identity: "'server ' || quote_ident(s.srvname)",
  owner: roleName("s.srvowner"),
  from: `
    FROM pg_foreign_server s WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_foreign_server", "s.oid")}
  `,
  fields: [
    always(
      "wrapper",
      "(SELECT quote_ident(w.fdwname) FROM pg_foreign_data_wrapper w WHERE w.oid = s.srvfdw)",
      "`FOREIGN DATA WRAPPER`",
    ),
    always("type", "s.srvtype", "`TYPE`"),
    always("version", "s.srvversion", "`VERSION`"),
    always(
      "options",
      openOptions("s.srvoptions"),
      "`OPTIONS (…)`: names, and values of those that do not sound secret",
    ),
  ],
};

const wrapper: ObjectClass = {
  kind: "foreign-server",
  title: "foreign data wrapper",
  place: { catalog: "pg_foreign_data_wrapper", oid: "w.oid" },
  identity: "'wrapper ' || quote_ident(w.fdwname)",
  owner: roleName("w.fdwowner"),
  from: `
     FROM pg_foreign_data_wrapper w
    WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_foreign_data_wrapper", "w.oid")}
  `,
  fields: [
    always("handler", functionName("w.fdwhandler"), "`HANDLER`"),
    always("validator", functionName("w.fdwvalidator"), "`VALIDATOR`"),
    always(
      "options",
      openOptions("w.fdwoptions"),
      "`OPTIONS (…)`: names, and values of those that do not sound secret",
    ),
  ],
};

/**
 * Values that are no secrets. A digest of a password in a manifest that is not encrypted would let a reader
 * confirm a guess, and which options of which wrapper hold secrets cannot be known, so of all others only the
 * names are compared.
 */
const OPEN_OPTIONS = ["user", "username", "password_required", "sslcert", "sslkey"];
const MAPPING_OPTIONS = `
  (SELECT string_agg(CASE WHEN split_part(o, '=',
                                          1) IN (${OPEN_OPTIONS.map((name) => `'${name}'`).join(", ")})
                            THEN o
                          ELSE split_part(o, '=', 1) END,
                     ',' ORDER BY o COLLATE "C")
     FROM unnest(m.umoptions) AS o)
`;

/** The view pg_user_mappings shows options to whom these conditions let, and null to everybody else. */
const HIDDEN_MAPPING = `
  NOT ((SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
       OR m.umuser <> 0
          AND m.usename = current_user
          AND (pg_has_role(s.srvowner, 'USAGE') OR has_server_privilege(s.oid, 'USAGE'))
       OR m.umuser = 0 AND pg_has_role(s.srvowner, 'USAGE'))
`;

const userMapping: ObjectClass = {
  kind: "user-mapping",
  identity: `
    CASE WHEN m.umuser = 0 THEN 'public' ELSE quote_ident(m.usename) END || ' on ' || quote_ident(m.srvname)
  `,
  from: `
     FROM pg_user_mappings m JOIN pg_foreign_server s ON s.oid = m.srvid
    WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_foreign_server", "s.oid")}
  `,
  fields: [
    always("options", MAPPING_OPTIONS, "`OPTIONS (…)`: names, and values of those that are no secrets", {
      hidden: HIDDEN_MAPPING,
    }),
  ],
};

export const FOREIGN_DATA_CLASSES: readonly ObjectClass[] = [wrapper, server, userMapping];
