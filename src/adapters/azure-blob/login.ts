import type { PipelinePolicy } from "@azure/core-rest-pipeline";
import { isHoldfastError } from "../../kernel/errors.ts";
import { orAbort } from "../../kernel/or-abort.ts";
import { LoginFailure } from "../../ports/login-failure.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { TokenSource } from "./token-source.ts";
import { proxyFor } from "./proxy.ts";
import { isAzures, StrangerAnswer } from "./stranger.ts";
import { transportWords } from "./transport-trouble.ts";

const TOKEN_MS = 60_000;
const WORDS_MAX = 500;
const NETWORK = "Check the network and proxy between here and the identity service, then run again.";
const SIGN_IN =
  "Log in first: azure/login with OIDC in Actions (permission id-token: write), 'az login' elsewhere; or " +
  "give a connection string or SAS.";

/**
 * Entra ID's error → what helps; of others its own words are all there is.
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
const BY_AADSTS: readonly (readonly [codes: readonly string[], hint: string])[] = [
  [
    ["70021", "700211", "700212", "700213", "7002138"],
    "Give the app registration a federated credential with exactly this issuer, subject and " +
      "audience: a job in an environment has another subject than one on a branch.",
  ],
  [
    ["700024", "700082", "50173", "70043"],
    "This login has run out. In Actions set AZURE_CLIENT_ID and AZURE_TENANT_ID for the step, so that each " +
      "access token is bought with a fresh one; elsewhere log in again.",
  ],
  [
    ["7000215", "7000222"],
    "Make a new client secret and give its value (not its id), or use OIDC, which needs none.",
  ],
  [["700016", "90002", "900023", "50034"], "Check AZURE_CLIENT_ID and AZURE_TENANT_ID."],
];
/** Entra ID was busy or down: nothing was said of the login. */
const PASSING = new Set(["90033", "90006", "90055", "900382", "50196"]);

/** What the requests of a login met; the library's own errors leave it out. */
export class LoginWatch {
  #met: { readonly host: string; readonly error: unknown } | undefined;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  get met(): { readonly host: string; readonly error: unknown } | undefined {
    return this.#met;
  }

  clear(): void {
    this.#met = undefined;
  }

  /** For `additionalPolicies` of any of the library's credentials. */
  get policies(): { policy: PipelinePolicy; position: "perRetry" }[] {
    const policy: PipelinePolicy = {
      name: "holdfastLoginWatch",
      sendRequest: async (request, next) => {
        const host = new URL(request.url).hostname;
        // Whether a machine has a managed identity is found out by asking an address that mostly nobody has.
        if (host.startsWith("169.254.")) return await next(request);
        try {
          const response = await next(request);
          const isTheirs = isAzures([...response.headers] as [string, string][]);
          this.#met = isTheirs ? undefined : { host, error: this.#stranger(host, response) };
          return response;
        } catch (error) {
          this.#met = { host, error };
          throw error;
        }
      },
    };
    return [{ policy, position: "perRetry" }];
  }

  #stranger(host: string, response: Awaited<ReturnType<PipelinePolicy["sendRequest"]>>): StrangerAnswer {
    return new StrangerAnswer({
      status: response.status,
      host,
      proxy: proxyFor(host, this.#env),
      header: (name) => response.headers.get(name),
      page: response.bodyAsText?.slice(0, 4096) ?? "",
    });
  }

  /** `login.example: connect ECONNREFUSED`; undefined where all that was asked was answered. */
  words(): string | undefined {
    if (this.#met === undefined) return undefined;
    const { host, error } = this.#met;
    if (error instanceof StrangerAnswer) return `${host}: ${error.message}`;
    return transportWords(error, host, this.#env);
  }
}

/** The source with an end to its waiting, and with its failures told as {@link LoginFailure}. */
export function plainSpoken(
  source: TokenSource,
  watch = new LoginWatch({}),
  tokenMs = TOKEN_MS,
): TokenSource {
  return {
    async getToken(scopes, options) {
      watch.clear();
      const late = AbortSignal.timeout(tokenMs);
      const outer = (options as { abortSignal?: unknown } | undefined)?.abortSignal;
      const signal = outer instanceof AbortSignal ? AbortSignal.any([outer, late]) : late;
      try {
        // Not every login hears the signal: some wait for a program.
        return await orAbort(signal, source.getToken(scopes, { ...options, abortSignal: signal }));
      } catch (error) {
        if (outer instanceof AbortSignal && outer.aborted) throw error;
        if (isHoldfastError(error) || error instanceof LoginFailure) throw error;
        if (late.aborted) {
          const seconds = Math.round(tokenMs / 1000);
          throw new LoginFailure(
            "unreachable",
            `no token within ${seconds} s${after(watch.words())}`,
            NETWORK,
          );
        }
        throw loginFailure(error, watch);
      }
    },
  };
}

function after(words: string | undefined): string {
  return words === undefined ? "" : `: ${words}`;
}

function loginFailure(error: unknown, watch: LoginWatch): LoginFailure {
  const text = error instanceof Error ? error.message : String(error);
  const aadsts = /AADSTS(\d+):[^]*/.exec(text);
  if (aadsts !== null) {
    const [words, code = ""] = aadsts;
    const kind = PASSING.has(code) ? "unreachable" : "refused";
    const hint = BY_AADSTS.find(([codes]) => codes.includes(code))?.[1];
    return new LoginFailure(
      kind,
      tidy(words),
      hint ?? (kind === "unreachable" ? NETWORK : "The words are Entra ID's; they say what has to change."),
    );
  }
  const met = watch.met;
  if (met?.error instanceof StrangerAnswer) {
    return new LoginFailure("unreachable", watch.words() ?? "", met.error.hint);
  }
  if (met !== undefined) {
    return new LoginFailure("unreachable", `no answer from ${watch.words() ?? met.host}`, NETWORK);
  }
  const name = error instanceof Error ? error.name : "";
  if (/network_error|endpoints_resolution|openid_config|timed? ?out|ENOTFOUND|ECONN/i.test(text)) {
    return new LoginFailure("unreachable", tidy(text), NETWORK);
  }
  const isNone = /^(?:CredentialUnavailable|AggregateAuthentication|AuthenticationRequired)/.test(name);
  return new LoginFailure(isNone ? "none" : "refused", tidy(text), SIGN_IN);
}

/** One line, without what comes after the reason, and without anything of the shape of a token. */
function tidy(words: string): string {
  return printableLine(words)
    .replace(/(?:Trace ID|Correlation ID|Timestamp):.*$/i, "")
    .replace(/\b[\w-]{8,}\.[\w-]{20,}\.[\w-]{8,}\b/g, "…")
    .replace(/\b(?:client_assertion|client_secret|sig)=[^\s&'"]+/gi, "…")
    .slice(0, WORDS_MAX)
    .trim();
}
