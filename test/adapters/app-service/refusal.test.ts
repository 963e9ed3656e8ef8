import { describe, expect, test } from "@jest/globals";
import { isBusy, refusalOf, refused } from "../../../src/adapters/app-service/refusal.ts";

describe("refusals of App Service", () => {
  test("are read in both envelopes, and as bare text", () => {
    const wrapped = '{"error":{"code":"ResourceNotFound","message":"not there"}}';
    expect(refusalOf(404, wrapped)).toEqual({ status: 404, code: "ResourceNotFound", message: "not there" });
    const bare = '{"Code":"Conflict","Message":"busy","Target":null,"Details":[],"Innererror":null}';
    expect(refusalOf(409, bare)).toEqual({ status: 409, code: "Conflict", message: "busy" });
    expect(refusalOf(502, "Bad\ngateway\u001b[1m")).toMatchObject({ status: 502, code: "" });
    expect(refusalOf(502, "Bad\ngateway\u001b[1m").message).not.toMatch(/[\n\u001b]/);
    expect(refusalOf(400, '{"error":null}')).toEqual({ status: 400, code: "", message: "" });
    expect(refusalOf(400, "[]").message).toBe("");
  });

  test("of a front that does not let in are known by their header, or their page", () => {
    const page =
      "<title>Web App</title><p>The web app you have attempted to reach has blocked your access.</p>";
    const blocked = refused(refusalOf(403, page, "20.1.2.3"), "deploy to staging");
    expect([blocked.code, blocked.message]).toEqual([
      "slots.blocked",
      "App Service refused to deploy to staging: 403 Ip Forbidden access restrictions keep out 20.1.2.3",
    ]);
    expect(refused(refusalOf(403, page), "x").code).toBe("slots.blocked");
    expect(refused(refusalOf(403, '{"Code":"Forbidden","Message":"no role"}'), "x").code).toBe(
      "slots.denied",
    );
  });

  test("that come without a word are a conflict of deployments, and nothing else is", () => {
    expect(isBusy(refusalOf(409, ""))).toBe(true);
    expect(isBusy(refusalOf(409, '{"Code":"Conflict"}'))).toBe(false);
    expect(isBusy(refusalOf(400, ""))).toBe(false);
    expect(refused(refusalOf(409, ""), "x").message).toContain("409 it gives no reason; mostly another");
  });

  test.each([
    [409, "Cannot modify this site because another operation is in progress. Details: Id: 1", "slots.busy"],
    [409, "There is a deployment currently in progress. Please try again when it completes.", "slots.busy"],
    [
      409,
      "The 'Preparing zip package' operation conflicts with the pending 'Deploy'. Please retry later.",
      "slots.busy",
    ],
    [409, "slot cannot be changed because its settings have been prepared for swap", "slots.locked"],
    [409, "the site will exceed the number of slots allowed for the 'Standard' SKU", "slots.full"],
    [409, "No available instances to satisfy this request", "slots.refused"],
    [417, "the application initialization took too long", "slots.refused"],
    [401, "expired", "slots.denied"],
    [403, "does not have authorization", "slots.denied"],
    [404, "was not found", "slots.missing"],
    [503, "timed out", "slots.unreachable"],
  ])("%i %s is %s", (status, message, code) => {
    const refusal = refusalOf(status, JSON.stringify({ Code: "Conflict", Message: message }));
    const error = refused(refusal, "swap staging");
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
    expect(error.hint).toMatch(/\.$/);
    expect(isBusy(refusal)).toBe(code === "slots.busy");
  });
});
