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

  it("reads network errors as store.unreachable and names account, host, code and address", () => {
    for (const code of ["ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN"]) {
      const met = Object.assign(new Error(`connect ${code} 10.0.0.1:443`), { code });
      const error = azureError(met, "reading a", { ...PLACE, env: {} });
      expect([error.code, error.message]).toEqual([
        "store.unreachable",
        "reading a: no answer from azure://acct/backups (acct.blob.core.windows.net: connect " +
          `${code} 10.0.0.1:443)`,
      ]);
      expect(error.hint).toContain("'acct'");
    }
  });

  it("passes on what TLS says, and where authorities are named; of other errors the name alone", () => {
    for (const [code, message] of [
      ["CERT_HAS_EXPIRED", "certificate has expired"],
      ["SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate in certificate chain"],
      ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify the first certificate"],
      ["ERR_TLS_CERT_ALTNAME_INVALID", "Host: a. is not in the cert's altnames: DNS:proxy"],
    ] as const) {
      const error = azureError(Object.assign(new Error(message), { code }), "reading a", {
        ...PLACE,
        env: {},
      });
      expect(error.message).toContain(`${code}: ${message}`);
      expect(error.hint).toContain("NODE_EXTRA_CA_CERTS");
    }
    for (const code of [undefined, "REQUEST_SEND_ERROR"]) {
      const met = Object.assign(new TypeError("https://x?sig=TOPSECRET"), { code });
      expect(inspect(azureError(met, "reading a", { ...PLACE, env: {} }))).not.toContain("TOPSECRET");
    }
  });

  it("names a dead proxy by its address, without user and password, and how to go past it", () => {
    const met = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:3128"), { code: "ECONNREFUSED" });
    const env = { HTTPS_PROXY: "http://me:TOPSECRET@127.0.0.1:3128" };
    const error = azureError(met, "reading a", { ...PLACE, env });
    expect(error.message).toContain("by way of the proxy http://127.0.0.1:3128 (HTTPS_PROXY)");
    expect(error.hint).toContain("NO_PROXY=acct.blob.core.windows.net");
    expect(inspect(error, { depth: 9 })).not.toMatch(/TOPSECRET|me:/);
  });

  it("knows every way of saying that an account has no such access tier", () => {
    for (const error of [
      rest(400, "InvalidBlobTier"),
      rest(400, "BlobAccessTierNotSupportedForAccountType"),
      rest(400, "InvalidHeaderValue", { headerName: "x-ms-access-tier" }),
      rest(400, "UnsupportedHeader", { HeaderName: "x-ms-access-tier" }),
    ]) {
      const told = azureError(error, "writing a", PLACE);
      expect([told.code, told.hint]).toEqual(["input.conflict", expect.stringContaining("access tier")]);
    }
    expect(azureError(rest(400, "InvalidHeaderValue"), "writing a", PLACE).code).toBe("store.denied");
  });

  it("takes an answer of 200 that cannot be read for a fault on the way, not for a missing role", () => {
    const error = azureError(rest(200, undefined), "listing p/", PLACE);
    expect([error.code, error.hint]).toEqual(["store.unreachable", expect.not.stringContaining("role")]);
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

  it.each([
    "Request date header too old: 'Sun, 29 Nov 2026 10:00:00 GMT'",
    "Policy violated by no signed start time",
    "Issuer validation failed. Issuer did not match.",
  ])("passes on why Azure refused a login: %s", (authenticationErrorDetail) => {
    const error = azureError(
      rest(403, "AuthenticationFailed", { authenticationErrorDetail }),
      "reading",
      PLACE,
    );
    expect(error.message).toContain(authenticationErrorDetail);
    expect(error.hint?.includes("timedatectl")).toBe(authenticationErrorDetail.includes("date header"));
  });

  it.each([
    "The MAC signature found in the HTTP request 'abc=' is not the same as any computed signature. Server " +
      "used following string to sign: 'GET\n\nTOPSECRET'.",
    "Signature did not match. String to sign used was racwdl\nTOPSECRET",
    "Something with TOPSECRETTOPSECRETTOPSECRETTOPSECRETabc+/= in it",
  ])("keeps to itself what may hold a signature: %s", (authenticationErrorDetail) => {
    const error = azureError(
      rest(403, "AuthenticationFailed", { authenticationErrorDetail }),
      "reading",
      PLACE,
    );
    expect(inspect(error, { depth: 9 })).not.toMatch(/TOPSECRET|abc=/);
  });

  it("says of a container that is being deleted that it has to be waited for", () => {
    expect(azureError(rest(409, "ContainerBeingDeleted"), "reading a", PLACE)).toMatchObject({
      code: "store.missing",
      hint: expect.stringMatching(/Wait, and make it anew/),
    });
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
