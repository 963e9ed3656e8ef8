import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import pg from "pg";
import type { Receipt } from "../../../src/nouns/catalog/manifest.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { withExtensions } from "../../support/extensible-postgres.ts";
import { newestInstallation } from "../../support/postgres-binaries.ts";
import { startSupabase, type Project, type SupabaseServer } from "../../support/supabase/supabase.ts";
import { testPorts } from "../../support/test-ports.ts";
import { serverAccount, temporaryFolder } from "../../support/tools.ts";
import { expectRefusal, findings, output, said, Vault, type ValidateChoice } from "../../support/vault.ts";

/**
 * A project with extensions that no server here has and a secret in the vault: gaps that nobody can mend,
 * night for night. Who names them is told of nothing but what is new.
 */

let folder: string;
let supabase: SupabaseServer;
let project: Project;
let vault: Vault;

const EXTENSIONS = [
  {
    name: "pg_net",
    control: "default_version = '1.0'\nrelocatable = false\nschema = net\n",
    sql: `
      CREATE TABLE net.http_request_queue (id bigserial PRIMARY KEY, url text);
      CREATE FUNCTION net.http_get(url text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
    `,
  },
  {
    name: "tags",
    sql: `
      CREATE TYPE tag AS (a text);
      CREATE TABLE kept (id serial, what text);
      SELECT pg_catalog.pg_extension_config_dump('kept', '');
      SELECT pg_catalog.pg_extension_config_dump('kept_id_seq', '');
      CREATE FUNCTION tag_of(tag) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a';
    `,
  },
];

const PLATFORM = `
  CREATE SCHEMA vault; CREATE TABLE vault.secrets (secret text); INSERT INTO vault.secrets VALUES ('sealed');
  GRANT USAGE ON SCHEMA vault TO postgres; GRANT SELECT ON vault.secrets TO postgres;
  CREATE SCHEMA net;
  CREATE EXTENSION pg_net;
  GRANT USAGE ON SCHEMA net TO postgres;
  GRANT EXECUTE ON FUNCTION net.http_get TO anon;
  GRANT SELECT ON net.http_request_queue, net.http_request_queue_id_seq TO postgres;
  CREATE EXTENSION tags SCHEMA extensions;
  GRANT SELECT ON extensions.kept, extensions.kept_id_seq TO postgres;
  INSERT INTO extensions.kept (what) VALUES ('a')
`;

/** Tables with and without rows that need an extension, and what stands on them. */
const APPLICATION = `
  SET ROLE postgres;
  CREATE TABLE public.items (id serial PRIMARY KEY, tag extensions.tag, CHECK (extensions.tag_of(tag) <> ''));
  INSERT INTO public.items (tag) VALUES (row('x')); CREATE TABLE public.empty (id serial, tag extensions.tag);
  CREATE INDEX empty_tags ON public.empty (extensions.tag_of(tag));
  CREATE TABLE public.plain (a text, item int REFERENCES public.items);
  INSERT INTO public.plain VALUES ('whole', 1);
  CREATE VIEW public.over_items AS SELECT * FROM public.items;
  GRANT SELECT ON public.items, public.over_items TO anon;
  CREATE FUNCTION public.ask(extensions.tag) RETURNS text LANGUAGE sql AS 'SELECT 1::text';
  COMMENT ON TABLE public.items IS 'hi';
  ALTER TABLE public.items ENABLE ROW LEVEL SECURITY; CREATE POLICY all_of ON public.items USING (true);
  CREATE PUBLICATION told FOR TABLE public.items, public.plain
`;

const KNOWN = ["extension pg_net", "extension tags", "table vault.secrets"];
const ROWS = ["table public.items", "table extensions.kept"];
/**
 * What a publication holds is one digest: the table that is missing may hide another, so it is
 * named by itself.
 */
const PUBLICATION = "publication told";

beforeAll(async () => {
  folder = temporaryFolder("accepting", serverAccount());
  supabase = await startSupabase({ installation: withExtensions(folder, EXTENSIONS) });
  project = await supabase.project();
  for (const sql of [PLATFORM, APPLICATION]) await run(sql);
  vault = await Vault.make();
  expect(
    (await vault.backup(project.url, { source: "project" }, { binDir: supabase.cluster.facts.binDir })).exit,
  ).toBe(0);
});
afterAll(async () => {
  await vault[Symbol.asyncDispose]();
  await supabase[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function run(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: supabase.cluster.adminUrl(project.name) });
  client.on("error", () => undefined);
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** On a private server of programs that know none of the extensions. */
function validate(acceptGaps: readonly string[], choice: ValidateChoice = {}): Promise<Outcome> {
  return vault.validate(
    { source: "project", acceptGaps, ...choice },
    testPorts({ binDir: newestInstallation().binDir }),
  );
}

const receiptOf = (outcome: Outcome): Receipt =>
  JSON.parse(readFileSync(vault.path((outcome.outputs["receipts"] as string[])[0]!), "utf8")) as Receipt;
const titles = (outcome: Outcome): string[] => findings(outcome).map(({ about, name }) => `${about} ${name}`);

describe("gaps that nobody can mend", () => {
  it("count as long as nobody accepts them; what an extension takes along is a gap", async () => {
    const outcome = await validate([]);
    expect([
      outcome.exit,
      output(outcome, "verdict"),
      findings(outcome).filter(({ severity }) => severity === "difference"),
    ]).toEqual([3, "gaps", []]);
    expect(titles(outcome)).toEqual(
      expect.arrayContaining([
        ...KNOWN,
        ...ROWS,
        PUBLICATION,
        "sequence public.items_id_seq",
        "sequence extensions.kept_id_seq",
        "table public.empty",
      ]),
    );
    expect(receiptOf(outcome).format).not.toBe("holdfast.receipt/3");
    expect((await vault.list()).outputs).toMatchObject({
      "latest-verified": "",
      backups: [{ state: "unverified", acceptedGaps: [] }],
    });
  });

  it("take along what cannot be without an accepted extension, but for tables that held rows", async () => {
    const outcome = await validate(KNOWN);
    expect([outcome.exit, output(outcome, "verdict")]).toEqual([3, "gaps"]);
    expect(titles(outcome).sort()).toEqual([PUBLICATION, ...ROWS].sort());
    expect(said(outcome)).toContain(
      "table public.items needs tags, which is accepted as a gap; it held rows, so it is accepted only " +
        "by its own name",
    );
    expect(said(outcome)).toMatch(
      /^backup \S+ restored with gaps: table (?:public\.items|extensions\.kept) could not be proved/,
    );
  });

  it("are proved around, named by the report and the receipt, and the backup is verified", async () => {
    const outcome = await validate([...KNOWN, ...ROWS, PUBLICATION]);
    expect([outcome.exit, output(outcome, "verdict"), findings(outcome)]).toEqual([0, "proved", []]);
    expect(outcome.report.headline).toMatch(
      /^backup \S+ proved in .*, with \d+ accepted gaps: .*table vault\.secrets.* and more$/,
    );
    expect(said(outcome)).toContain("table | vault.secrets | holds 1 row encrypted with a key");
    const receipt = receiptOf(outcome);
    expect([receipt.format, receipt.verdict, receipt.findings]).toEqual(["holdfast.receipt/3", "proved", []]);
    const accepted = receipt.accepted!.map(({ about, name }) => `${about} ${name}`);
    expect(accepted).toEqual(
      expect.arrayContaining([...KNOWN, ...ROWS, "table public.empty", "view public.over_items"]),
    );
    expect(receipt.accepted!.every((gap) => Object.keys(gap).length === 4 && gap.severity === "gap")).toBe(
      true,
    );
    expect(outcome.outputs["backups"]).toMatchObject([{ accepted: receipt.accepted }]);
    const list = await vault.list();
    expect(list.outputs).toMatchObject({
      "latest-verified": receipt.backup,
      backups: [{ state: "verified", acceptedGaps: receipt.accepted }],
    });
    expect(said(list)).toMatch(new RegExp(`verified \\S+; ${receipt.accepted!.length} accepted gaps`));
  });

  it("are told where such a backup is chosen because it is verified", async () => {
    const ports = testPorts({ binDir: supabase.cluster.facts.binDir });
    const target = await supabase.project();
    const dry = await vault.restore(
      target.url,
      { source: "project", backup: "latest-verified", dryRun: true, allowGaps: true },
      ports,
    );
    expect([dry.exit, ports.lines.join("\n")]).toEqual([
      0,
      expect.stringMatching(
        /counts as verified because gaps were accepted for it: .* and \d+ more, named in its receipt/,
      ),
    ]);
  });

  it("that are mended are told as a note, and `*` accepts every extension's", async () => {
    const outcome = await validate([
      "extension *",
      "table vault.secrets",
      ...ROWS,
      PUBLICATION,
      "extension pg_graphql",
    ]);
    expect([outcome.exit, output(outcome, "verdict")]).toEqual([0, "proved"]);
    expect(said(outcome)).toContain(
      "no gap is 'extension pg_graphql', which is to be accepted: perhaps it is mended",
    );
    expect(said(outcome)).not.toContain("no gap is 'extension *'");
  });

  it("are accepted where nothing is restored too, and nothing is called mended there", async () => {
    const outcome = await validate([...KNOWN], { depth: "stored" });
    expect([
      outcome.exit,
      receiptOf(outcome).accepted?.map(({ name }) => name),
      said(outcome).includes("mended"),
    ]).toEqual([0, ["vault.secrets"], false]);
  });

  it("hide no new one", async () => {
    const outcome = await validate([...KNOWN.slice(0, 2), ...ROWS, PUBLICATION]);
    expect([outcome.exit, titles(outcome)]).toEqual([3, ["table vault.secrets"]]);
    expect(outcome.report.headline).toMatch(/with gaps: table vault\.secrets holds 1 row encrypted/);
  });

  it("hide no difference, and stand as what they are beside one", async () => {
    await using other = await Vault.make();
    await other.backup(project.url, { source: "project" }, { binDir: supabase.cluster.facts.binDir });
    const ports = testPorts({
      binDir: newestInstallation().binDir,
      tools: (real) => ({
        ...real,
        load: async (request) =>
          await real.load({
            ...request,
            ...(request.entries === undefined
              ? {}
              : {
                  entries: request.entries.filter(
                    ({ type, rest }) => type !== "TABLE DATA" || !rest.startsWith("public plain "),
                  ),
                }),
          }),
      }),
    });
    const outcome = await other.validate(
      { source: "project", acceptGaps: [...KNOWN, ...ROWS, PUBLICATION, "table public.plain"] },
      ports,
    );
    expect([outcome.exit, output(outcome, "verdict")]).toEqual([5, "failed"]);
    expect(output(outcome, "first-difference")).toMatch(/^table public\.plain holds 0 rows/);
    const receipt = JSON.parse(
      readFileSync(other.path((outcome.outputs["receipts"] as string[])[0]!), "utf8"),
    ) as Receipt;
    expect([receipt.format, receipt.accepted]).not.toContain("holdfast.receipt/3");
    expect(receipt.findings.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["vault.secrets", "pg_net"]),
    );
  });
});

describe("what may be written", () => {
  it.each<[string, RegExp, RegExp]>([
    [
      "pg_net",
      /accept-gaps has 'pg_net', which is not what a gap is about and its name/,
      /such as 'extension pg_net'/,
    ],
    ["extension pg_net, extension tags", /which is more than one name/, /one a line/],
    ["table *", /gaps about table are accepted by name only/, /name each/],
    ["pg_restore *", /gaps about pg_restore are accepted by name only/, /name each/],
    ["publication *", /gaps about publication are accepted by name only/, /name each/],
  ])("'%s' is refused before anything is asked", async (text, says, hint) => {
    await expectRefusal(validate([text]), { code: "input.malformed", exit: 2, says, hint });
  });
});
