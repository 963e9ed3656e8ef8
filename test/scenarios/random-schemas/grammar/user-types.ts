import { at, plain, type World } from "../world.ts";
import { q, text } from "./names.ts";
import { BUILT_IN_TYPES, type ColumnType } from "./types.ts";

type Maker = (world: World) => void;

function add(world: World, sql: string, values: readonly string[], traits: Partial<ColumnType>): void {
  world.types.push({
    sql,
    family: "other",
    values,
    sorts: true,
    hashes: true,
    collates: false,
    long: true,
    since: 12,
    ...traits,
    block: world.block,
  });
}

const enumeration: Maker = (world) => {
  const place = { schema: world.home(), name: world.name("e") };
  const labels = world.chance.some(
    ["a", "b", "it's", "with blank", "ü表", "line\nend", "", "Z", "NULL", "{,}"],
    world.chance.int(1, 6),
  );
  world.run(`CREATE TYPE ${at(place)} AS ENUM (${labels.map(text).join(", ")})`);
  add(
    world,
    at(place),
    labels.map((label) => `${text(label)}::${at(place)}`),
    { long: false },
  );
  world.thing("TYPE", at(place), plain(place), "type");
  world.lose("enum label added", `ALTER TYPE ${at(place)} ADD VALUE 'surplus'`, "type", plain(place));
  world.lose(
    "enum label renamed",
    `ALTER TYPE ${at(place)} RENAME VALUE ${text(labels[0]!)} TO 'renamed'`,
    ["type", "table"],
    plain(place),
  );
};

const domain: Maker = (world) => {
  const { chance } = world;
  const place = { schema: world.home(), name: world.name("d") };
  const constraint = world.name("dk");
  const base = chance.pick(
    BUILT_IN_TYPES.filter(
      (type) => type.since <= world.server.major && !type.sql.endsWith("[]") && type.values.length > 1,
    ),
  );
  const checks = [
    `CONSTRAINT ${q(constraint)} CHECK (VALUE IS NOT NULL OR VALUE IS NULL)`,
    ...(chance.maybe(0.3) ? [`DEFAULT ${chance.pick(base.values)}`] : []),
    ...(chance.maybe(0.3) && base.collates ? [`COLLATE pg_catalog."C"`] : []),
  ];
  world.run(`CREATE DOMAIN ${at(place)} AS ${base.sql} ${checks.reverse().join(" ")}`);
  add(
    world,
    at(place),
    base.values.map((value) => `(${value})::${at(place)}`),
    {
      family: base.family,
      sorts: base.sorts,
      hashes: base.hashes && base.family !== "range",
      long: base.long,
      collates: base.collates,
    },
  );
  world.thing("DOMAIN", at(place), plain(place), "type");
  world.lose(
    "domain constraint dropped",
    `ALTER DOMAIN ${at(place)} DROP CONSTRAINT ${q(constraint)}`,
    "constraint",
    `${plain(place)}.${constraint}`,
  );
  world.lose(
    "domain default changed",
    `ALTER DOMAIN ${at(place)} SET DEFAULT coalesce(${base.values[0]!}, NULL)`,
    "type",
    plain(place),
  );
};

const composite: Maker = (world) => {
  const { chance } = world;
  const place = { schema: world.home(), name: world.name("c") };
  const parts = [
    ...chance.some(
      BUILT_IN_TYPES.filter((type) => type.since <= world.server.major && type.sorts && type.hashes),
      2,
    ),
    ...(world.types.length > 0 && chance.maybe(0.4) ? [world.use(chance.pick(world.types))] : []),
  ];
  const names = parts.map(() => world.name("part"));
  world.run(`
    CREATE TYPE ${at(place)}
      AS (${parts.map((part, index) => `${q(names[index]!)} ${part.sql}`).join(", ")})
  `);
  const row = (pick: (values: readonly string[]) => string): string =>
    `ROW(${parts.map((part) => pick(part.values)).join(", ")})::${at(place)}`;
  add(world, at(place), [row((values) => values[0]!), row((values) => values.at(-1)!), row(() => "NULL")], {
    sorts: parts.every((part) => part.sorts),
    hashes: parts.every((part) => part.hashes),
  });
  world.thing("TYPE", at(place), plain(place), "type");
  world.lose(
    "attribute added",
    `ALTER TYPE ${at(place)} ADD ATTRIBUTE surplus integer`,
    "type",
    plain(place),
  );
};

const range: Maker = (world) => {
  const { chance, server } = world;
  const place = { schema: world.home(), name: world.name("r") };
  const [subtype, low, high] = chance.pick([
    ["double precision", "-1.5", "2.5"],
    ["text", "a", "b"],
    ["time", "01:00", "24:00"],
    ["inet", "10.0.0.1", "10.0.0.9"],
  ] as const);
  const collation = subtype === "text" ? chance.perhaps(', COLLATION = pg_catalog."C"') : "";
  const difference = subtype === "double precision" ? chance.perhaps(", SUBTYPE_DIFF = float8mi") : "";
  const several =
    server.major >= 14 && chance.maybe()
      ? `, MULTIRANGE_TYPE_NAME = ${at({ ...place, name: world.name("mr") })}`
      : "";
  world.run(`CREATE TYPE ${at(place)} AS RANGE (SUBTYPE = ${subtype}${collation}${difference}${several})`);
  add(
    world,
    at(place),
    ["empty", `[${low},${high})`, "(,)"].map((value) => `${text(value)}::${at(place)}`),
    { family: "range" },
  );
  world.thing("TYPE", at(place), plain(place), "type");
  world.lose("type renamed", `ALTER TYPE ${at(place)} RENAME TO renamed`, "type", plain(place));
};

/**
 * Enums, domains, composite types and ranges; later ones may hold earlier ones, and columns may be of
 * arrays of them.
 */
export function userTypes(world: World): void {
  world.chance.pick([enumeration, domain, composite, range])(world);
  const made = world.types.at(-1)!;
  const [first, last] = [made.values[0]!, made.values.at(-1)!];
  if (world.chance.maybe(0.4)) {
    add(world, `${made.sql}[]`, [`ARRAY[${first}, NULL, ${last}]::${made.sql}[]`, `'{}'::${made.sql}[]`], {
      sorts: made.sorts,
      hashes: made.hashes,
    });
  }
}
