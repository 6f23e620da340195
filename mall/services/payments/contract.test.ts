import type { CommandContract, EventContract } from "tidings";
import { expect, it } from "vitest";
import * as contracts from "./contract.ts";
import * as ownCommands from "./own-commands.ts";

const declared = Object.values<EventContract | CommandContract>({ ...contracts, ...ownCommands });

it.each(declared.map((contract) => [contract.type, contract] as const))(
  "The golden example of %s has exactly the fields of its schema.",
  async (_, { schema, example, keyOf }) => {
    expect(await schema["~standard"].validate(example)).toEqual({ value: example });
    expect(keyOf(example)).toMatch(/^[0-9a-f-]{36}$|^sweep$/);
  },
);
