import { HoldfastError, type ErrorCode } from "../../kernel/errors.ts";
import {
  again,
  BY_CODE,
  hostOf,
  meansTier,
  network,
  none,
  rights,
  tellable,
  TIER,
  type AzurePlace,
  type FailureFacts,
  type Hint,
} from "./azure-codes.ts";
import { Stalled } from "./deadline.ts";
import { LoginFailure } from "../../ports/login-failure.ts";
import { proxyFor, proxyWords } from "./proxy.ts";
import { StrangerAnswer } from "./stranger.ts";
import { transportCode, transportHint, transportWords } from "./transport-trouble.ts";

export type { AzurePlace } from "./azure-codes.ts";

/**
 * Turns anything the SDK throws into one of the port's errors. Absence is believed only when Azure itself
 * says so by its code: a bare 404 (a proxy, a captive portal) is `store.unreachable`. The SDK's error is not
 * kept as cause, because it holds the request with its signature; what is worth knowing of it is put into
 * a new one, by what kind of error it is.
 */
export function azureError(error: unknown, doing: string, place: AzurePlace): HoldfastError {
  if (error instanceof Stalled) return stalled(error, place);
  if (error instanceof HoldfastError) return error;
  const store = `azure://${place.account}/${place.container}`;
  if (error instanceof StrangerAnswer) {
    return new HoldfastError("store.unreachable", `${doing}: asked for ${store}, got ${error.message}`, {
      hint: error.hint,
    });
  }
  if (error instanceof LoginFailure) return loginError(error, doing, store);
  const facts = failureFacts(error);
  const [code, hint] = classify(error, facts);
  if (facts.status === undefined) {
    const env = place.env ?? {};
    const host = hostOf(place);
    const words = transportWords(error, host, env);
    return new HoldfastError(code, `${doing}: no answer from ${store} (${words})`, {
      hint: transportHint(error, host, env) ?? hint(place, facts),
      cause: new Error(`azure: ${transportCode(error) ?? nameOf(error)}`),
    });
  }
  const what = `HTTP ${facts.status}${facts.code === "" ? "" : ` ${facts.code}`}`;
  const unread = facts.status < 300 ? ", which cannot be read," : "";
  const words = tellable(facts.detail);
  const why = words === "" ? "" : `: ${words}`;
  return new HoldfastError(code, `${doing}: ${what}${unread} from ${store}${why}`, {
    hint: hint(place, facts),
    cause: new Error(`azure: ${what}${requestId(error)}`),
  });
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

function stalled(error: Stalled, place: AzurePlace): HoldfastError {
  const proxy = proxyFor(hostOf(place), place.env ?? {});
  if (proxy === undefined || error.hint?.includes(proxy.address) === true) return error;
  return new Stalled(error.code, error.message, {
    hint: `Check the network and ${proxyWords(proxy)} between here and Azure, then run again.`,
  });
}

function loginError(error: LoginFailure, doing: string, store: string): HoldfastError {
  const { kind, hint, message } = error;
  if (kind === "unreachable") {
    return new HoldfastError(
      "store.unreachable",
      `${doing}: the login for ${store} could not be asked for: ${message}`,
      { hint },
    );
  }
  const what = kind === "none" ? "no credential was found" : "the login was refused";
  return new HoldfastError("store.denied", `${doing}: ${what} for ${store}: ${message}`, { hint });
}

function classify(error: unknown, facts: FailureFacts): readonly [ErrorCode, Hint] {
  const { status, code } = facts;
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (meansTier(facts)) return TIER;
  if (
    status === undefined ||
    status < 300 ||
    status === 404 ||
    status === 408 ||
    status === 429 ||
    (status >= 500 && status !== 507)
  ) {
    return ["store.unreachable", status === undefined ? network : again];
  }
  if (status === 507) {
    return [
      "store.full",
      () => "The storage account's limit is reached; ask for a higher one or use another account.",
    ];
  }
  if (status === 412) return ["store.changed", none];
  // Azure says what it did not like; a role would not help.
  if (status === 400) {
    return ["store.denied", () => "Azure took the request for malformed: check the endpoint, key or SAS."];
  }
  return ["store.denied", rights];
}

/** Reads status, code and detail of an SDK error (`RestError`) without depending on its class. */
export function failureFacts(error: unknown): FailureFacts {
  const shape = (typeof error === "object" && error !== null ? error : {}) as {
    statusCode?: unknown;
    code?: unknown;
    details?: Record<string, unknown>;
    response?: { status?: unknown; headers?: { get?: (name: string) => string | undefined } };
  };
  const status = [shape.statusCode, shape.response?.status].find(
    (value) => typeof value === "number" && value > 0,
  ) as number | undefined;
  const { details } = shape;
  const codes = [shape.response?.headers?.get?.("x-ms-error-code"), details?.["errorCode"], shape.code];
  const code = codes.find((value) => typeof value === "string" && value !== "") as string | undefined;
  const textOf = (...names: string[]): string | undefined =>
    names.map((name) => details?.[name]).find((value): value is string => typeof value === "string");
  const header = textOf("headerName", "HeaderName");
  return {
    status,
    code: code ?? "",
    detail: textOf("authenticationErrorDetail", "AuthenticationErrorDetail") ?? "",
    ...(header === undefined ? {} : { header }),
  };
}

/** When a refusal was given, by the clock of whoever gave it; undefined where it does not say. */
export function dateOfAnswer(error: unknown): Date | undefined {
  const { response } = error as { response?: { headers?: { get?: (name: string) => string | undefined } } };
  const date = new Date(response?.headers?.get?.("date") ?? "");
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function requestId(error: unknown): string {
  const headers = (
    error as { response?: { headers?: { get?: (name: string) => string | undefined } } } | null
  )?.response?.headers;
  const id = headers?.get?.("x-ms-request-id");
  return id === undefined ? "" : `, request ${id}`;
}
