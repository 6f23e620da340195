// Checks who may import whom, with dependency-cruiser; the rules are in architecture-rules.mjs.
//
// A check that cannot fail proves nothing: every rule has planted violations, the files named `planted*` in
// architecture-fixtures/<rule>/ (a small copy of the repository's shape). Each must be reported by that very rule,
// and its files named `allowed*` must not.

import { existsSync, globSync, readFileSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { architectureRules } from "./architecture-rules.mjs";

const root = resolve(import.meta.dirname, "..");
const fixtures = join(import.meta.dirname, "architecture-fixtures");

useTypeScriptWithApi();
const { cruise } = await import("dependency-cruiser");

const rules = architectureRules(workspacePackages());
const ruleNames = [...new Set(rules.map((rule) => rule.name))];
const problems = [...(await violations(root)).map(describe), ...(await untrueRules())];
for (const problem of problems) console.error(problem);
if (problems.length === 0)
  console.log(`${ruleNames.length} rules hold, and each reports its planted violations.`);
process.exit(problems.length === 0 ? 0 : 1);

/** TypeScript 7 has no programming interface that dependency-cruiser could use, so it gets the 6 of this directory. */
function useTypeScriptWithApi() {
  const entry = createRequire(import.meta.url);
  registerHooks({
    resolve(specifier, context, next) {
      const asked = /^typescript(\/|$)/.test(specifier) && context.parentURL?.includes("dependency-cruiser");
      if (!asked) return next(specifier, context);
      return { url: pathToFileURL(entry.resolve(specifier)).href, shortCircuit: true };
    },
  });
}

function workspacePackages() {
  const { workspaces } = readJson(join(root, "package.json"));
  return workspaces
    .flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root }))
    .map((file) => ({
      name: readJson(join(root, file)).name,
      directory: slashes(dirname(file)),
    }));
}

async function violations(directory) {
  const top = ["packages", "mall", "bench"].filter((name) => existsSync(join(directory, name)));
  const { output } = await cruise(
    top,
    {
      baseDir: directory,
      validate: true,
      ruleSet: { forbidden: rules },
      tsPreCompilationDeps: true,
      doNotFollow: { path: "node_modules" },
      exclude: { path: "(^|/)dist/" },
    },
    {
      conditionNames: ["source", "types", "import", "node", "default"],
      exportsFields: ["exports"],
      extensions: [".ts", ".mts", ".js", ".mjs", ".cjs", ".json", ".d.ts"],
    },
  );
  if (output.summary.totalCruised === 0)
    throw new Error(`dependency-cruiser found no module in ${directory}.`);
  return output.summary.violations;
}

/** Says which rules miss a violation planted for them, or report what they allow (the files `allowed*`). */
async function untrueRules() {
  const problems = [];
  for (const name of ruleNames) {
    const directory = join(fixtures, name);
    const found = (await violations(directory)).filter((violation) => violation.rule.name === name);
    const reported = new Set(
      found.flatMap(({ from, cycle = [] }) => [from, ...cycle.map((step) => step.name)]),
    );
    const plants = globSync("**/planted*.ts", { cwd: directory }).map(slashes);
    const allowed = globSync("**/allowed*.ts", { cwd: directory }).map(slashes);
    if (plants.length === 0) problems.push(`The rule ${name} has no planted violation.`);
    for (const plant of plants.filter((file) => !reported.has(file))) {
      problems.push(`The rule ${name} does not report the violation planted in ${plant}.`);
    }
    for (const file of allowed.filter((file) => reported.has(file))) {
      problems.push(`The rule ${name} reports ${file}, which it should allow.`);
    }
  }
  return problems;
}

function slashes(path) {
  return path.replaceAll("\\", "/");
}

function describe({ rule, from, to, cycle }) {
  const way = cycle ? cycle.map((step) => step.name).join(" → ") : to;
  const { comment } = rules.find(({ name }) => name === rule.name);
  return `${from} → ${way}\n  ${rule.name}: ${comment}`;
}

function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}
