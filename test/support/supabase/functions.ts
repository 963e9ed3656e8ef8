import { grant } from "./rights.ts";
import { STORAGE_BODIES } from "./storage-functions.ts";
import type { Shape } from "./shape.ts";

/** What a function takes, gives and does. Only its name and the types of its arguments are the platform's. */
export interface Body {
  readonly takes?: string;
  readonly gives: string;
  readonly does: string;
  /** STABLE, a setting or the like. */
  readonly also?: string;
}

const CLAIMS = "nullif(current_setting('request.jwt.claims', true), '')::jsonb";

/** When the extension arrives, the roles of the API get rights on its schema. */
function openSchemaOf(extension: string, schema: string): Body {
  return {
    gives: "event_trigger",
    does: `
      BEGIN
        IF EXISTS (
          SELECT FROM pg_event_trigger_ddl_commands() c JOIN pg_extension e ON e.oid = c.objid
          WHERE c.classid = 'pg_extension'::regclass AND e.extname = '${extension}'
        ) THEN
          GRANT USAGE ON SCHEMA ${schema} TO postgres, anon, authenticated, service_role;
        END IF;
      END
    `,
  };
}

/** A server of the API listens, and reads the schema again. */
const NOTIFY: Body = { gives: "event_trigger", does: "BEGIN NOTIFY pgrst, 'reload schema'; END" };

const BODIES: Readonly<Record<string, Body>> = {
  ...STORAGE_BODIES,
  "auth.uid()": { gives: "uuid", also: "STABLE", does: `SELECT nullif(${CLAIMS} ->> 'sub', '')::uuid` },
  "auth.role()": { gives: "text", also: "STABLE", does: `SELECT ${CLAIMS} ->> 'role'` },
  "auth.email()": { gives: "text", also: "STABLE", does: `SELECT ${CLAIMS} ->> 'email'` },
  "auth.jwt()": { gives: "jsonb", also: "STABLE", does: `SELECT ${CLAIMS}` },
  "extensions.grant_pg_net_access()": openSchemaOf("pg_net", "net"),
  "extensions.grant_pg_cron_access()": openSchemaOf("pg_cron", "cron"),
  "extensions.grant_pg_graphql_access()": {
    gives: "event_trigger",
    does: `
      BEGIN
        IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE 'graphql.resolve(%')
          THEN
          GRANT USAGE ON SCHEMA graphql TO postgres, anon, authenticated, service_role;
        END IF;
      END
    `,
  },
  "extensions.set_graphql_placeholder()": {
    gives: "event_trigger",
    does: `
      BEGIN
        IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE object_identity = 'pg_graphql') THEN
          RAISE NOTICE 'graphql_public.graphql answers no more';
        END IF;
      END
    `,
  },
  "extensions.pgrst_ddl_watch()": NOTIFY,
  "extensions.pgrst_drop_watch()": NOTIFY,
  "graphql_public.graphql(text,text,jsonb,jsonb)": {
    takes: `"operationName" text DEFAULT NULL, query text DEFAULT NULL, variables jsonb DEFAULT NULL,
      extensions jsonb DEFAULT NULL`,
    gives: "jsonb",
    does: "BEGIN RETURN jsonb_build_object('errors', jsonb_build_array('pg_graphql is not enabled')); END",
  },
};

/** The platform's functions with their owners and rights. */
export function functionsSql(shape: Shape): string {
  return shape.functions
    .map(({ name, owner, language, securityDefiner, acl }) => {
      const body = BODIES[name];
      if (body === undefined) throw new Error(`no body was written for ${name}`);
      const bare = name.slice(0, name.indexOf("("));
      const security = securityDefiner ? "SECURITY DEFINER" : "";
      return [
        `CREATE FUNCTION ${bare}(${body.takes ?? ""}) RETURNS ${body.gives}`,
        `LANGUAGE ${language} ${body.also ?? ""} ${security} AS $body$${body.does}$body$;`,
        `ALTER FUNCTION ${name} OWNER TO ${owner};`,
        acl === null ? "" : grant(`FUNCTION ${name}`, owner, acl),
      ].join("\n");
    })
    .join("\n");
}

/** Made last, so that nothing of the set-up sets them off. */
export function eventTriggersSql(shape: Shape): string {
  return shape.eventTriggers
    .map(({ name, owner, event, tags, function: run }) => {
      const when = tags === null ? "" : ` WHEN TAG IN (${tags.map((tag) => `'${tag}'`).join(", ")})`;
      const made = `CREATE EVENT TRIGGER ${name} ON ${event}${when} EXECUTE FUNCTION ${run};`;
      return `${made} ALTER EVENT TRIGGER ${name} OWNER TO ${owner};`;
    })
    .join("\n");
}
