// Pages that follow what they show: they show what somebody else does, and take nothing away from who uses them.
"use strict";

const { expect } = require("../telling");
const { enter } = require("../visits");

const LIST = "/console/aliases";

module.exports = async function pressing(world) {
  const { part, cloud } = world;
  const visitor = await enter(world);
  const other = await enter(world);
  const { page } = visitor;
  const made = [];
  /** Somebody makes an alias, and a page that nobody touches shows it. */
  const make = async (name) => {
    await other.go(LIST);
    const RoutingStrategy = { Type: "TERMINAL", Message: "made meanwhile" };
    const { Alias } = await cloud.call("CreateAlias", { Name: name, RoutingStrategy });
    made.push(Alias.AliasId);
    await other.shows(name);
    world.browser.latest = visitor;
  };

  part("pressing: a link that is being pressed stays where it is");
  await visitor.go(LIST);
  const link = visitor.link("Create");
  await link.evaluate((element) => element.setAttribute("data-pressed", ""));
  await link.hover();
  await page.mouse.down();
  await make("while a link was pressed");
  expect((await page.locator("[data-pressed]").count()) === 1, "the link is still the same one");
  const arrived = page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame());
  await Promise.all([arrived, page.mouse.up()]);
  expect(visitor.path().startsWith("/console/do/CreateAlias"), "what was pressed is done", visitor.path());

  part("pressing: what came meanwhile is shown afterwards");
  await visitor.go(LIST);
  await page.locator("main h1").hover();
  await page.mouse.down();
  await make("while the page was pressed");
  expect((await page.locator("main").getByText("while the page was pressed").count()) === 0, "nothing moved");
  await page.mouse.up();
  await visitor.shows("while the page was pressed");

  part("pressing: the focus stays on a button that was drawn anew");
  await page.locator("main th button").nth(1).focus();
  await make("while a button had the focus");
  await visitor.shows("while a button had the focus");
  const at = await page.evaluate(() => [...document.querySelectorAll("main th button")].indexOf(document.activeElement));
  expect(at === 1, "the second column's button has the focus", at);

  for (const AliasId of made) await cloud.call("DeleteAlias", { AliasId });
};
