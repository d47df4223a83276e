// Chromium, and what no page may do in it: ask another host, log an error, open a dialog, break the content policy.
"use strict";

const { chromium } = require("playwright-core");
const { Unexpected, expect } = require("./telling");

const FLAGS = [
  // Nothing is resolved but this machine, so that nothing that was overlooked gets out.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // The same pictures on every machine.
  "--force-color-profile=srgb",
  "--font-render-hinting=none",
  "--disable-lcd-text",
];
const WIDTH = 1280;
const HEIGHT = 860;
/** For a very busy machine; what is awaited is there in a fraction of a second. */
const PATIENCE_MS = 20_000;

/** An address without its mark. */
const bare = (url) => (url ?? "").split("#")[0];

/** A browser with one visitor at a time; each visitor has cookies of his own. */
class Browser {
  /** `libraries` are those of a browser that was unpacked and not installed; `home` is a folder that it may fill. */
  static async launch({ executable, libraries, home }, base) {
    // The sandbox wants a user who is not root and namespaces, and containers have neither; the pages are our own.
    const env = { ...process.env, HOME: home, ...(libraries ? { LD_LIBRARY_PATH: libraries } : {}) };
    const chrome = await chromium.launch({ executablePath: executable, args: FLAGS, chromiumSandbox: false, env });
    return new Browser(chrome, base);
  }

  constructor(chrome, base) {
    Object.assign(this, { chrome, base, visitors: [], latest: undefined });
  }

  get version() {
    return this.chrome.version();
  }

  async visitor(options = {}) {
    const { width = WIDTH, height = HEIGHT, language = "en", scheme = "light", script = true } = options;
    const context = await this.chrome.newContext({
      baseURL: this.base,
      viewport: { width, height },
      locale: language,
      colorScheme: scheme,
      javaScriptEnabled: script,
      reducedMotion: "reduce",
      timezoneId: "UTC",
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const visitor = new Visitor(this, context, await context.newPage());
    this.visitors.push(visitor);
    return visitor;
  }

  async close() {
    await this.chrome.close();
  }
}

/** Somebody at a window, and the trouble that his pages made. */
class Visitor {
  constructor(browser, context, page) {
    const hosts = new Set([new URL(browser.base).host]);
    Object.assign(this, { browser, context, page, hosts, troubles: [], refused: new Set() });
    context.on("request", (request) => this.asks(request.url()));
    context.on("response", (response) => this.answered(response));
    context.on("page", (page) => this.watch(page));
    this.watch(page);
  }

  watch(page) {
    page.on("websocket", (socket) => this.asks(socket.url()));
    page.on("pageerror", (error) => this.trouble(`an error in a script: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error") this.trouble(`the browser logs: ${message.text()}`, message.location().url);
    });
    page.on("dialog", (dialog) => {
      this.trouble(`a dialog says: ${dialog.message()}`);
      dialog.dismiss().catch(() => {});
    });
  }

  asks(url) {
    const { protocol, host } = new URL(url);
    if (protocol === "data:" || protocol === "blob:" || this.hosts.has(host)) return;
    this.trouble(`a request to another host: ${url}`);
  }

  /** A page that says no is a page like others, and the browser logs it; a part of a page that is refused is trouble. */
  answered(response) {
    const isPage = response.request().isNavigationRequest();
    if (isPage && response.status() >= 400 && response.status() < 500) this.refused.add(bare(response.url()));
    if (response.status() >= 500) this.trouble(`${response.status()} for ${response.url()}`);
  }

  trouble(text, from) {
    this.troubles.push({ text: `${text} (on ${this.page.url()})`, from });
  }

  /** Fails if anything happened that should not; what the browser logs comes later than what it tells of. */
  calm() {
    const isPage = ({ text, from }) => /Failed to load resource.* status of 4/.test(text) && this.refused.has(bare(from));
    const [first] = this.troubles.splice(0).filter((trouble) => !isPage(trouble));
    expect(first === undefined, first?.text);
  }

  async go(path) {
    this.browser.latest = this;
    const answer = await this.page.goto(path, { waitUntil: "load" });
    this.calm();
    return answer;
  }

  /** Clicks what leads to another page, and is there. */
  async click(target) {
    this.browser.latest = this;
    const element = typeof target === "string" ? this.link(target) : target;
    const arrived = this.page.waitForEvent("framenavigated", (frame) => frame === this.page.mainFrame());
    await Promise.all([arrived, element.click()]);
    await this.page.waitForLoadState("load");
    this.calm();
  }

  /** Clicks what opens another tab; gives the visitor at that tab. */
  async opens(link) {
    const [page] = await Promise.all([this.context.waitForEvent("page"), link.click()]);
    await page.waitForLoadState("load");
    const there = Object.create(this, { page: { value: page } });
    this.browser.latest = there;
    return there;
  }

  /** A link or button by its whole words, in the content of the page. */
  link(words) {
    const named = { name: words, exact: true };
    const main = this.page.locator("main");
    return main.getByRole("link", named).or(main.getByRole("button", named)).first();
  }

  menu(words) {
    return this.page.locator("nav.menu").getByRole("link", { name: words, exact: true });
  }

  path() {
    const { pathname, search } = new URL(this.page.url());
    return pathname + search;
  }

  text() {
    return this.page.locator("body").innerText();
  }

  async shows(text) {
    try {
      await this.page.locator("main").getByText(text).first().waitFor();
    } catch (error) {
      throw new Unexpected(`the page should show \`${text}\``, { cause: error });
    }
    this.calm();
  }

  async close() {
    this.calm();
    await this.context.close();
  }
}

module.exports = { Browser, WIDTH, HEIGHT };
