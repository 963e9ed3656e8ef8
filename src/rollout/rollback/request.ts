import type { Secret } from "../../kernel/secret.ts";
import type { Ports } from "../../ports/ports.ts";
import type { AppInputs, AppPorts } from "../app/request.ts";
import type { NotifyChoice } from "./notify-choice.ts";
import type { SchemaChoice } from "./schema-gate.ts";

/** Who, or what, says that production has to go back. */
export const TRIGGERS = ["manual", "health-check", "monitoring", "database-corruption"] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** The parsed inputs of `holdfast rollback`. */
export interface RollbackInputs extends AppInputs {
  readonly to: string;
  readonly trigger: Trigger;
  readonly reason: string;
  readonly package: string | undefined;
  readonly unit: string | undefined;
  readonly schema: SchemaChoice;
  readonly fromBackup: string | undefined;
  readonly project: string | undefined;
  readonly accessToken: Secret | undefined;
  readonly functionsKey: Secret | undefined;
  readonly functionsTo: string | undefined;
  readonly functionsFolder: string;
  readonly notify: NotifyChoice;
  /** At GitHub, whose issues people read. */
  readonly repository: string | undefined;
  readonly token: Secret | undefined;
}

export type RollbackPorts = AppPorts & Pick<Ports, "openFunctions" | "openNotifications" | "sourceHistory">;
