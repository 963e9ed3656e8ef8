import type { InputSpec } from "../define.ts";

/** Inputs that mean the same in every command of this wing. */

export const migrationsFolder = {
  type: "string",
  default: "migrations",
  text: "The folder that holds the migrations.",
  example: "supabase/migrations",
} as const satisfies InputSpec;

export const migrationsDatabase = {
  type: "secret",
  required: true,
  text:
    "Connection URL of the database whose schema it is, as a role that may change it; " +
    "not through a pooler in transaction mode.",
  example: "postgresql://app@db.example.com:5432/app",
} as const satisfies InputSpec;
