import { grant } from "./rights.ts";
import { STORAGE_BODIES } from "./storage-functions.ts";
import type { Shape } from "./shape.ts";

/** What a function takes, gives and does. The words are ours; only names and argument types are the platform's. */
export interface Body {
  readonly takes?: string;
  readonly gives: string;
  readonly does: string;
  /** STABLE, a setting or the like. */
  readonly also?: string;
}

const CLAIMS = "nullif(current_setting('request.jwt.claims', true), '')::jsonb";

/** For tests of what an extension's arrival sets off: rights on its schema for the roles of the API. */
function openSchemaOf(extension: string, schema: string): Body {
  return {
    gives: "event_trigger",
    does: `
BEGIN
  IF EXISTS (
    SELECT FROM pg_event_trigger_ddl_commands() c JOIN pg_extension e ON e.oid = c.objid AND c.classid = 'pg_extension'::regclass
    WHERE e.extname = '${extension}'
  ) THEN
    GRANT USAGE ON SCHEMA ${schema} TO postgres, anon, authenticated, service_role;
  END IF;
END`,
  };
}

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
  IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE 'graphql.resolve(%') THEN
    GRANT USAGE ON SCHEMA graphql TO postgres, anon, authenticated, service_role;
  END IF;
END`,
  },
  "extensions.set_graphql_placeholder()": {
    gives: "event_trigger",
    does: `
BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE object_type = 'extension' AND object_name = 'pg_graphql') THEN
    RAISE NOTICE 'graphql_public.graphql answers no more';
  END IF;
END`,
  },
  // A server of the API listens, and reads the schema again.
  "extensions.pgrst_ddl_watch()": { gives: "event_trigger", does: "BEGIN NOTIFY pgrst, 'reload schema'; END" },
  "extensions.pgrst_drop_watch()": { gives: "event_trigger", does: "BEGIN NOTIFY pgrst, 'reload schema'; END" },
  "graphql_public.graphql(text,text,jsonb,jsonb)": {
    takes: `"operationName" text DEFAULT NULL, query text DEFAULT NULL, variables jsonb DEFAULT NULL, extensions jsonb DEFAULT NULL`,
    gives: "jsonb",
    does: "BEGIN RETURN jsonb_build_object('errors', jsonb_build_array('pg_graphql is not enabled')); END",
  },
};

/** The platform's functions with their owners and rights. */
export function functionsSql(shape: Shape): string {
  return shape.functions.map(({ name, owner, language, securityDefiner, acl }) => {
    const body = BODIES[name];
    if (body === undefined) throw new Error(`no body was written for ${name}`);
    const start = `CREATE FUNCTION ${name.replace(/\(.*/, "")}(${body.takes ?? ""}) RETURNS ${body.gives} LANGUAGE ${language}`;
    const also = `${body.also ?? ""}${securityDefiner ? " SECURITY DEFINER" : ""}`;
    const made = `${start} ${also} AS $body$${body.does}$body$; ALTER FUNCTION ${name} OWNER TO ${owner};`;
    return acl === null ? made : `${made}\n${grant(`FUNCTION ${name}`, owner, acl)}`;
  }).join("\n");
}

/** Made last, so that nothing of the set-up sets them off. */
export function eventTriggersSql(shape: Shape): string {
  return shape.eventTriggers.map(({ name, owner, event, tags, function: run }) => {
    const when = tags === null ? "" : ` WHEN TAG IN (${tags.map((tag) => `'${tag}'`).join(", ")})`;
    return `CREATE EVENT TRIGGER ${name} ON ${event}${when} EXECUTE FUNCTION ${run}; ALTER EVENT TRIGGER ${name} OWNER TO ${owner};`;
  }).join("\n");
}
