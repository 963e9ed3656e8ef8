import { inspect } from "node:util";
import { describe, expect, it } from "@jest/globals";
import { azureError } from "../../../src/adapters/azure-blob/azure-errors.ts";

const PLACE = { account: "acct", container: "backups" };

/** An error shaped as the SDK's RestError. */
function rest(status: number | undefined, code: string | undefined, details: object = {}): Error {
  const headers = new Map(code === undefined ? [] : [["x-ms-error-code", code]]);
  return Object.assign(new Error("secret=abc"), {
    statusCode: status,
    details,
    request: { url: "https://x?sig=TOPSECRET" },
    response: { status, headers },
  });
}

describe("azureError", () => {
  it.each([
    [404, "BlobNotFound", "store.not-found"],
    [404, "ContainerNotFound", "store.missing"],
    [404, undefined, "store.unreachable"],
    [409, "BlobAlreadyExists", "store.exists"],
    [403, "UnauthorizedBlobOverwrite", "store.exists"],
    [412, "ConditionNotMet", "store.changed"],
    [412, undefined, "store.changed"],
    [400, "InvalidBlockList", "store.changed"],
    [409, "BlobArchived", "store.archived"],
    [409, "BlobBeingRehydrated", "store.archived"],
    [409, "BlobImmutableDueToPolicy", "store.denied"],
    [409, "LeaseAlreadyPresent", "store.denied"],
    [403, "AuthenticationFailed", "store.denied"],
    [403, "AuthorizationFailure", "store.denied"],
    [403, "AuthorizationPermissionMismatch", "store.denied"],
    [403, "KeyBasedAuthenticationNotPermitted", "store.denied"],
    [401, "InvalidAuthenticationInfo", "store.denied"],
    [401, undefined, "store.denied"],
    [400, "Md5Mismatch", "store.unreachable"],
    [408, undefined, "store.unreachable"],
    [429, undefined, "store.unreachable"],
    [500, "InternalError", "store.unreachable"],
    [502, undefined, "store.unreachable"],
    [503, "ServerBusy", "store.unreachable"],
    [507, undefined, "store.full"],
    [undefined, undefined, "store.unreachable"],
  ] as const)("reads HTTP %s %s as %s", (status, code, expected) => {
    expect(azureError(rest(status, code), "reading a", PLACE).code).toBe(expected);
  });

  it("reads network errors as store.unreachable and names the account", () => {
    for (const code of ["ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN"]) {
      const error = azureError(Object.assign(new Error(code), { code }), "reading a", PLACE);
      expect([error.code, error.message]).toEqual([
        "store.unreachable",
        `reading a: no answer ${code} from azure://acct/backups`,
      ]);
      expect(error.hint).toContain("'acct'");
    }
  });

  it("reads a login that cannot be made as store.denied and says how to log in", () => {
    for (const name of [
      "CredentialUnavailableError",
      "AuthenticationError",
      "AggregateAuthenticationError",
    ]) {
      const error = azureError(Object.assign(new Error("no"), { name }), "listing the store", PLACE);
      expect(error.code).toBe("store.denied");
      expect(error.hint).toContain("azure/login");
      expect(error.message).toBe(
        "listing the store: " +
          `no ${name === "AuthenticationError" ? "answer from" : "credential was found for"} ` +
          "azure://acct/backups",
      );
    }
  });

  it("names the expiry of a SAS, from Azure's answer or else from the SAS itself", () => {
    const detail = {
      authenticationErrorDetail:
        "Signature not valid in the specified time frame: Start [Sun] - Expiry [Mon, 02 Nov 2026 10:00:00 " +
        "GMT] - Current [x]",
    };
    expect(azureError(rest(403, "AuthenticationFailed", detail), "reading a", PLACE).hint).toContain(
      "Mon, 02 Nov 2026 10:00:00 GMT",
    );
    expect(
      azureError(rest(403, "AuthenticationFailed"), "reading a", { ...PLACE, sasExpiry: "2026-11-02" }).hint,
    ).toContain("2026-11-02");
  });

  it("tells the command that makes a missing container", () => {
    expect(azureError(rest(404, "ContainerNotFound"), "reading a", PLACE).hint).toContain(
      "az storage container create --account-name acct --name backups",
    );
  });

  it("keeps nothing of the request, which holds the signature", () => {
    expect(
      inspect(azureError(rest(403, "AuthenticationFailed"), "reading a", PLACE), { depth: 9 }),
    ).not.toMatch(/TOPSECRET|secret=abc/);
  });
});
