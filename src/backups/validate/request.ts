import { HoldfastError } from "../../kernel/errors.ts";
import { parseDatabaseUrl } from "../../postgres/database-url.ts";
import type { Secret } from "../../kernel/secret.ts";
import { Catalog } from "../../nouns/catalog/catalog.ts";
import type { CatalogTier, Depth } from "../../nouns/catalog/manifest.ts";
import { parseSelection, type Selection } from "../../nouns/catalog/selection.ts";
import type { Database } from "../../ports/database.ts";
import type { ValidatePorts } from "./ports.ts";
import { parseIdentities } from "../../nouns/seal/age.ts";
import { parseAcceptedName, type AcceptedName } from "./accepted.ts";

/** The parsed inputs of `holdfast validate`; durations in milliseconds. */
export interface ValidateInputs {
  readonly store: string;
  readonly storeSecret: Secret | undefined;
  readonly backup: string;
  readonly since: number | undefined;
  readonly source: string | undefined;
  readonly tier: CatalogTier | undefined;
  readonly depth: Depth | undefined;
  readonly scratch: Secret | undefined;
  readonly identity: Secret | undefined;
  readonly jobs: number;
  readonly acceptGaps: readonly string[];
  readonly installClient: boolean;
  readonly dryRun: boolean;
}

/** What is to be validated and how; checked, not yet asked. */
export interface ValidateRequest {
  readonly catalog: Catalog;
  readonly selection: Selection;
  readonly source: string | undefined;
  readonly tier: CatalogTier | undefined;
  /** `undefined`: as deep as this machine can go. */
  readonly depth: Depth | undefined;
  readonly scratch: Database | undefined;
  readonly identities: readonly string[];
  readonly jobs: number;
  /** Gaps that do not count. */
  readonly acceptGaps: readonly AcceptedName[];
  readonly installClient: boolean;
}

export async function parseValidateRequest(
  inputs: ValidateInputs,
  ports: ValidatePorts,
): Promise<ValidateRequest> {
  const identities = inputs.identity ? await parseIdentities(inputs.identity.reveal()) : [];
  const acceptGaps = inputs.acceptGaps.map(parseAcceptedName);
  if (inputs.scratch && inputs.depth !== undefined && inputs.depth !== "restored") {
    throw new HoldfastError("input.conflict", `a scratch server is given, and depth is ${inputs.depth}`, {
      hint: "Leave --scratch out, or use --depth restored.",
    });
  }
  const selection: Selection =
    inputs.since === undefined
      ? parseSelection(inputs.backup, ["id", "latest", "latest-per-tier", "latest-verified", "day"])
      : { by: "since", since: new Date(ports.clock.now().getTime() - inputs.since) };
  return {
    catalog: new Catalog(await ports.openStore(inputs.store, inputs.storeSecret)),
    selection,
    source: inputs.source,
    tier: inputs.tier,
    depth: inputs.depth,
    scratch:
      inputs.scratch && (await ports.openDatabase(parseDatabaseUrl(inputs.scratch.reveal(), "scratch"))),
    identities,
    jobs: inputs.jobs,
    acceptGaps,
    installClient: inputs.installClient,
  };
}
