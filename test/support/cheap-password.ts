import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/**
 * What `password '…'` takes instead of a password: how the server keeps it, made with
 * one iteration where the server itself would take 4096. Every log-in goes through
 * the same exchange, and costs neither side those milliseconds; there are tens of
 * thousands in a run. https://www.postgresql.org/docs/current/catalog-pg-authid.html,
 * https://datatracker.ietf.org/doc/html/rfc5802#section-3
 *
 * @param password of ASCII alone, which needs no normalising
 */
export function cheapPassword(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, 1, 32, "sha256");
  const key = (name: string): Buffer => createHmac("sha256", salted).update(name).digest();
  const stored = createHash("sha256").update(key("Client Key")).digest("base64");
  return `SCRAM-SHA-256$1:${salt.toString("base64")}$${stored}:${key("Server Key").toString("base64")}`;
}
