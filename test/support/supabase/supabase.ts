/** A database server of the shape of a Supabase project's, in our own SQL, from facts in shape.json. */
export { startSupabase, SupabaseServer, type ProjectOptions, type SupabaseOptions } from "./server.ts";
export { Project, type Caller, type ProjectRole } from "./project.ts";
export {
  APPLICATION_PARTS,
  APPLICATION_SQL,
  COUNTS,
  installApplication,
  PERSON,
  type ApplicationPart,
} from "./application.ts";
export { REACHING_OUT } from "./reaching-out.ts";
export { expectProjectWorks } from "./expect-project-works.ts";
export { inOrder, readShape } from "./read-shape.ts";
export type { Platform, Shape } from "./shape.ts";
