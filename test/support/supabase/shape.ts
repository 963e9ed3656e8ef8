import { readFileSync } from "node:fs";
import { join } from "node:path";
import { asOlder } from "./older.ts";

/** Rights as the catalog writes them, grantor and all: `anon=U/supabase_admin`. */
export type Rights = readonly string[];

/** A role with the words that differ from a plain CREATE ROLE, and its settings as `name=value`. */
export interface RoleShape {
  readonly name: string;
  readonly attributes: readonly string[];
  readonly settings: readonly string[];
}

export interface MembershipShape {
  readonly role: string;
  readonly member: string;
}

export interface SchemaShape {
  readonly name: string;
  readonly owner: string;
  readonly acl: Rights;
}

export interface ExtensionShape {
  readonly name: string;
  readonly schema: string;
  readonly owner: string;
}

/** An enum. */
export interface TypeShape {
  readonly name: string;
  readonly owner: string;
  readonly labels: readonly string[];
}

/** A table; a column is `name type`, with `not null` or `generated`, a trigger is `name function`. */
export interface TableShape {
  readonly name: string;
  readonly owner: string;
  readonly rls: boolean;
  readonly acl: Rights;
  readonly columns: readonly string[];
  readonly keys: readonly string[];
  readonly triggers: readonly string[];
}

/** A function by its signature; null rights are those that every new function has. */
export interface FunctionShape {
  readonly name: string;
  readonly owner: string;
  readonly language: string;
  readonly securityDefiner: boolean;
  readonly acl: Rights | null;
}

export interface EventTriggerShape {
  readonly name: string;
  readonly owner: string;
  readonly event: string;
  readonly tags: readonly string[] | null;
  readonly function: string;
}

/** Rights that new objects of a kind (`r`, `S`, `f`) get in a schema when `grantor` makes them. */
export interface DefaultPrivilegeShape {
  readonly grantor: string;
  readonly schema: string;
  readonly objects: "r" | "S" | "f";
  readonly acl: Rights;
}

/**
 * What a Supabase project's database consists of. Names are qualified, functions carry their argument types.
 */
export interface Shape {
  readonly roles: readonly RoleShape[];
  readonly memberships: readonly MembershipShape[];
  readonly schemas: readonly SchemaShape[];
  readonly extensions: readonly ExtensionShape[];
  readonly types: readonly TypeShape[];
  readonly tables: readonly TableShape[];
  readonly functions: readonly FunctionShape[];
  readonly eventTriggers: readonly EventTriggerShape[];
  readonly defaultPrivileges: readonly DefaultPrivilegeShape[];
}

/** The platform moves on under a project: `newer` has tables, columns and functions that `older` has not. */
export type Platform = "older" | "newer";

/** The shape of a platform's version on a major version of PostgreSQL. */
export function shapeOf(platform: Platform, major: number): Shape {
  const text = readFileSync(join(import.meta.dirname, "shape.json"), "utf8");
  const { about: _, ...facts } = JSON.parse(text) as Shape & { about: string };
  const shape = platform === "older" ? asOlder(facts) : facts;
  return major < 17 ? shape : withMaintain(shape);
}

/**
 * The facts are of PostgreSQL 15. From 17 on, whoever has TRIGGER, one of all rights on a table, has
 * MAINTAIN.
 */
function withMaintain(shape: Shape): Shape {
  const more = (acl: Rights): Rights => acl.map((item) => item.replace(/t(\*?)\//, "t$1m$1/"));
  return {
    ...shape,
    tables: shape.tables.map((table) => ({ ...table, acl: more(table.acl) })),
    defaultPrivileges: shape.defaultPrivileges.map((each) => ({ ...each, acl: more(each.acl) })),
  };
}
