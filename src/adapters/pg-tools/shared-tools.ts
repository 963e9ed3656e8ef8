import type { DumpTools } from "../../ports/dump-tools.ts";
import type { RunningOptions } from "./dump-tools.ts";

/**
 * The same tools for the whole run, so that the machine is searched once, and nothing is loaded before they
 * are used; `forget` makes the next question search again, because what is installed changes while we run.
 */
export function sharedTools(options: RunningOptions): { tools(): Promise<DumpTools>; forget(): void } {
  let current: DumpTools | undefined;
  return {
    async tools() {
      const { postgresTools } = await import("./dump-tools.ts");
      const fresh = (): DumpTools => (current ??= postgresTools(options));
      return {
        installed: () => fresh().installed(),
        dump: (request) => fresh().dump(request),
        listContents: (tools, archive) => fresh().listContents(tools, archive),
        listDatabase: (archive) => fresh().listDatabase(archive),
        load: (request) => fresh().load(request),
        script: (request) => fresh().script(request),
      };
    },
    forget: () => (current = undefined),
  };
}
