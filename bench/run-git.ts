import { seconds } from "./seconds.ts";

const WHO = ["user.name=bench", "user.email=bench@example.org", "commit.gpgsign=false", "gc.auto=0"];

/** Runs git in a folder of the benchmark, as nobody in particular. */
export async function runGit(folder: string, ...words: readonly string[]): Promise<void> {
  await seconds("git", [...WHO.flatMap((each) => ["-c", each]), ...words], { cwd: folder });
}
