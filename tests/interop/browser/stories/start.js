// Walkthrough W1 of operations.md 13.1 by mouse: the wizard from nothing to players who chat, in two browsers, one by
// WebTransport and one by a WebSocket.
"use strict";

const { expect, tell, until } = require("../telling");
const { enter, says } = require("../visits");

const STATES = ["NEW", "DOWNLOADING", "VALIDATING", "BUILDING", "ACTIVATING", "ACTIVE"];
const HOSTILE_WORDS = "<b onclick=alert(1)>hi</b> \u202eolleh 😀";

module.exports = async function start(world) {
  const { part, cloud, pictures } = world;
  const wizard = await enter(world);
  const press = (id) => wizard.click(wizard.page.locator(`#${id}`));

  part("W1, getting started: the demo package");
  await wizard.click(wizard.menu("Getting started"));
  await pictures.take(wizard, "w1-step-1");
  await press("demo-upload");
  await wizard.page.locator("#demo-asset").waitFor();
  await press("next");

  part("W1: its fleet, with the states as they happen");
  await press("demo-fleet");
  const seen = await watch(wizard);
  tell({ answer: `the page showed ${seen.join(" → ")}` });
  await pictures.take(wizard, "w1-step-2");
  await press("next");

  part("W1: sessions and players");
  await press("create-session");
  await press("create-session");
  const rows = wizard.page.locator("#sessions tbody tr");
  expect((await rows.count()) === 2, "there are two sessions", await rows.count());
  for (const number of [0, 1]) await says(wizard, "the session is ready for players", rows.nth(number), /ACTIVE/);
  await wizard.click(wizard.page.locator("#sessions button[name=session]").first());
  for (const name of ["alice", "bob"]) {
    await wizard.page.locator("#player-id").fill(name);
    await press("create-player");
  }
  await says(wizard, "the players have places", wizard.page.locator("#players"), /alice[^]*bob|bob[^]*alice/);
  await pictures.take(wizard, "w1-step-3");
  const session = (await wizard.page.locator("#chosen code").innerText()).trim();
  await press("next");

  part("W1: the last page is a client; two players chat");
  const ends = ["#client-ip", "#client-port"].map((id) => wizard.page.locator(id).innerText());
  const host = (await Promise.all(ends)).map((text) => text.trim()).join(":");
  wizard.hosts.add(host);
  await pictures.take(wizard, "w1-step-4");
  const alice = await wizard.opens(wizard.page.getByRole("link", { name: "as alice" }));
  const bob = await wizard.opens(wizard.page.getByRole("link", { name: "as bob" }));
  await connect(alice, "WebTransport");
  await connect(bob, "WebSocket");
  await chat(alice, bob);
  await pictures.take(alice, "w1-client");
  const { PlayerSessions } = await cloud.call("DescribePlayerSessions", { GameServerSessionId: session });
  expect(PlayerSessions.length === 2 && PlayerSessions.every(({ Status }) => Status === "ACTIVE"), "both are ACTIVE", PlayerSessions);

  part("W1: one of them ends the session; the wizard begins a new round");
  await alice.page.locator("#end-session").click();
  for (const player of [alice, bob]) await player.page.locator("#client[data-state=closed]").waitFor();
  await until("the session is TERMINATED", async () => {
    const { GameServerSessions } = await cloud.call("DescribeGameServerSessions", { GameServerSessionId: session });
    return GameServerSessions[0].Status === "TERMINATED";
  });
  await press("complete");
  await wizard.page.locator("#step-1[data-state=here] #demo-upload").waitFor();
};

/** The states that a page which follows its fleet has shown, until the last one. */
async function watch(visitor) {
  const seen = [];
  await until("the fleet is ACTIVE", async () => {
    const states = await visitor.page.locator("ol.states li").evaluateAll((all) => all.map(({ id, dataset }) => [id.slice("state-".length), dataset.state]));
    if (states.length === 0) return false;
    expect(String(states.map(([name]) => name)) === String(STATES), "six states are shown", states);
    const at = states.findIndex(([, state]) => state === "progress");
    const now = at < 0 ? "ACTIVE" : states[at][0];
    if (seen.at(-1) !== now) seen.push(now);
    return now === "ACTIVE";
  }, 120);
  const order = seen.map((state) => STATES.indexOf(state));
  expect(order.every((place, index) => index === 0 || place > order[index - 1]), "states come in their order", seen);
  visitor.calm();
  return seen;
}

async function connect({ page }, transport) {
  await page.locator("#transport-choice").selectOption(transport);
  await page.locator("#connect").click();
  await page.locator("#client[data-state=connected]").waitFor();
  const said = await page.locator("#transport").innerText();
  expect(said.includes(transport), "the page says how it is connected", said);
}

async function chat(alice, bob) {
  for (const player of [alice, bob]) {
    for (const name of ["alice", "bob"]) await player.page.locator("#presence li", { hasText: name }).waitFor();
  }
  for (const [from, to] of [[alice, bob], [bob, alice]]) {
    await from.page.locator("#chat-text").fill(HOSTILE_WORDS);
    await from.page.locator("#chat-send").click();
    await to.page.locator("#chat-log li", { hasText: HOSTILE_WORDS }).first().waitFor();
    expect((await to.page.locator("#chat-log li b[onclick]").count()) === 0, "what somebody says is text");
    to.calm();
  }
}
