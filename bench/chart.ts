import { formatBytes } from "../src/kernel/bytes.ts";
import { middle, type Results } from "./results.ts";

const WIDTH = 800;
const LEFT = 230;
const BAR = 22;
const ROW = 40;
const TOP = 64;
/** Room for the words behind the longest bar. */
const RIGHT = 225;

/**
 * docs/benchmark.svg: one bar a contestant, shortest time first. Colours follow the reader's light or dark
 * preference; the paper is drawn too, because the page behind may be of the other kind.
 */
export function chart(results: Results): string {
  const bars = results.backup
    .map((one) => ({
      id: one.id,
      name: one.name,
      wall: middle(one, (run) => run.wall),
      stored: middle(one, (run) => run.stored),
    }))
    .sort((a, b) => a.wall - b.wall);
  const longest = Math.max(...bars.map((bar) => bar.wall));
  const floor = bars.find((bar) => bar.id === "floor")?.wall;
  const height = TOP + bars.length * ROW + 34;
  const scale = (WIDTH - LEFT - RIGHT) / longest;
  const rows = bars.map((bar, index) => {
    const y = TOP + index * ROW;
    const words = [
      `${bar.wall.toFixed(1)} s`,
      floor === undefined || bar.id === "floor" ? "" : `${(bar.wall / floor).toFixed(1)}× the floor`,
      bar.stored === 0 ? "" : formatBytes(Math.round(bar.stored)),
    ];
    const look = bar.id.startsWith("holdfast") ? "own" : bar.id === "floor" ? "floor" : "other";
    const width = Math.max(1, bar.wall * scale);
    const said = escape(words.filter((word) => word !== "").join(" · "));
    return `  <text class="name" x="${LEFT - 12}" y="${y + 16}" text-anchor="end">${escape(bar.name)}</text>
  <rect class="${look}" x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="3"/>
  <text class="value" x="${(LEFT + bar.wall * scale + 8).toFixed(1)}" y="${y + 16}">${said}</text>`;
  });
  const { database, machine, rounds } = results;
  const size = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`;
  const head = `Backing up ${database.megabytes} MB of rows: time, shorter is better`;
  const how = `medians of ${rounds} interleaved runs, ${machine.cpus} CPUs, emulated Azure store`;
  const foot = "pg_dump -Fc to a file is neither encrypted nor uploaded; the floor keeps nothing.";
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title">
  <title id="title">Time of a backup of ${database.megabytes} MB, by contestant</title>
  <style>
    .paper { fill: #ffffff; }
    text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f; }
    .head { font-size: 16px; font-weight: 600; }
    .value, .note { fill: #57606a; }
    .own { fill: #1a7f64; } .other { fill: #8c959f; } .floor { fill: #d0d7de; }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #0d1117; }
      text { fill: #e6edf3; }
      .value, .note { fill: #9da7b3; }
      .own { fill: #3fb68b; } .other { fill: #6e7681; } .floor { fill: #3d444d; }
    }
  </style>
  <rect class="paper" width="${WIDTH}" height="${height}" rx="6"/>
  <text class="head" x="16" y="28">${head}</text>
  <text class="note" x="16" y="48">${how}; bytes are what is kept</text>
${rows.join("\n")}
  <text class="note" x="16" y="${height - 14}">${foot}</text>
</svg>
`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
