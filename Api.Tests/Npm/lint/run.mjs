// Lints an OpenAPI document. Any finding is a failure, be it a warning.
//
//   node lint/run.mjs LINTER DOCUMENT
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [linter, document] = process.argv.slice(2);
const folder = dirname(fileURLToPath(import.meta.url));
const args = {
  redocly: ["lint", document, "--config", join(folder, "redocly.yaml"), "--format", "json"],
  spectral: ["lint", document, "--ruleset", join(folder, "spectral.yaml"), "--fail-severity", "hint"],
}[linter];
const output = execFileSync(join(folder, "../node_modules/.bin", linter), args, {
  encoding: "utf8",
  env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
});
if (linter === "redocly" && JSON.parse(output).problems.length > 0) {
  console.error(output);
  process.exit(1);
}
