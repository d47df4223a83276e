// What visitors do everywhere: log in, fill in a form, confirm it.
"use strict";

const { Unexpected, expect } = require("./telling");

/** Types the key, presses the button, and is in. */
async function logIn(visitor, { id, key }) {
  await visitor.page.getByLabel("SecretId").fill(id);
  await visitor.page.getByLabel("SecretKey").fill(key);
  await visitor.click(visitor.page.locator("main form button"));
}

/** A visitor who has logged in, at the first page. */
async function enter(world, options) {
  const visitor = await world.browser.visitor(options);
  await visitor.go("/console");
  await logIn(visitor, world.cloud);
  return visitor;
}

/** The field of a member, by its dotted name; rows of lists are added as a visitor would add them. */
async function field(visitor, name) {
  const found = visitor.page.locator(`main form [name="${name}"]`).first();
  // From the outermost list inwards; a row that is there already needs no button.
  for (const { index } of name.matchAll(/\.\d+(?=\.|$)/g)) {
    if ((await found.count()) > 0) break;
    const row = name.slice(0, index) + name.slice(index).match(/^\.\d+/)[0];
    const isThere = visitor.page.locator(`main form [name="${row}"], main form [name^="${row}."]`);
    if ((await isThere.count()) > 0) continue;
    const more = visitor.page.locator(`main button[name="_more"][value="${name.slice(0, index)}"]`);
    expect((await more.count()) === 1, `the form has a button that adds a row to \`${name.slice(0, index)}\``);
    await visitor.click(more);
  }
  expect((await found.count()) > 0, `the form has the field \`${name}\``);
  return found;
}

/** Fills in members by their dotted names; what is chosen from a list must be on it. */
async function fill(visitor, members) {
  for (const [name, value] of Object.entries(members)) {
    const input = await field(visitor, name);
    expect(await input.evaluate(({ type }) => type !== "hidden"), `\`${name}\` can be filled in`);
    const kind = await input.evaluate(({ tagName, type }) => (tagName === "SELECT" ? "select" : type));
    if (kind === "select") await input.selectOption(String(value));
    else if (kind === "radio") await visitor.page.locator(`main form [name="${name}"][value="${value}"]`).check();
    else await input.fill(String(value));
  }
}

/** Presses a button of the form, and the one that asks whether it is meant. */
async function send(visitor, words = "Submit") {
  const question = visitor.page.locator("main button[name=_confirmed]");
  // Where nothing is to be filled in, the question comes at once.
  if ((await question.count()) === 0) {
    const form = visitor.page.locator("main form:not(.filter)");
    await visitor.click(form.getByRole("button", { name: words, exact: true }).locator("visible=true").last());
  }
  if ((await question.count()) > 0) await visitor.click(question);
}

/** The same, and it is done. */
async function submit(visitor, words) {
  await send(visitor, words);
  const alert = visitor.page.locator("main [role=alert]:visible");
  expect((await alert.count()) === 0, "the form is taken", (await alert.count()) > 0 ? await alert.first().innerText() : undefined);
}

/** The same, and it is refused with that code and those words. */
async function refuse(visitor, code, words = "") {
  await send(visitor);
  const alert = await visitor.page.locator("main [role=alert]:visible").innerText();
  expect(alert.includes(code) && alert.includes(words), `the refusal says ${code} ${words}`, alert);
}

/** Clicks the button that leads to the form of an action, in the row or on the page of what it is about. */
async function act(visitor, action, about = "") {
  const names = about && `[href*="=${encodeURIComponent(about)}"]`;
  const button = visitor.page.locator(`main a[href^="/console/do/${action}?"]${names}`);
  expect((await button.count()) > 0, `the page has a button for ${action} of \`${about}\``);
  await visitor.click(button.first());
}

/** The one form for mode, range and buffer of a fleet, from the tab that shows them. */
async function openScaling(visitor) {
  await visitor.click(visitor.page.locator("main").getByRole("link", { name: "Modify", exact: true }).first());
}

/** Chooses a region at the top of the page. */
async function chooseRegion(visitor, region) {
  const { page } = visitor;
  const arrived = page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame());
  await Promise.all([arrived, page.getByLabel("Region", { exact: true }).first().selectOption(region)]);
  await page.waitForLoadState("load");
  const chosen = await page.locator("#region").inputValue();
  expect(chosen === region, "the region is chosen", chosen);
}

/** The value beside a name on a page that follows what it shows. */
function valueOf({ page }, name) {
  return page.locator("main dl > div", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) }).locator("dd");
}

/** Waits until the page says it; the page changes by itself. */
async function says(visitor, what, locator, text, seconds = 60) {
  const found = locator.filter({ hasText: text }).first();
  try {
    await found.waitFor({ timeout: seconds * 1000 });
  } catch (error) {
    const now = (await locator.count()) > 0 ? await locator.first().innerText() : "nothing";
    throw new Unexpected(`waited ${seconds} s until ${what}; the page says \`${now}\``, { cause: error });
  }
  visitor.calm();
}

module.exports = { act, chooseRegion, enter, fill, logIn, openScaling, refuse, says, send, submit, valueOf };
