import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { SOURCE_NAME } from "../../src/nouns/catalog/manifest.ts";
import {
  describeAddress,
  effectiveSslMode,
  knownTransactionPooler,
  parseDatabaseUrl,
  sourceNameOf,
} from "../../src/postgres/database-url.ts";
import { HoldfastError } from "../../src/kernel/errors.ts";

const parse = (url: string) => parseDatabaseUrl(url, "--database");

function refusal(url: string): HoldfastError {
  try {
    parse(url);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error(`${url} was accepted`);
}

describe("a database URL", () => {
  it("is read with every part percent-decoded", () => {
    const address = parse(
      "postgresql://us%40er:p%3Aw%2F%23@db.example.org:6000/" +
        "my%20db?sslmode=verify-full&sslrootcert=%2Fca.pem&options=-c%20geqo%3Doff",
    );
    expect(address).toMatchObject({
      user: "us@er",
      host: "db.example.org",
      port: 6000,
      database: "my db",
      sslMode: "verify-full",
      sslRootCert: "/ca.pem",
      options: "-c geqo=off",
    });
    expect(address.password?.reveal()).toBe("p:w/#");
    expect(JSON.stringify(address)).not.toContain("p:w");
  });

  it.each([
    ["postgres://u@h/d", { host: "h", port: 5432, sslMode: "require", password: undefined }],
    ["postgresql://u:@h/d", { password: undefined }],
    ["postgresql://u@localhost/d", { sslMode: "prefer" }],
    ["postgresql://u@127.0.0.1:5433/d", { sslMode: "prefer", port: 5433 }],
    ["postgresql://u@[::1]:5433/d", { host: "::1", sslMode: "prefer", port: 5433 }],
    ["postgresql://u@[2001:db8::1]/d", { host: "2001:db8::1", sslMode: "require" }],
    ["postgresql://u@[fe80::1%25eth0]:5433/d", { host: "fe80::1%eth0", port: 5433 }],
    ["postgresql://u@[fe80::1%eth0]/d", { host: "fe80::1%eth0" }],
    [
      "postgresql://u@/d?host=/var/run/postgresql&port=5544",
      { host: "/var/run/postgresql", port: 5544, sslMode: "disable" },
    ],
    ["postgresql://u@%2Fvar%2Frun/d", { host: "/var/run", sslMode: "disable" }],
    ["postgresql://h/d?user=a%40b", { user: "a@b", host: "h" }],
    ["postgresql://h/d?user=a@b", { user: "a@b", host: "h" }],
    ["postgresql://u@h?dbname=d", { database: "d" }],
    ["postgresql://u@h/d?sslmode=allow", { sslMode: "prefer" }],
    ["postgresql://u@h/d?ssl=true&application_name=x&application_name=y", { sslMode: "require" }],
    ["postgresql://u@h/d?sslmode=verify-full&ssl=true", { sslMode: "verify-full" }],
    ["postgresql://u@h/d?ssl=true&sslmode=verify-full", { sslMode: "verify-full" }],
  ])("%s means what libpq means by it", (url, parts) => {
    expect(parse(url)).toMatchObject(parts);
  });

  it.each([
    ["mysql://u:geheim@h/d", "does not start with postgresql://"],
    ["u:geheim@h/d", "does not start with postgresql://"],
    ["postgresql://u:geheim@h1,h2/d", "several hosts"],
    ["postgresql://u:geheim@/d?host=h1,h2", "several hosts"],
    ["postgresql://:geheim@h/d", "no user"],
    ["postgresql://u:geheim@/d", "no host"],
    ["postgresql://u:geheim@h/", "no database"],
    ["postgresql://u:geheim@h", "no database"],
    ["postgresql://u:geheim@h:port/d", "port"],
    ["postgresql://u:geheim@h:0/d", "port"],
    ["postgresql://u:geheim@h:65536/d", "port"],
    ["postgresql://u:geheim%zz@h/d", "%"],
    ["postgresql://u:geheim@h/d?sslmode=no-verify", "sslmode 'no-verify' is none of"],
    ["postgresql://u@h/d?sslmode=geheim", "sslmode is none of"],
    ["postgresql://u:geheim@h/d?sslmode=constructor", "sslmode is none of"],
    ["postgresql://u:geheim\n@h/d", "a line break"],
    ["postgresql://u:p@\ngeheim/d", "a line break"],
    ["postgresql://u:p@h/d?host=geheim%0A", "no host's name has"],
    ["postgresql://[postgres.ref@h](mailto:geheim@h):6543/postgres", "no host's name has"],
    ["postgresql://u:[YOUR-PASSWORD]@h/d", "what is to be replaced by it"],
    ["postgresql://u:{your_password}@h/d", "what is to be replaced by it"],
    ["'postgresql://u:geheim@h/d'", "does not start"],
    ["DATABASE_URL=postgresql://u:geheim@h/d", "does not start"],
    ["postgresql://u:Se?geheim=9@h/d", "an @ stands behind its ?"],
    ["postgresql://u:1/x?sslmode=geheim@h/d", "an @ stands behind its ?"],
    ["postgresql://u:1/x?user=geheim@h/d", "an @ stands behind its ?"],
    ["postgresql://u:1/x?x=1&geheim#@h/d", "an @ stands behind its ?"],
    ["postgresql://u:p@h/d?geheim=1", "parameter 1 after the ? is not known"],
    ["postgresql://u:p@h/d?sslmode=require&shemageheim=1", "parameter 2 after the ? is not known"],
    ["postgresql://u:p@h/d?geheim", "parameter 1 after the ? has no value"],
    ["postgresql://u:p@h/d?geheim=%zz", "parameter 1 after the ? holds a %"],
    ["postgresql://u:geheim@h/d?ssl=true&sslmode=disable", "contradict each other"],
    ["postgresql://u:geheim@h/d?sslmode=prefer&ssl=true", "contradict each other"],
    ["postgresql://u:geheim@h/d?pgbouncer=true", "'pgbouncer' is not known"],
    ["postgresql://u:geheim@h/d?sslmode", "no value"],
    ["postgresql://u:geheim@h/d?sslmode=disable&sslmode=require", "twice"],
    ["postgresql://u:geheim@[::1/d", "closing ]"],
    ["postgresql://u:geheim@h/d%00", "NUL"],
    ["", "does not start"],
  ])("%s is refused", (url, reason) => {
    const error = refusal(url);
    expect(error.code).toBe("input.malformed");
    expect(error.message).toContain("--database");
    expect(error.message).toContain(reason);
    expect(`${error.message} ${error.hint}`).not.toContain("geheim");
  });

  it("never shows its password in an error, wherever special characters break it", () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(
            "S",
            "3",
            "c",
            "r",
            "t",
            "!",
            "@",
            ":",
            "/",
            "?",
            "#",
            "%",
            "&",
            "=",
            "[",
            "]",
          ),
          minLength: 8,
          maxLength: 30,
        }),
        (password) => {
          try {
            parse(`postgresql://user:${password}@host/db`);
          } catch (error) {
            expect(error).toBeInstanceOf(HoldfastError);
            const piece = /[S3cr3t!]{4,}/.exec(password)?.[0];
            if (piece !== undefined) {
              expect(`${(error as HoldfastError).message} ${(error as HoldfastError).hint}`).not.toContain(
                piece,
              );
            }
          }
        },
      ),
    );
  });

  it("takes all that follows the first ? for parameters, whatever the first one is called", () => {
    const parameter = fc.string({
      unit: fc.constantFrom(...Array.from("aZ9-_.[]%;+?/=&$é ")),
      maxLength: 12,
    });
    fc.assert(
      fc.property(parameter, (first) => {
        const url = `postgresql://u:p@h/d?${first}&sslmode=verify-full&channel_binding=require`;
        try {
          const { database, sslMode, demands } = parse(url);
          expect([database, sslMode, demands?.channelBinding]).toEqual(["d", "verify-full", "require"]);
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError);
        }
      }),
    );
    for (const first of ["x-migrations-table=t", "a.b=", "foo[]=1", "%73slmode=disable", "9=1"]) {
      expect(refusal(`postgresql://u:p@h/d?${first}&sslmode=verify-full`).code).toBe("input.malformed");
    }
  });

  // As they stand in public reports of tools that showed them, cut them or took them for hosts.
  it.each([
    "passChar?or#21",
    "otS33+tb/e4=",
    "oRAND44@W)£+$\\$r{5F?#x:$A\\y^9\\;&pzIS1&b_k",
    "kk/Q>`78N5$JJJJ",
    "Superp@$$W0rd01",
    "]Srs\\|^[P-{tNhoDy5E4t.*G",
    "1kgABjxw/K6lg/jsjztzsK0FD8dVgUDxwo03ovjGinc=",
    "123qwe?",
    "hello#pass#world",
  ])("takes the password '%s' as it is", (password) => {
    const { host, database, password: taken } = parse(`postgresql://u:${password}@h.test/d?sslmode=require`);
    expect([host, database, taken?.reveal()]).toEqual(["h.test", "d", password]);
  });

  it("is read back the same for any user, password and database once they are encoded", () => {
    const text = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
      .filter((value) => !value.includes("\0"));
    fc.assert(
      fc.property(text, text, text, (user, password, database) => {
        const address = parse(
          `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}` +
            `@host/${encodeURIComponent(database)}`,
        );
        expect([address.user, address.password?.reveal(), address.database]).toEqual([
          user,
          password,
          database,
        ]);
      }),
    );
  });
});

describe("an address", () => {
  it("is described without user and password", () => {
    expect(describeAddress(parse("postgresql://u:p@h:1/d"))).toBe("h:1/d");
    expect(describeAddress(parse("postgresql://u:p@[::1]:1/d"))).toBe("[::1]:1/d");
    expect(describeAddress(parse("postgresql://u@/d?host=/cloudsql/p:r:i"))).toBe("/cloudsql/p:r:i:5432/d");
  });

  it("gives the source its name", () => {
    expect(sourceNameOf(parse("postgresql://u@h/Shop%20Größe"))).toBe("shop-große".replace("ß", "-"));
    expect(sourceNameOf(parse("postgresql://u@db.abcdefghijklmnop.supabase.co/postgres"))).toBe(
      "abcdefghijklmnop-postgres",
    );
    expect(
      sourceNameOf(parse("postgresql://postgres.abcdefgh@aws-0-eu-central-1.pooler.supabase.com/postgres")),
    ).toBe("abcdefgh-postgres");
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 100 }).filter((name) => !name.includes("\0")),
        (name) => {
          expect(sourceNameOf({ ...parse("postgresql://u@h/d"), database: name })).toMatch(SOURCE_NAME);
        },
      ),
    );
  });

  it.each([
    [
      "postgresql://u.ref@aws-0-eu-central-1.pooler.supabase.com:6543/postgres",
      "aws-0-eu-central-1.pooler.supabase.com:5432",
    ],
    ["postgresql://u@db.abc.supabase.co:6543/postgres", "db.abc.supabase.co:5432"],
    ["postgresql://u@shop.postgres.database.azure.com:6432/shop", "shop.postgres.database.azure.com:5432"],
  ])("of a known transaction pooler names what to use instead: %s", (url, instead) => {
    expect(knownTransactionPooler(parse(url))?.useInstead).toBe(instead);
    expect(knownTransactionPooler(parse(url))?.why).toMatch(/^port \d+ of .* is its /);
    expect(knownTransactionPooler(parse(url.replace(/:6\d+/, ":5432")))).toBeUndefined();
  });

  it("demands TLS as libpq would", () => {
    const mode = (url: string) => effectiveSslMode(parse(url));
    expect(mode("postgresql://u@h/d?sslmode=require&sslrootcert=/ca.pem")).toBe("verify-ca");
    expect(mode("postgresql://u@h/d?sslmode=require&sslrootcert=system")).toBe("verify-full");
    expect(mode("postgresql://u@h/d?sslmode=verify-ca")).toBe("verify-full");
    expect(mode("postgresql://u@h/d?sslmode=verify-ca&sslrootcert=/ca.pem")).toBe("verify-ca");
    expect(mode("postgresql://u@/d?host=/run&sslmode=require")).toBe("disable");
  });
});
