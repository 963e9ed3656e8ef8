import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Holdfast } from "./holdfast.ts";
import { BrokenPromise, expectExit } from "./promise.ts";
import type { World } from "./world.ts";

const STEPS = 3;

/** What is merged already, and what a pull request brings. */
const MERGED = {
  "202611010900_orders.sql": `
    CREATE TABLE orders ( id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer text NOT NULL,
      total numeric(10, 2) NOT NULL DEFAULT 0 );
  `,
  "202611010900_orders_rollback.sql": "DROP TABLE orders;\n",
};
const FORWARD = "202611270900_cents.sql";
const ROLLBACK = "202611270900_cents_rollback.sql";
const CENTS = `
  ALTER TABLE orders ALTER COLUMN total DROP DEFAULT;
  ALTER TABLE orders ALTER COLUMN total TYPE bigint USING (total * 100)::bigint;
`;
const WITHOUT_DEFAULT = "ALTER TABLE orders ALTER COLUMN total TYPE numeric(10, 2) USING total / 100;\n";
const WITHOUT_CENTS = `${WITHOUT_DEFAULT}ALTER TABLE orders ALTER COLUMN total SET DEFAULT 0;\n`;
const SOUND = WITHOUT_CENTS.replace("total / 100", "total / 100.0");
const CHECK = ["migrate-check", "--migrations", "migrations", "--all"];

/** What one pair came to, as `--json` tells it. */
interface Pair {
  readonly file: string;
  readonly verdict: string;
  readonly differences: readonly { readonly object: string; readonly message: string }[];
}

/** Tells how rollbacks that would not have worked are found before they are merged. */
export async function tellMigrations(world: World): Promise<void> {
  const { narrator, folder, cancelled, onHoldfast } = world;
  narrator.chapter("A migration that can be undone", STEPS);
  const holdfast = new Holdfast({}, folder, cancelled);
  onHoldfast(holdfast);
  const migrations = join(folder, "migrations");
  mkdirSync(migrations, { recursive: true });
  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(migrations, name), text);
  };
  write({ ...MERGED, [FORWARD]: CENTS, [ROLLBACK]: WITHOUT_DEFAULT });
  narrator.step(
    "A pull request",
    "Money becomes whole cents. The rollback runs without an error, and is wrong all the same.",
  );
  narrator.say(`-- ${FORWARD}\n${CENTS}\n-- ${ROLLBACK}\n${WITHOUT_DEFAULT}`);
  await expectVerdict(world, holdfast, 3, "differs");
  narrator.took("try two pairs of migrations");
  narrator.bad("the default is not put back: no server and no review had said so");
  write({ [ROLLBACK]: WITHOUT_CENTS });
  narrator.step(
    "Mended, it seems",
    "The default is put back. Now the schema is what it was; but is what was in the column?",
  );
  await expectVerdict(world, holdfast, 3, "loses-data");
  narrator.bad(
    "a whole number divided by 100 has no cents: the rows that were put into the table came back as others",
  );
  write({ [ROLLBACK]: SOUND });
  narrator.step("Mended", "The rollback divides by 100.0.");
  await expectVerdict(world, holdfast, 0, "proved");
  narrator.good(
    "proved: forward, back and forward again end as they should, and rows that were there are there",
  );
  narrator.say("");
}

async function expectVerdict(
  { narrator }: World,
  holdfast: Holdfast,
  exit: number,
  verdict: string,
): Promise<void> {
  narrator.command(`holdfast ${CHECK.join(" ")}`);
  const { outputs } = expectExit(await holdfast.run(CHECK), exit, `the check of a rollback that ${verdict}`);
  const pair = (outputs["pairs"] as readonly Pair[]).find(({ file }) => file === FORWARD);
  const isNamed =
    verdict === "proved" ||
    pair?.differences.some(({ object }) => object === "column public.orders.total") === true;
  if (pair?.verdict === verdict && isNamed) return;
  throw new BrokenPromise(
    `the pair should be ${verdict}, with its column named, and the answer is ${JSON.stringify(pair)}`,
  );
}
