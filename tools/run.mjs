// Runs the repository's programs and checks: `node tools/run.mjs start | cluster | busy | chaos | test | features | check |
// bench [arguments]`.
//
// Works with any Node.js from 18 on and needs no dependency: it installs the dependencies when they are missing
// or out of date, then hands over to the Node.js that they pin.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const modules = join(root, "node_modules");
const stamp = join(modules, ".installed");

const programs = {
  start: "mall/main.ts",
  cluster: "mall/cluster.ts",
  busy: "mall/busy.ts",
  chaos: "mall/chaos.ts",
  bench: "bench/main.ts",
};

const checks = [
  ["Format and lint", packageProgram("@biomejs/biome", "biome"), ["check", "--error-on-warnings"]],
  ["Types", packageProgram("typescript", "tsc"), ["--project", "tsconfig.json"]],
  ["Architecture", () => join(root, "tools/architecture.mjs"), []],
  ["Unused code", packageProgram("knip", "knip"), ["--config", "tools/knip.json"]],
];
const tests = ["Tests", packageProgram("vitest", "vitest"), ["run"]];
const features = [
  "Features",
  packageProgram("@cucumber/cucumber", "cucumber-js"),
  ["--config", "mall/features/cucumber.json"],
  ["--conditions=source"],
];

const chaos = ["Chaos", () => join(root, programs.chaos), ["--minutes", "2"], ["--conditions=source"]];

const [command = "", ...rest] = process.argv.slice(2);
if (Number(process.versions.node.split(".")[0]) < 18) {
  fail(`Node.js ${process.versions.node} is too old for this repository; install Node.js 18 or later.`);
}
if (command === "stamp") {
  writeStamp();
} else if (command in programs) {
  const node = await ready();
  process.exit(
    await run(node, ["--conditions=source", join(root, programs[command]), ...rest], { ipc: true }),
  );
} else if (command === "check") {
  process.exit(await runAll(await ready(), checks));
} else if (command === "test") {
  const [title, program, args] = tests;
  const whole = rest.length > 0 ? [] : [features, chaos];
  process.exit(await runAll(await ready(), [...checks, [title, program, [...args, ...rest]], ...whole]));
} else if (command === "features") {
  const [title, program, args, flags] = features;
  process.exit(await runAll(await ready(), [[title, program, [...args, ...rest], flags]]));
} else {
  fail(
    "Say what to run: node tools/run.mjs start | cluster | busy | chaos | test | features | check | bench",
  );
}

/** Installs what is missing and returns the path of the Node.js to use. */
async function ready() {
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lockHash()) await install();
  const pinned = join(modules, "node/bin", process.platform === "win32" ? "node.exe" : "node");
  const version = spawnSync(pinned, ["--version"], { encoding: "utf8" }).stdout;
  if (version) return pinned;
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  fail(`The Node.js that this repository pins does not run here; install Node.js 24 and try again.`);
}

async function install() {
  console.log("Installing the dependencies (npm ci); this is needed once and takes about a minute.");
  const [npm, ...first] = npmCommand();
  const child = spawn(npm, [...first, "ci", "--loglevel=error", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
    shell: process.platform === "win32" && npm === "npm",
  });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const code = await exitCode(child);
  if (code !== 0) {
    const reasons = errors.split("\n").map((line) => line.replace(/^npm (error|ERR!) ?/, "").trim());
    const reason =
      reasons.find((line) => line && !/^(code|errno|syscall|path|type) /.test(line)) ?? `exit code ${code}`;
    fail(`The dependencies could not be installed: npm ci says "${reason}"; run it by hand to see more.`);
  }
  writeStamp();
}

/** The npm that runs us, with the Node.js that runs it: our own may be the pinned one, which npm ci is about to replace. */
function npmCommand() {
  const { npm_execpath, npm_node_execpath } = process.env;
  if (npm_execpath && /npm-cli\.c?js$/.test(npm_execpath))
    return [npm_node_execpath ?? process.execPath, npm_execpath];
  return ["npm"];
}

function lockHash() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

function writeStamp() {
  mkdirSync(modules, { recursive: true });
  writeFileSync(stamp, lockHash());
}

async function runAll(node, steps) {
  for (const [title, program, args, flags = []] of steps) {
    console.log(`\n── ${title}`);
    const code = await run(node, [...flags, program(), ...args]);
    if (code !== 0) return code;
  }
  return 0;
}

/**
 * Runs one program to its end and returns its exit code. Ctrl-C reaches the whole process group, so we only wait
 * for the child's orderly end. With `ipc` the child sees `disconnect` when we are killed.
 */
async function run(node, args, { ipc = false } = {}) {
  const child = spawn(node, args, {
    cwd: root,
    stdio: ipc ? ["inherit", "inherit", "inherit", "ipc"] : "inherit",
    env: { ...process.env, PATH: [join(modules, ".bin"), process.env.PATH].join(delimiter) },
  });
  const forward = (signal) => child.kill(signal);
  // Ctrl-C reaches the whole group, a signal from elsewhere only us: our own programs take the two for one.
  const interrupt = ipc ? forward : () => {};
  process.on("SIGINT", interrupt).on("SIGTERM", forward).on("SIGHUP", forward);
  try {
    return await exitCode(child);
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", forward).off("SIGHUP", forward);
  }
}

function exitCode(child) {
  return new Promise((done) => {
    child.once("error", (error) => fail(`${child.spawnfile} could not be started: ${error.message}`));
    child.once("exit", (code, signal) => done(code ?? 128 + constants.signals[signal]));
  });
}

/** Finds a package's executable only when it is needed: before the installation there is none. */
function packageProgram(name, bin) {
  return () => {
    const directory = join(modules, name);
    const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
    return join(directory, typeof manifest.bin === "string" ? manifest.bin : manifest.bin[bin]);
  };
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
