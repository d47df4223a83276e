// Pictures of pages, and what a browser can see of a page that a reader of its source cannot.
"use strict";

const path = require("node:path");
const { WIDTH, HEIGHT } = require("./browser");
const { expect } = require("./telling");

const NARROW = { width: 360, height: 740 };

class Pictures {
  constructor(folder) {
    Object.assign(this, { folder, count: 0, names: new Set() });
  }

  /** The whole page as a file of that name. */
  async take({ page }, name) {
    expect(!this.names.has(name), `there are two pictures called \`${name}\``);
    this.names.add(name);
    this.count += 1;
    // No caret and no pointer over anything; the first look only shows what is in the window.
    await page.mouse.move(0, 0);
    await page.evaluate(() => scrollTo(0, 0)).catch(() => {});
    await page.screenshot({ path: path.join(this.folder, `${name}.png`), fullPage: true, animations: "disabled" });
  }
}

/** Narrow and back again: nothing may be wider than the window. */
async function narrow({ page }, look = async () => {}) {
  await page.setViewportSize(NARROW);
  const wide = await page.evaluate(tooWide);
  expect(wide === null, `at 360 px nothing scrolls to the side`, wide ?? undefined);
  await look();
  await page.setViewportSize({ width: WIDTH, height: HEIGHT });
}

/** Runs in the page: the widest thing that makes it scroll sideways, if it does. */
function tooWide() {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return null;
  const scrolls = (element) => element && (getComputedStyle(element).overflowX !== "visible" || scrolls(element.parentElement));
  const beyond = [...document.querySelectorAll("body *")].filter(
    (element) => element.getBoundingClientRect().right > room + 0.5 && !scrolls(element.parentElement),
  );
  const culprit = beyond.at(-1) ?? document.body;
  return `${document.documentElement.scrollWidth} px wide by ${culprit.outerHTML.slice(0, 160)}`;
}

module.exports = { Pictures, narrow };
