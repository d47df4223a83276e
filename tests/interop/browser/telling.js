// What a story tells `cargo xtask interop`, a JSON object on each line; it shows the lines as they come.
"use strict";

const asciiOnly = (text) => text.replace(/[^\x00-\x7f]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));

// No locale can break it.
const tell = (what) => process.stdout.write(asciiOnly(JSON.stringify(what)) + "\n");

/** What was expected and did not happen, in words. */
class Unexpected extends Error {}

function expect(holds, what, found) {
  if (holds) return;
  throw new Unexpected(found === undefined ? what : `${what}; found ${typeof found === "string" ? `\`${found}\`` : JSON.stringify(found)}`);
}

/** Asks until it is so. `look` gives something true when it is, and is asked again as soon as it has answered. */
async function until(what, look, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Unexpected(`waited ${seconds} s until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

module.exports = { tell, expect, until, Unexpected };
