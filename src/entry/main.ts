/**
 * What the bundle exports: the command line and the actions. Everything heavy is loaded by the commands
 * that need it.
 */
export { runAction, type ActionPhase } from "./action/action.ts";
export { runCli } from "./cli/cli.ts";
