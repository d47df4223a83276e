// The console's conveniences. Every page can be read without them; only uploading needs them.
"use strict";

document.documentElement.classList.add("scripted");

// Choices that need no button.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.submit();
});

// Copying code.
function offerCopies() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.onclick = async () => {
      await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
      button.textContent = "✓";
    };
  }
}

// Lists are sorted by a column, either way; numbers as numbers.
function lasted(text) {
  const parts = /^(?:(\d+)d )?(?:(\d+)h )?(?:(\d+)m )?(\d+)s$/.exec(text);
  return parts && [86400, 3600, 60, 1].reduce((sum, unit, at) => sum + unit * Number(parts[at + 1] ?? 0), 0);
}
let sorting = null;
function sortBy(table, column, up) {
  const key = (row) => row.cells[column]?.textContent.trim() ?? "";
  const order = (a, b) => {
    const one = lasted(key(a)), other = lasted(key(b));
    if (one !== null && other !== null) return one - other;
    return key(a).localeCompare(key(b), undefined, { numeric: true });
  };
  const rows = [...table.tBodies[0].rows].sort((a, b) => (up ? order(a, b) : order(b, a)));
  table.tBodies[0].append(...rows);
  [...table.tHead.rows[0].cells].forEach((cell, index) => {
    cell.setAttribute("aria-sort", index === column ? (up ? "ascending" : "descending") : "none");
  });
}
function offerSorting() {
  document.querySelectorAll("main table").forEach((table, number) => {
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      // What is to be pressed or filled in has no order.
      if ([...table.tBodies[0].rows].some((row) => row.cells[column]?.querySelector(".button, form, button"))) return;
      const button = document.createElement("button");
      button.append(...cell.childNodes);
      cell.append(button);
      button.onclick = () => {
        const up = cell.getAttribute("aria-sort") !== "ascending";
        sorting = { number, column, up };
        sortBy(table, column, up);
      };
    });
    if (sorting && sorting.number === number) sortBy(table, sorting.column, sorting.up);
  });
}

// Running times go on.
const born = Date.now();
function duration(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const parts = [[Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"], [Math.floor(seconds / 60) % 60, "m"]];
  let shown = "";
  for (const [count, unit] of parts) if (count > 0 || shown) shown += two(count) + unit + " ";
  return shown + two(seconds % 60) + "s";
}
setInterval(() => {
  for (const span of document.querySelectorAll("[data-since]")) {
    const since = Number(span.dataset.since);
    span.textContent = duration(Math.max(0, Math.floor(Date.now() / 1000) - since));
  }
}, 1000);

// Pages that follow what they show. Nothing is taken away from under somebody who types, selects or presses, nor what was
// filled in: as long as that is so, there is only a word that there is news.
let isPressing = false;
const isPress = ({ type, button, key }) => (type === "keydown" ? key === " " || key === "Enter" : button === 0);
// What a press does, it does before this.
const released = () => setTimeout(() => { isPressing = false; });
for (const name of ["pointerdown", "keydown"]) addEventListener(name, (event) => { isPressing ||= isPress(event); }, true);
for (const name of ["pointerup", "pointercancel", "keyup"]) addEventListener(name, released, true);
addEventListener("blur", released);
const given = new WeakMap();
const filled = (control) => (control.type === "checkbox" || control.type === "radio" ? control.checked : control.value);
const controls = () => document.querySelectorAll("main input, main select, main textarea");
const isFilled = (control) => given.has(control) && given.get(control) !== filled(control);
function isBusy(main) {
  const at = document.activeElement;
  if (at && main.contains(at) && at.matches("input, select, textarea")) return true;
  return isPressing || !getSelection().isCollapsed || [...controls()].some(isFilled);
}
const ownRegion = () => document.querySelector("meta[name=region]").content;
let isStale = false;
let looks = 0;
async function refresh(main) {
  // Looked at again when nobody is in the way.
  const busy = isBusy(main);
  isStale = busy || document.hidden;
  if (busy) tellNews(main);
  if (isStale) return;
  looks += 1;
  const look = looks;
  // In the region of this page, whichever one another tab has gone to.
  const headers = { Accept: "text/html", "X-Console-Region": ownRegion() };
  const answer = await fetch(location.href, { headers }).catch(() => null);
  // What is gone stays as it was last seen.
  if (answer && answer.status >= 400 && answer.status < 500) return;
  const text = answer?.ok ? await answer.text().catch(() => "") : "";
  // A later look shows what is newer, also when its answer was quicker.
  if (look !== looks) return;
  const next = new DOMParser().parseFromString(text, "text/html").querySelector("main");
  // The page is not told again of what it could not read.
  isStale = !next || isBusy(main);
  if (isStale) return next && tellNews(main);
  const at = document.activeElement;
  const focused = at && main.contains(at) && calledAs(at);
  const nth = focused && alike(main, at.tagName, focused).indexOf(at);
  const before = places(main);
  main.replaceChildren(...next.childNodes);
  news?.remove();
  prepare();
  putBack(main, before);
  if (focused) alike(main, at.tagName, focused)[nth]?.focus({ preventScroll: true });
}
// What tells an element from the others: so the one that takes its place is found again.
function calledAs(element) {
  const own = ["id", "href", "name", "value"].map((name) => element.getAttribute(name));
  const words = element.matches("a, button, summary") ? element.textContent : "";
  const form = element.form;
  const about = form ? [...form.querySelectorAll("input[type=hidden]")].map(({ name, value }) => [name, value]) : [];
  return JSON.stringify([own, words, form?.getAttribute("action"), about]);
}
function alike(main, tag, called) {
  return [...main.querySelectorAll(tag)].filter((element) => calledAs(element) === called);
}
// Beside the page, so that nothing moves.
let news = null;
function tellNews(main) {
  if (news?.isConnected) return;
  news = document.createElement("p");
  news.className = "news";
  news.setAttribute("role", "status");
  const show = document.createElement("button");
  show.textContent = main.dataset.news;
  show.onclick = () => location.reload();
  news.append(show);
  main.after(news);
}
// What was opened stays open. Output shows its end, unless somebody has gone back in it.
function places(main) {
  const end = (tail) => tail.scrollHeight - tail.scrollTop - tail.clientHeight < 4;
  return {
    tails: [...main.querySelectorAll("[data-tail]")].map((tail) => (end(tail) ? null : tail.scrollTop)),
    open: [...main.querySelectorAll("details")].map((details) => details.open),
  };
}
function putBack(main, { tails, open }) {
  main.querySelectorAll("[data-tail]").forEach((tail, number) => { tail.scrollTop = tails[number] ?? tail.scrollHeight; });
  const parts = main.querySelectorAll("details");
  // Where a part came or went, their places no longer tell which is which.
  if (parts.length === open.length) parts.forEach((part, number) => { part.open = open[number]; });
}
function follow() {
  const main = document.querySelector("main[data-live]");
  if (!main) return;
  putBack(main, { tails: [], open: [] });
  if (!window.EventSource) return;
  setInterval(() => { if (isStale) refresh(main); }, 1000);
  // A browser has few connections to one host: a page that nobody sees keeps none, and goes on from what it was told.
  const live = new URL(main.dataset.live, location.href);
  let source = null;
  const listen = () => {
    if (document.hidden || source) return;
    source = new EventSource(live);
    source.onmessage = (event) => {
      live.searchParams.set("seen", event.lastEventId);
      refresh(main);
    };
  };
  const leave = () => { source = source?.close(); };
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : listen()));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", listen);
  listen();
}

// Where a menu is wider than the window, the place where one is is in sight.
function showPlace() {
  for (const here of document.querySelectorAll(".menu [aria-current], .tabs [aria-current]")) {
    const strip = here.closest("ul, .tabs");
    strip.scrollLeft = here.offsetLeft - strip.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
  }
}
addEventListener("resize", showPlace);

// Fields that are for some choices only: data-when is `name=value|value`.
function applyConditions() {
  for (const part of document.querySelectorAll("[data-when]")) {
    const [name, values] = part.dataset.when.split("=");
    const form = part.closest("form");
    const field = form && form.elements[name];
    if (field) part.hidden = !values.split("|").includes(field.value);
  }
}
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-decides]")) applyConditions();
});

// Uploading: the file as it is, with its progress.
function offerUpload() {
  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  const file = form.elements.file, drop = form.querySelector("[data-drop]");
  form.ondragover = (event) => { event.preventDefault(); drop.classList.add("over"); };
  form.ondragleave = () => drop.classList.remove("over");
  form.ondrop = (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) file.files = event.dataTransfer.files;
    file.dispatchEvent(new Event("change"));
  };
  file.onchange = () => {
    const name = form.elements.name, chosen = file.files[0];
    if (chosen && !name.value) name.value = chosen.name.replace(/\.zip$/i, "").slice(0, 64);
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    const progress = form.querySelector("progress"), told = form.querySelector("[data-progress]");
    const notice = form.querySelector(".notice"), button = form.querySelector("button");
    const say = (text) => { notice.textContent = text; notice.hidden = !text; button.disabled = !text; progress.hidden = !!text; };
    const query = new URLSearchParams();
    for (const name of ["name", "version", "os", "tags"]) query.set(name, form.elements[name].value);
    query.set("image", form.elements.os.selectedOptions[0]?.dataset.image ?? "");
    query.set("_region", ownRegion());
    const request = new XMLHttpRequest();
    request.open("PUT", "/console/upload?" + query);
    request.setRequestHeader("X-CSRF-Token", document.querySelector("meta[name=csrf]").content);
    request.upload.onprogress = (event) => {
      if (!event.lengthComputable) return;
      progress.value = event.loaded / event.total;
      const mib = (bytes) => (bytes / 1048576).toFixed(1);
      told.textContent = `${Math.floor(100 * event.loaded / event.total)} % · ${mib(event.loaded)} / ${mib(event.total)} MiB`;
    };
    request.onload = () => (request.status === 200 ? location.assign(request.responseText) : say(request.responseText || String(request.status)));
    request.onerror = () => say(button.dataset.lost);
    progress.hidden = false;
    say("");
    progress.hidden = false;
    request.send(file.files[0]);
  };
}

// What scrolls can be scrolled by keyboard.
function reachScrollers() {
  for (const box of document.querySelectorAll("td > div, pre, .scroll")) {
    const scrolls = box.scrollHeight > box.clientHeight || box.scrollWidth > box.clientWidth;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
addEventListener("resize", reachScrollers);

function prepare() {
  reachScrollers();
  offerCopies();
  offerSorting();
  applyConditions();
  for (const control of controls()) given.set(control, filled(control));
  showPlace();
}
prepare();
offerUpload();
follow();
