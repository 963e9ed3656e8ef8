import type { Json } from "../../kernel/outcome.ts";
import type { Refusal, SandboxAnswer } from "../router/part.ts";

/** A refusal of App Service: it goes out without a wrapper and in PascalCase, unlike what ARM itself says. */
export class SiteRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "SiteRefusal";
    this.status = status;
    this.code = code;
  }

  get answer(): SandboxAnswer {
    return { status: this.status, json: siteError(this.code, this.message) };
  }
}

/** `Microsoft.Web`'s own envelope (Azure/azure-cli#27474 shows one). */
export function siteError(code: string, message: string): Json {
  return {
    Code: code,
    Message: message,
    Target: null,
    Details: [
      { Message: message },
      { Code: code },
      {
        ErrorEntity: {
          Code: code,
          Message: message,
          ExtendedCode: null,
          MessageTemplate: null,
          Parameters: [],
        },
      },
    ],
    Innererror: null,
  };
}

/** The envelope of Azure Resource Manager itself. */
export function armError(status: number, code: string, message: string): SandboxAnswer {
  return { status, json: { error: { code, message } } };
}

/** https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found */
export function resourceNotFound(resource: string, group: string): SandboxAnswer {
  return armError(
    404,
    "ResourceNotFound",
    `The Resource 'Microsoft.Web/${resource}' under resource group '${group}' was not found. ` +
      "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
  );
}

/** What ARM answers before a resource provider is asked. */
export function armRefusal(refusal: Refusal): SandboxAnswer {
  const challenge = (error: string): Record<string, string> => ({
    "www-authenticate":
      'Bearer authorization_uri="https://login.microsoftonline.com/common", ' +
      `error="invalid_token", error_description="${error}"`,
  });
  switch (refusal.why) {
    case "no-token": {
      const words = "Authentication failed. The 'Authorization' header is missing.";
      return { ...armError(401, "AuthenticationFailed", words), headers: challenge("no token") };
    }
    case "expired-token": {
      const words = "The access token expiry UTC time is earlier than the current UTC time.";
      return { ...armError(401, "ExpiredAuthenticationToken", words), headers: challenge("expired") };
    }
    case "throttled":
      return {
        ...armError(
          429,
          "SubscriptionRequestsThrottled",
          "Number of requests for this subscription and principal has been exceeded. Please try again later.",
        ),
        headers: {
          "retry-after": String(refusal.retryAfterSeconds),
          "x-ms-ratelimit-remaining-subscription-writes": "0",
        },
      };
    case "unavailable":
      return {
        ...armError(503, "ServerTimeout", "The request timed out. Please try again later."),
        headers: { "retry-after": String(refusal.retryAfterSeconds) },
      };
  }
}

/** A slot as App Service names the resource: `sites/shop`, `sites/shop/slots/staging`. */
export function resourceOf(site: string, slot: string): string {
  return slot === PRODUCTION ? `sites/${site}` : `sites/${site}/slots/${slot}`;
}

/** The slot that a site is without a slot's name. */
export const PRODUCTION = "production";
