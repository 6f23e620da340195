import { expect, it } from "vitest";
import {
  AddBot,
  AssignShoppingList,
  BotPage,
  BotResource,
  ListShoppingLists,
  ShoppingListPage,
  ShoppingListResource,
} from "./schemas.ts";
import { listStatuses } from "./shopping-list.ts";

it.each(
  Object.entries({
    AddBot,
    AssignShoppingList,
    BotResource,
    BotPage,
    ShoppingListResource,
    ShoppingListPage,
  }),
)("The example of %s has exactly the fields of its schema.", (_, schema) => {
  const [example] = (schema.meta()?.examples ?? []) as unknown[];
  expect(schema.parse(example)).toEqual(example);
});

it("The lists are asked for by a status that there is, or by none.", () => {
  const issuesOf = (status: unknown) => {
    const result = ListShoppingLists["~standard"].validate({ status });
    return result instanceof Promise ? undefined : result.issues?.map(({ path }) => path);
  };
  for (const status of [...listStatuses, undefined]) expect(issuesOf(status)).toBe(undefined);
  for (const status of ["", "open", "Pending", ["pending", "available"]])
    expect(issuesOf(status)).toEqual([["status"]]);
});
