import type { PropertiesSource, PropertiesToDo } from "./bring-properties.ts";

/** What a plan decides from, and what it says. */
export interface PlannedProperties {
  /** Undefined where it could not be told from the archive. */
  readonly source: PropertiesSource | undefined;
  readonly toDo: PropertiesToDo | undefined;
}
