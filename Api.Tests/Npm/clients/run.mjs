// Generates a client, compiles it together with its adapter, and lets it use a server.
//
//   node clients/run.mjs GENERATOR DOCUMENT SERVER
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild-wasm";

const [generator, document, server] = process.argv.slice(2);
const clients = dirname(fileURLToPath(import.meta.url));
const packages = dirname(clients);
const folder = join(clients, "generated", generator);

function run(program, args) {
  try {
    execFileSync(join(packages, "node_modules", ".bin", program), args, {
      cwd: packages,
      encoding: "utf8",
    });
  } catch (failure) {
    console.error(`${program} ${args.join(" ")}\n${failure.stdout}\n${failure.stderr}`);
    process.exit(1);
  }
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
switch (generator) {
  case "openapi-typescript":
    run("openapi-typescript", [document, "--output", join(folder, "schema.ts")]);
    break;
  case "hey-api":
    run("openapi-ts", ["--input", document, "--output", folder, "--client", "@hey-api/client-fetch"]);
    break;
  case "orval":
    const target = (client, options) => ({
      input: document,
      output: { target: join(folder, `${client}.ts`), client, mode: "single", ...options },
    });
    const config = {
      fetch: target("fetch"),
      // PointInTime.local has an offset.
      zod: target("zod", { override: { zod: { dateTimeOptions: { offset: true } } } }),
    };
    const file = join(folder, "orval.config.cjs");
    writeFileSync(file, `module.exports = ${JSON.stringify(config)};`);
    run("orval", ["--config", file]);
    break;
  case "swagger-typescript-api":
    run("swagger-typescript-api", ["generate", "--path", document, "--output", folder, "--name", "api.ts"]);
    break;
  default:
    throw new Error(generator);
}

const adapter = join(clients, `${generator}.ts`);
const program = join(folder, "program.mjs");
run("tsc", [
  "--noEmit",
  "--strict",
  "--noUncheckedIndexedAccess",
  "--skipLibCheck",
  "--target",
  "es2022",
  "--module",
  "esnext",
  "--moduleResolution",
  "bundler",
  "--types",
  "node",
  adapter,
]);
await build({
  entryPoints: [adapter],
  outfile: program,
  bundle: true,
  platform: "node",
  format: "esm",
  logLevel: "warning",
});
execFileSync(process.execPath, [program, server], { stdio: "inherit" });
