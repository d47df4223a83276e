// Pages that follow what they show, while somebody is at them: what was typed stays, the focus stays, and pages that
// nobody sees take no connection from those that somebody does.
"use strict";

const { active, createFleet, upload } = require("../deeds");
const { expect } = require("../telling");
const { enter, says, valueOf } = require("../visits");

/** A browser has six connections to a host; each page that follows has one. */
const PAGES = 7;

module.exports = async function following(world) {
  const { part, cloud } = world;
  const visitor = await enter(world);
  const { page } = visitor;
  const asset = await upload(visitor, world, { name: "following" });
  const { FleetId: fleet } = await createFleet(cloud, { asset, name: "following" });
  await active(cloud, fleet);
  const describe = (Description) => cloud.call("UpdateFleetAttributes", { FleetId: fleet, Description });
  const description = valueOf(visitor, "Description");
  const place = `/console/fleets/${fleet}/basics`;

  part("following: what was typed stays, and it is said that there is news");
  await visitor.go(place);
  await page.locator("details.rename summary").click();
  const [name, save, news] = [page.locator("#fleet-name"), page.locator("#form-rename button"), page.locator(".news")];
  await name.fill("typed");
  await page.keyboard.press("Tab");
  await describe("the first news");
  await news.waitFor();
  await world.pictures.take(visitor, "following-news");
  expect((await name.inputValue()) === "typed", "what was typed is there", await name.inputValue());
  expect(await has(save), "the focus is where it was");
  expect(!(await description.innerText()).includes("first"), "the page is as it was");

  part("following: what is as it was does not hold the page, and the focus stays");
  await name.fill("following");
  await save.focus();
  await says(visitor, "the page follows", description, "the first news");
  expect(await has(save), "the focus is on the new button");
  await page.locator("details.rename[open]").waitFor();
  expect((await news.count()) === 0, "there is no news any more");

  part("following: who wants the news has it");
  await name.fill("typed again");
  await describe("the second news");
  await visitor.click(news.getByRole("button"));
  await says(visitor, "the page is a new one", description, "the second news");

  part("following: hidden pages keep no connection");
  await hide(page, true);
  for (let opened = 1; opened < PAGES; opened += 1) {
    const other = await visitor.context.newPage();
    await other.goto(place);
    await hide(other, true);
  }
  await describe("the third news");
  const last = await visitor.context.newPage();
  await last.goto(place);
  await says({ page: last, calm: () => visitor.calm() }, "one more page is shown", last.locator("main"), "the third news");

  part("following: a page that is seen again goes on from what it was told");
  await hide(page, false);
  await says(visitor, "it follows again", description, "the third news");
};

const has = (locator) => locator.evaluate((element) => element === document.activeElement);

/** What a browser tells a page whose window is covered, or seen again. */
function hide(page, hidden) {
  return page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}
