// Without a mouse: one form from the login to the list, and back to where it was; the focus is always seen.
"use strict";

const { expect, until } = require("../telling");

/** No page has as many places for the focus. */
const MOST_STOPS = 200;

module.exports = async function keyboard(world) {
  const { part, cloud } = world;
  const visitor = await world.browser.visitor();
  const { page } = visitor;

  part("keyboard: the login");
  await visitor.go("/console/aliases");
  // The browser gives the first field the focus when it first draws the page, which may be after the page has loaded.
  await until("the first field has the focus", async () => (await focused(visitor)).name === "secret_id");
  await page.keyboard.type(cloud.id);
  await page.keyboard.press("Tab");
  await page.keyboard.type(cloud.key);
  await enter(visitor);
  expect(visitor.path() === "/console/aliases", "the login leads on", visitor.path());

  part("keyboard: the menu can be skipped");
  await page.keyboard.press("Tab");
  expect((await focused(visitor)).text === "Skip to the content", "the first stop skips the menu", await focused(visitor));
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const first = await focused(visitor);
  expect(first.inMain, "after skipping, the next stop is in the content", first);

  part("keyboard: an alias is made");
  await reach(visitor, { text: "Create" });
  await enter(visitor);
  const stops = [];
  await reach(visitor, { name: "Name" }, stops);
  await page.keyboard.type("by keyboard");
  await reach(visitor, { name: "RoutingStrategy.Type" }, stops);
  await page.keyboard.type("TERMINAL");
  await reach(visitor, { name: "RoutingStrategy.Message" }, stops);
  await page.keyboard.type("typed");
  await reach(visitor, { text: "Submit" }, stops);
  await world.pictures.take(visitor, "keyboard-form");
  await enter(visitor);
  await until("the alias is listed", async () => (await page.locator("main table").innerText()).includes("by keyboard"));
  const made = (await cloud.call("ListAliases", { Limit: 100 })).Aliases.find(({ Name }) => Name === "by keyboard");
  expect(made?.RoutingStrategy.Message === "typed", "it is what was typed", made);

  part("keyboard: and deleted");
  await reach(visitor, { text: "Delete", of: made.AliasId });
  await enter(visitor);
  await reach(visitor, { text: "Confirm" });
  await enter(visitor);
  const left = (await cloud.call("ListAliases", { Limit: 100 })).Aliases;
  expect(!left.some(({ AliasId }) => AliasId === made.AliasId), "the alias is gone");
};

/** Presses Enter on what leads to another page. */
async function enter(visitor) {
  const { page } = visitor;
  const arrived = page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame());
  await Promise.all([arrived, page.keyboard.press("Enter")]);
  await page.waitForLoadState("load");
  visitor.calm();
}

/** Presses Tab until the focus is there. Each stop on the way must be seen. */
async function reach(visitor, { text, name, of }, stops = []) {
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await visitor.page.keyboard.press("Tab");
    const at = await focused(visitor);
    stops.push(at.name || at.text);
    const isThere = (text === undefined || at.text === text) && (name === undefined || at.name === name);
    if (isThere && (of === undefined || at.row.includes(of))) return;
    expect(at.seen, "the focus can be seen", at);
  }
  expect(false, `the focus comes to ${text ?? name} by Tab`, stops.slice(-20));
}

function focused(visitor) {
  return visitor.page.evaluate(() => {
    const at = document.activeElement;
    const box = at.getBoundingClientRect();
    const style = getComputedStyle(at);
    const isInWindow = box.width > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
    const isMarked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return {
      text: at.textContent.trim().slice(0, 60),
      name: at.name ?? "",
      row: at.closest("tr")?.textContent ?? "",
      inMain: Boolean(at.closest("main")),
      seen: at === document.body || (isInWindow && isMarked),
      html: at.outerHTML.slice(0, 120),
    };
  });
}
