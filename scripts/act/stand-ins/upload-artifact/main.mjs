import { cpSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";

const { ARTIFACTS, GITHUB_WORKSPACE, INPUT_NAME, INPUT_PATH } = process.env;

mkdirSync(join(ARTIFACTS, INPUT_NAME), { recursive: true });
cpSync(join(GITHUB_WORKSPACE, INPUT_PATH), join(ARTIFACTS, INPUT_NAME, basename(INPUT_PATH)));
