import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const { ARTIFACTS, GITHUB_WORKSPACE, INPUT_NAME, INPUT_PATH } = process.env;

const folder = resolve(GITHUB_WORKSPACE, INPUT_PATH);
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(join(ARTIFACTS, INPUT_NAME))) {
  copyFileSync(join(ARTIFACTS, INPUT_NAME, name), join(folder, name));
}
