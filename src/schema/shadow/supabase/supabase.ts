import { AUTH } from "./auth.ts";
import { rightsSql, rolesSql } from "./roles.ts";
import { extensionsSql, SERVICES } from "./services.ts";
import { STORAGE } from "./storage.ts";

/**
 * SQL that gives an empty database what the migrations of a Supabase project find there: roles, schemas,
 * tables and functions by the names and types that its documents say, with bodies of our own that do no more
 * than is needed to refer to them. Not the services: nobody can sign in, and no message is sent.
 */
export function supabasePrelude(): string {
  return [rolesSql(), extensionsSql(), AUTH, STORAGE, SERVICES, rightsSql()].join("\n");
}
