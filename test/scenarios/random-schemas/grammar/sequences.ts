import { at, plain, type World } from "../world.ts";
import { q } from "./names.ts";

const OPTIONS: readonly (readonly [options: string, moves: number])[] = [
  ["", 0],
  ["", 3],
  ["INCREMENT BY -7 MINVALUE -1000 MAXVALUE -1 START WITH -5", 2],
  ["AS smallint MINVALUE 5 MAXVALUE 9 START 7 CYCLE", 4],
  ["AS bigint START WITH 9007199254740993 CACHE 20", 1],
  ["AS integer INCREMENT BY 100 CACHE 5", 0],
  ["MINVALUE -10 START WITH 0 CYCLE", 1],
];

/** Sequences of all types and directions, some used, some owned by a column. */
export function sequences(world: World): void {
  const { chance, server } = world;
  const place = { schema: world.home(), name: world.name("q") };
  const [options, moves] = chance.pick(OPTIONS);
  const unlogged = server.major >= 15 && chance.maybe(0.15) ? "UNLOGGED " : "";
  world.run(`CREATE ${unlogged}SEQUENCE ${at(place)} ${options}`);
  if (moves > 0) {
    world.run(
      `SELECT ${Array.from({ length: moves }, () => `nextval(${literal(at(place))})`).join(", ")}`,
      "fill",
    );
  }
  const owner = chance.maybe(0.3)
    ? world.table(
        (table) => table.kind === "plain" && table.schema === place.schema && table.columns.length > 0,
      )
    : undefined;
  if (owner !== undefined) {
    world.run(`ALTER SEQUENCE ${at(place)} OWNED BY ${at(owner)}.${q(owner.columns[0]!.name)}`);
    world.lose(
      "sequence no longer owned",
      `ALTER SEQUENCE ${at(place)} OWNED BY NONE`,
      "sequence",
      plain(place),
    );
  } else world.thing("SEQUENCE", at(place), plain(place), "sequence");
  world.lose("sequence moved on", `SELECT nextval(${literal(at(place))})`, "sequence", plain(place));
  world.lose("sequence option changed", `ALTER SEQUENCE ${at(place)} CACHE 99`, "sequence", plain(place));
  world.lose("sequence dropped", `DROP SEQUENCE ${at(place)} CASCADE`, "sequence", plain(place));
}

function literal(name: string): string {
  return `E'${name.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
