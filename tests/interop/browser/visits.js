// What visitors do everywhere: log in, fill in a form, confirm it.
"use strict";

const { expect } = require("./telling");

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
    const kind = await input.evaluate((element) => element.tagName);
    if (kind === "SELECT") await input.selectOption(String(value));
    else await input.fill(String(value));
  }
}

/** Presses a button of the form, and the one that asks whether it is meant. */
async function submit(visitor, words = "Submit", confirm = "Confirm") {
  await visitor.click(visitor.page.locator("main form:not(.filter)").getByRole("button", { name: words, exact: true }));
  const question = visitor.page.locator("main button[name=_confirmed]");
  if ((await question.count()) > 0) await visitor.click(question);
  const alert = visitor.page.locator("main [role=alert]:visible");
  expect((await alert.count()) === 0, "the form is taken", (await alert.count()) > 0 ? await alert.first().innerText() : undefined);
}

module.exports = { enter, fill, logIn, submit };
