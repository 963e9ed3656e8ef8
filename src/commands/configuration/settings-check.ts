import { defineCommand } from "../define.ts";

/** `holdfast settings check`: what is wrong with a settings file, and what counts. */
export const settingsCheck = defineCommand({
  name: "settings-check",
  wing: "configuration",
  summary: "Say what is wrong with the settings file, and every value that counts with its origin",
  description: `Reads \`.github/holdfast.yml\` as every other command does, and changes nothing. Also called \
\`holdfast settings check\`.

Everything that is wrong is told together, each with line and column: keys that are not known, bad values, \
a secret that is written out, and what names something
that is not there (a rule, a template, a required check that no job reports). Then it ends with 2.

Else it prints every value that counts, the defaults too, each with where it comes from: the file, with \
its line; a default; the environment, for a secret, of which the file has only \
the variable's name. What a secret holds is never printed. Without a settings file the \
defaults count, and it says so.`,
  branding: { icon: "sliders", color: "blue" },
  inputs: {
    settings: {
      type: "string",
      text:
        "The settings file. By default `.github/holdfast.yml` of the checkout, and then it need not be " +
        "there. Paths in it are meant from the folder above `.github`.",
      example: ".github/holdfast.yml",
    },
  },
  outputs: {
    verdict: "`valid`, `wrong`, or `none` where there is no settings file and the defaults count.",
    file: "The file that was read; null where there is none.",
    "file-from": "Whether that path was an `input` or the `default`.",
    problems: "What is wrong, as a JSON list: `key`, `line`, `column`, `message`.",
    settings:
      "Every value that counts, as a JSON list: `key`, `value`, `from` (`file`, `default` or " +
      "`environment`), `line`, `column`, and of a secret its `variable` and whether that `isSet`.",
    notes: "What else is worth knowing, as a JSON list.",
  },
  exits: { 0: "nothing is wrong, or there is no file", 2: "something is wrong with the settings" },
  examples: {
    cli: ["holdfast settings-check", "holdfast settings-check --settings .github/holdfast.yml --json"],
    workflow: `name: settings
on:
  pull_request:
    paths: [.github/**]
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: truststream/holdfast/actions/settings-check@v1
`,
  },
  async run(inputs, ports) {
    const [{ runSettingsCheck }, { SETTINGS_SECTIONS }] = await Promise.all([
      import("../../configuration/settings-check/run.ts"),
      import("./sections.ts"),
    ]);
    return runSettingsCheck(inputs, ports, SETTINGS_SECTIONS);
  },
});
