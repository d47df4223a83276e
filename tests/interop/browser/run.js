// The console in Chromium: `run.js [STORY…]`. `cargo xtask interop` starts it; the environment names the service, the
// browser and where pictures go. Stories come in this order, and later ones find what earlier ones made.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { Browser } = require("./browser");
const { Cloud } = require("./cloud");
const { Pictures } = require("./pictures");
const { Unexpected, tell } = require("./telling");

const STORIES = {
  login: require("./stories/login"),
  region: require("./stories/region"),
  start: require("./stories/start"),
  update: require("./stories/update"),
  scaling: require("./stories/scaling"),
  placement: require("./stories/placement"),
  hostile: require("./stories/hostile"),
  explorer: require("./stories/explorer"),
  keyboard: require("./stories/keyboard"),
  following: require("./stories/following"),
  pressing: require("./stories/pressing"),
  pages: require("./stories/pages"),
};
/** How much of a page a failure shows. */
const PAGE_TEXT = 1000;

/** What all stories know. */
function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`\`${name}\` is not set\nhint: \`cargo xtask interop\` starts this`);
  return value;
}

async function prepare() {
  const cloud = new Cloud({
    endpoint: setting("INTEROP_ENDPOINT"),
    region: setting("TENCENTCLOUD_REGION"),
    id: setting("TENCENTCLOUD_SECRET_ID"),
    key: setting("TENCENTCLOUD_SECRET_KEY"),
  });
  const pictures = new Pictures(setting("INTEROP_PICTURES"));
  const scratch = setting("INTEROP_HOME");
  const program = { executable: setting("INTEROP_CHROMIUM"), libraries: process.env.INTEROP_CHROMIUM_LIBRARIES, home: scratch };
  const browser = await Browser.launch(program, cloud.endpoint);
  const zip = setting("INTEROP_PACKAGE");
  const world = { browser, cloud, pictures, zip, scratch, place: "" };
  world.part = (title) => {
    world.place = title;
    tell({ part: title });
  };
  return world;
}

/** One story from its beginning to its end. */
async function run(world, name) {
  world.browser.visitors = [];
  const started = Date.now();
  try {
    await STORIES[name](world);
    for (const visitor of world.browser.visitors) await visitor.close();
  } catch (error) {
    tell({ failed: await explain(world, name, error) });
    return false;
  }
  tell({ answer: `${name}: ${((Date.now() - started) / 1000).toFixed(1)} s` });
  return true;
}

/** What failed, where, and what the window shows. */
async function explain(world, name, error) {
  const lines = [`${name}, ${world.place}: ${error instanceof Unexpected ? error.message : error.stack}`];
  const visitor = world.browser.latest;
  if (!visitor || visitor.page.isClosed()) return lines.join("\n");
  const { page, troubles } = visitor;
  lines.push(...troubles.map(({ text }) => `besides: ${text}`));
  const file = path.join(world.pictures.folder, `failed-${name}.png`);
  await page.screenshot({ path: file, fullPage: true }).catch(() => {});
  lines.push(`the page is ${page.url()}`, `it looks like ${file}, and says:`);
  const text = await page.locator("main").innerText({ timeout: 2000 }).catch(() => "");
  lines.push(text.replace(/\s*\n\s*/g, "\n").slice(0, PAGE_TEXT));
  return lines.join("\n");
}

async function main() {
  const names = process.argv.slice(2);
  const unknown = names.find((name) => !STORIES[name]);
  if (unknown) throw new Error(`no story \`${unknown}\`; there are: ${Object.keys(STORIES).join(", ")}`);
  const world = await prepare();
  tell({ answer: `Chromium ${world.browser.version}` });
  let good = true;
  try {
    for (const name of names.length > 0 ? names : Object.keys(STORIES)) {
      good = await run(world, name);
      if (!good) break;
    }
  } finally {
    await world.browser.close();
  }
  if (good) tell({ done: true, pictures: world.pictures.count });
  process.exitCode = good ? 0 : 1;
}

main().catch((error) => {
  tell({ failed: error.stack });
  process.exitCode = 1;
});
