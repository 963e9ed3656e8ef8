import type { Client } from "pg";
import type { DatabaseAddress, LoginMethod } from "../../ports/database.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { describeAddress } from "../../postgres/database-url.ts";

/**
 * Holds a server to what the URL demands of a login. The driver answers whatever it is asked, once it has the
 * password, and takes "you are in" without the server's proof: so every request is looked at before the
 * driver sees it, and the connection is cut where it is not one that the URL allows.
 *
 * What is asked for, in order: https://www.postgresql.org/docs/current/sasl-authentication.html
 */
export interface LoginGuard {
  /** @throws what the server did that the URL forbids, or that it proved nothing */
  check(): void;
}

/** What the driver knows about its connection but its types do not say. */
interface Connection {
  on(event: string, listener: (message: { readonly mechanisms?: readonly string[] }) => void): void;
  /** Another one after TLS has begun. */
  readonly stream: { destroy(error: Error): void };
}

const BOUND = "SCRAM-SHA-256-PLUS";

/** Must be called before the client connects, so that its listeners are the first. */
export function guardLogin(client: Client, address: DatabaseAddress): LoginGuard {
  const { channelBinding, requireAuth } = address.demands ?? {};
  const isBound = channelBinding === "require";
  if (!isBound && requireAuth === undefined) return { check: () => undefined };
  const { connection } = client as unknown as { readonly connection: Connection };
  let refusal: HoldfastError | undefined;
  let asked: "nothing" | "password" | "sasl" | "proven" = "nothing";
  // Never thrown: an error in a listener would end the process.
  const refuse = (error: HoldfastError): void => {
    refusal ??= error;
    connection.stream.destroy(refusal);
  };
  const request = (method: LoginMethod, mechanisms: readonly string[] = []): void => {
    if (requireAuth?.allowed.includes(method) === false) {
      refuse(forbidden(address, requireAuth.text, method));
    } else if (isBound && (asked !== "nothing" || !mechanisms.includes(BOUND))) {
      refuse(notBound(address, method));
    }
    asked = method === "scram-sha-256" ? "sasl" : "password";
  };
  connection.on("authenticationCleartextPassword", () => request("password"));
  connection.on("authenticationMD5Password", () => request("md5"));
  connection.on("authenticationSASL", ({ mechanisms }) => request("scram-sha-256", mechanisms));
  // The driver compares the server's proof with its own, and fails where they differ.
  connection.on("authenticationSASLFinal", () => {
    if (asked === "sasl") asked = "proven";
  });
  connection.on("authenticationOk", () => {
    if (asked === "nothing" && requireAuth?.allowed.includes("none") === false) {
      refuse(forbidden(address, requireAuth.text, "none"));
    } else if (asked === "sasl" || (isBound && asked !== "proven")) {
      refuse(notProven(address));
    }
  });
  return {
    check() {
      if (refusal !== undefined) throw refusal;
      if (isBound && asked !== "proven") throw notProven(address);
    },
  };
}

const ASKS: Readonly<Record<LoginMethod, string>> = {
  password: "asks for the password itself",
  md5: "asks for the password by MD5",
  gss: "asks for GSSAPI",
  sspi: "asks for SSPI",
  "scram-sha-256": "asks for SCRAM",
  oauth: "asks for OAuth",
  none: "asks for no password",
};

function forbidden(address: DatabaseAddress, text: string, method: LoginMethod): HoldfastError {
  return new HoldfastError(
    "database.denied",
    `${describeAddress(address)}: the server ${ASKS[method]}, which require_auth=${text} does not allow`,
    {
      hint:
        "The password was not sent. See that this is the server that you mean; then let its pg_hba.conf " +
        "ask as the database URL demands, or change require_auth.",
    },
  );
}

function notBound(address: DatabaseAddress, method: LoginMethod): HoldfastError {
  return new HoldfastError(
    "database.tls",
    `${describeAddress(address)}: the server ${ASKS[method]} without channel binding, which ` +
      "channel_binding=require demands",
    {
      hint:
        "The password was not sent. Poolers and servers whose passwords are kept as MD5 offer no channel " +
        "binding: use the server's direct address, or sslmode=verify-full instead of channel_binding.",
    },
  );
}

function notProven(address: DatabaseAddress): HoldfastError {
  return new HoldfastError(
    "database.tls",
    `${describeAddress(address)}: the server lets us in without having proved that it knows the password`,
    {
      hint:
        "Somebody may stand between here and the server. Where the server lets this user in without a " +
        "password, take channel_binding and require_auth out of the database URL.",
    },
  );
}
