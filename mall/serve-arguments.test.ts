import { describe, expect, it } from "vitest";
import { createMall } from "./mall.ts";
import { readServeArguments, servedNames, serveUsage } from "./serve-arguments.ts";

describe("The arguments of mall/serve.ts", () => {
  it("name what to serve, and whether it is installed only", () => {
    expect(readServeArguments(["ordering"])).toEqual({ name: "ordering", migrate: false, help: false });
    expect(readServeArguments(["--migrate", "depot"])).toMatchObject({ name: "depot", migrate: true });
    expect(readServeArguments(["-h"])).toMatchObject({ help: true });
  });

  it("know every service of the Mall, and --help lists them", () => {
    const { services } = createMall({ access: { demo: true } });
    expect([...servedNames].toSorted()).toEqual([...services.map(({ name }) => name), "bots"].toSorted());
    for (const name of servedNames) expect(serveUsage).toContain(name);
  });

  it.each([
    [[], /^Say what to serve: one of stores, customers, .+, bots\.$/],
    [["shops"], /, not shops\.$/],
    [["stores", "depot"], /^One process serves one name, not also depot\.$/],
    [["bots", "--migrate"], /^The bots have no database to migrate\.$/],
    [["stores", "--fast"], /^Unknown option '--fast'\.$/],
  ])("%j are told to be wrong in one sentence", (args, sentence) => {
    expect(readServeArguments(args)).toMatch(sentence);
  });
});
