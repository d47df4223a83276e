// Every page that a visitor can reach by links, once each: alike with and without a script, narrow and wide, light and
// dark, in both languages, and for those who do not see it. Pictures of all of them.
"use strict";

const { readFileSync } = require("node:fs");
const { narrow } = require("../pictures");
const { Unexpected, expect, tell } = require("../telling");
const { enter } = require("../visits");

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** Of the 74 forms of the explorer, these get pictures; all of them are judged. */
const DRAWN_ACTIONS = new Set(["explorer-CreateFleet", "explorer-ListAliases"]);
/** Words of Latin letters that Chinese readers use: names of products, protocols, formats and units. */
const INTERNATIONAL =
  /^(OpenGSE|GSE|gse|opengse|API|Explorer|Demo|ID|IDs|IP|IPs|CPU|GB|MB|KB|KiB|MiB|Mbps|ms|JSON|CSV|SVG|PNG|TCP|UDP|CCN|VPC|QUIC|HTTP|HTTPS|JavaScript|SecretId|SecretKey|zip|local|English|ACTIVE|ProcessReady|tick|WebSocket|WebTransport|OpenTelemetry|Grafana|UTC|SDK|gRPC|protobuf|TLS|OK|ERROR|GET|POST|MFA|Token|Authorization|pid|unzip|chmod|rpath|ORIGIN|true|(Timer|Scaling)Type[A-Z][a-z]+)$/;
/** Paths, ids, constants, file names and names of calls and members are no words. */
const NO_WORD = /[_/\d.]|^[a-z]+-[a-z-]+$|^[A-Za-z][a-z]*(?:[A-Z][a-z]+)+$/;

module.exports = async function pages(world) {
  const { part } = world;
  const visitor = await enter(world);
  const chinese = await enter(world, { language: "zh-CN", scheme: "dark" });
  const plain = await enter(world, { script: false });

  part("pages: what there is, found by following links");
  const found = await crawl(visitor, await full(world.cloud));
  tell({ answer: `${found.size} kinds of pages` });

  part("pages: each of them, light and dark, wide and 360 px, in both languages, with and without a script");
  const book = new Book();
  for (const [kind, path] of found) {
    const isDrawn = !kind.startsWith("explorer-") || DRAWN_ACTIONS.has(kind);
    await visitor.go(path);
    await book.check(kind, () => judge(visitor, book, kind));
    const words = await visitor.page.locator("main").innerText();
    if (isDrawn) await world.pictures.take(visitor, kind);
    await book.check(kind, () => narrow(visitor));
    if (!isDrawn) continue;
    await book.check(kind, () => inChinese(world, chinese, book, kind, path));
    await book.check(kind, () => withoutScript(plain, path, words));
  }
  book.close();
};

/** What is wrong with pages: all of it is told at the end, and some of it fails the run. */
class Book {
  constructor() {
    Object.assign(this, { wrong: [], slight: new Map() });
  }

  async check(kind, look) {
    try {
      await look();
    } catch (error) {
      if (!(error instanceof Unexpected)) throw error;
      this.wrong.push(`${kind}: ${error.message}`);
    }
  }

  close() {
    for (const [rule, kinds] of this.slight) {
      tell({ answer: `accessibility, slight: ${rule} on ${kinds.size} pages, such as ${[...kinds][0]}` });
    }
    expect(this.wrong.length === 0, `${this.wrong.length} pages are not as they should be:\n${this.wrong.join("\n")}\n`);
  }
}

/** Pages that have something to show, because links may lead to an empty one of the same kind. */
async function full(cloud) {
  const { FleetAttributes } = await cloud.call("DescribeFleetAttributes", { Limit: 100 });
  // Always the same one: the names that `hostile` gives are not equally long.
  FleetAttributes.sort((a, b) => (a.Name < b.Name ? -1 : 1));
  for (const { FleetId } of FleetAttributes) {
    const { GameServerSessions } = await cloud.call("DescribeGameServerSessions", { FleetId, StatusFilter: "ACTIVE" });
    const [session] = GameServerSessions;
    if (!session) continue;
    const tabs = ["", "/events", "/instances", "/scaling", "/sessions"].map((tab) => `/console/fleets/${FleetId}${tab}`);
    return [...tabs, `/console/session?id=${encodeURIComponent(session.GameServerSessionId)}`];
  }
  throw new Unexpected("there is a fleet with a session; the story `hostile` makes some");
}

/** One address for each kind of page, by its kind. */
async function crawl(visitor, full) {
  const found = new Map();
  const left = [...full, "/console/start"];
  while (left.length > 0) {
    const path = left.shift();
    const kind = kindOf(path);
    if (found.has(kind)) continue;
    const answer = await visitor.go(path);
    expect(answer.status() === 200, `${path} is there, as a link says`, answer.status());
    found.set(kind, path);
    left.push(...(await visitor.page.evaluate(links)).filter((next) => !found.has(kindOf(next))));
  }
  return found;
}

/** Runs in the page: where its links lead within the console. */
function links() {
  const all = [...document.querySelectorAll("a[href]")].filter(({ origin, hash }) => origin === location.origin && !hash);
  const pages = all.filter(({ pathname }) => !/^\/console\/(language|region)$/.test(pathname));
  return pages.map(({ pathname, search }) => pathname + search).filter((path) => path.startsWith("/console"));
}

/** An address without what it is about: `/console/fleets/fleet-…/events` is `fleets-fleet-events`. */
function kindOf(path) {
  const parts = path.split("?")[0].split("/").slice(2).map(decodeURIComponent);
  return parts.map((part) => part.replace(/^([a-z]+)-[a-z0-9]{8}(-[a-z0-9]{8})?$/, "$1")).join("-") || "console";
}

/** Fails for what keeps somebody out, and notes the rest. */
async function judge(visitor, book, kind) {
  if (!(await visitor.page.evaluate("typeof axe === 'object'"))) await visitor.page.evaluate(AXE);
  const violations = await visitor.page.evaluate((standards) => {
    const options = { runOnly: standards, resultTypes: ["violations"] };
    // What a table hides while it is scrolled is reached by scrolling it.
    const isHidden = (rule, { target }) => {
      const box = rule === "target-size" && document.querySelector(target.join(" "))?.closest(".scroll");
      return box && box.scrollWidth > box.clientWidth;
    };
    const left = ({ nodes, ...rule }) => ({ ...rule, nodes: nodes.filter((node) => !isHidden(rule.id, node)) });
    const brief = ({ id, impact, nodes }) => ({ id, impact, target: nodes[0].target.join(" "), html: nodes[0].html.slice(0, 160), why: nodes[0].failureSummary });
    return axe.run(document, options).then(({ violations }) => violations.map(left).filter(({ nodes }) => nodes.length > 0).map(brief));
  }, STANDARDS);
  const isGrave = ({ impact }) => impact === "serious" || impact === "critical";
  for (const { id } of violations.filter((violation) => !isGrave(violation))) {
    book.slight.set(id, (book.slight.get(id) ?? new Set()).add(kind));
  }
  const grave = violations.filter(isGrave);
  expect(grave.length === 0, "everybody can use it", grave);
}

async function inChinese(world, visitor, book, kind, path) {
  await visitor.go(path);
  await world.pictures.take(visitor, `${kind}-zh`);
  await narrow(visitor, () => world.pictures.take(visitor, `${kind}-360`));
  const english = (await visitor.page.evaluate(latinWords)).filter((word) => !INTERNATIONAL.test(word) && !NO_WORD.test(word));
  expect(english.length === 0, "no English is left in Chinese", english);
  const sentences = await visitor.page.evaluate(englishSentences);
  expect(sentences.length === 0, "English sentences are marked as such and stand behind Chinese ones", sentences);
  await judge(visitor, book, `${kind} in Chinese, dark`);
}

/** Runs in the page: words of Latin letters in what is the console's own text. */
function latinWords() {
  const isData = "code, pre, bdi, .user, time, textarea, datalist, option, script, style, [lang]:not(html)";
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  const texts = [document.title.split(" – ").at(-1)];
  while (walker.nextNode()) {
    const { parentElement: at, data } = walker.currentNode;
    if (!at.closest(isData) && !at.closest("title, noscript")) texts.push(data);
  }
  for (const element of document.querySelectorAll("[aria-label], [title], [alt]")) {
    for (const name of ["aria-label", "title", "alt"]) texts.push(element.getAttribute(name) ?? "");
  }
  return [...new Set(texts.flatMap((text) => text.match(/\/?[A-Za-z][\w./-]*[\w/]/g) ?? []))];
}

/** Runs in the page: texts with several words of English in a row, outside of code and of what is marked as English. What
 * users of these stories wrote has fewer of them; a sentence of the service that is shown as if it were theirs has more. */
function englishSentences() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const { parentElement: at, data } = walker.currentNode;
    if (at.closest("code, pre, textarea, datalist, option, script, noscript") || at.closest("[lang]").lang.startsWith("en")) continue;
    const most = at.closest(".user, bdi") ? 4 : 3;
    if (new RegExp(`(?:\\b[A-Za-z]?[a-z']+\\b[,;:]? ){${most - 1}}[a-z']+`).test(data)) found.push(data.slice(0, 100));
  }
  return found;
}

/** What is read without a script is what is read with one, but for what counts on. */
async function withoutScript(visitor, path, words) {
  await visitor.go(path);
  const calm = (text) => text.replace(/[\d:]+|✓|\s+|[dhms](?=\b)/g, "");
  const text = await visitor.page.locator("main").innerText();
  const isOfScript = (line) => /^(Copy$|Request ID)/.test(line.trim());
  const missing = words.split("\n").filter((line) => !isOfScript(line)).map(calm).filter((line) => line.length > 3 && !calm(text).includes(line));
  expect(missing.length === 0, "it can be read without a script", missing.slice(0, 3));
}
