import { afterEach, beforeEach, expect, it } from "vitest";
import { ids, Post } from "./mails.fixture.ts";

let post: Post;
beforeEach(async () => {
  post = await Post.open();
});
afterEach(() => post.close());

/** One notification, told to a process that dies; then another process goes on. @returns what became of the mail */
async function dieAndGoOn(moment: string, onStarted?: (kill: () => void) => void) {
  await post.place(await post.register());
  await post.runUntilDeath(moment, onStarted);
  const atDeath = await post.notes();
  await post.start();
  const [state] = await post.whenSettled(1);
  await post.whenHandled();
  return { before: atDeath[0]?.state, after: state, accepted: post.server.accepted.length };
}

it("A process that dies before it has noted that it sends leaves the mail to be sent.", async () => {
  expect(await dieAndGoOn("prepared")).toEqual({ before: "waiting", after: "sent", accepted: 1 });
});

it("A process that dies before the mail's end leaves open whether it was sent.", async () => {
  expect(await dieAndGoOn("noted")).toEqual({ before: "sending", after: "uncertain", accepted: 0 });
  const [note] = await post.notes();
  expect(post.warnings).toEqual([{ notificationId: note?.notification_id }]);
});

it("A process that dies while the server answers leaves it open, and the mail is sent once.", async () => {
  let kill = () => {};
  post.server.answer = async () => kill();
  const died = await dieAndGoOn("never", (ready) => {
    kill = ready;
  });
  expect(died).toEqual({ before: "sending", after: "uncertain", accepted: 1 });
});

it("A process that dies before it has noted the answer leaves it open, and the mail is sent once.", async () => {
  expect(await dieAndGoOn("answered")).toEqual({ before: "sending", after: "uncertain", accepted: 1 });
});

it("A process that dies before its transaction commits has noted that the mail was sent.", async () => {
  expect(await dieAndGoOn("handled")).toEqual({ before: "sent", after: "sent", accepted: 1 });
});

it("Processes that die while they send many mails send none twice.", { timeout: 60_000 }, async () => {
  const count = 40;
  await post.place(await post.register(), ids(count));
  for (const moment of ["answered", "noted", "handled", "prepared"]) await post.runUntilDeath(moment);
  await post.start();
  const states = await post.whenSettled(count);
  await post.whenHandled();
  const arrived = post.server.accepted.map(({ content }) => /^Message-ID: .+$/m.exec(content)?.[0]);
  expect(new Set(arrived).size, "none arrived twice").toBe(arrived.length);
  const sure = states.filter((state) => state === "sent").length;
  expect(arrived.length).toBeGreaterThanOrEqual(sure);
  expect(states.every((state) => state === "sent" || state === "uncertain")).toBe(true);
});
