// Who gets in, and what a page of somebody else can do in his name.
"use strict";

const http = require("node:http");
const { logIn } = require("../visits");
const { expect } = require("../telling");

module.exports = async function login(world) {
  const { cloud, part, pictures } = world;
  const visitor = await world.browser.visitor();

  part("login: a key that is none is refused in words");
  await visitor.go("/console/fleets");
  await pictures.take(visitor, "login");
  await logIn(visitor, { id: cloud.id, key: "not the key" });
  await visitor.shows("This key is not accepted.");
  expect(visitor.path() === "/console/login", "a refused login stays at the login", visitor.path());
  await pictures.take(visitor, "login-refused");

  part("login: the right key leads to the page that was asked for");
  await visitor.go("/console/fleets");
  await visitor.page.getByLabel("SecretId").fill(cloud.id);
  await visitor.page.getByLabel("SecretKey").fill(cloud.key);
  await Promise.all([visitor.page.waitForURL("**/console/fleets"), visitor.page.keyboard.press("Enter")]);
  await visitor.page.getByRole("heading", { name: "Fleets" }).waitFor();
  expect(!(await visitor.page.content()).includes(cloud.key), "the secret key is on no page");
  const [cookie] = (await visitor.context.cookies()).filter(({ name }) => name === "gse_console");
  const { httpOnly, sameSite, path } = cookie;
  expect(httpOnly && sameSite === "Lax" && path === "/console", "the cookie is for the console alone", cookie);

  part("login: whoever follows a link from another site is still logged in, in every tab");
  await linked(world, visitor);

  part("login: another page cannot act for who is logged in");
  await foreign(world, visitor);
  await forged(world, visitor);

  part("login: after logging out nothing is shown");
  await visitor.go("/console/fleets");
  await visitor.click(visitor.page.getByRole("button", { name: "Log out" }));
  await visitor.page.getByLabel("SecretId").waitFor();
  const again = await visitor.context.request.get("/console/fleets", { headers: { Cookie: `gse_console=${cookie.value}` } });
  expect((await again.text()).includes("secret_key"), "the cookie of a login that ended is worth nothing");
};

/** A page of another site links to the console, which does not end the login. */
async function linked(world, visitor) {
  const { page } = visitor;
  const host = "elsewhere.example";
  const console = `${world.cloud.endpoint}/console`;
  const body = `<a href="${console}/aliases">look</a>`;
  visitor.hosts.add(host);
  await page.route(`http://${host}/**`, (route) => route.fulfill({ contentType: "text/html", body }));
  try {
    await page.goto(`http://${host}/`, { waitUntil: "load" });
    await visitor.click(page.getByRole("link", { name: "look" }));
    await page.getByRole("heading", { name: "Aliases" }).waitFor();
    await visitor.go("/console/fleets");
    await page.getByRole("heading", { name: "Fleets" }).waitFor();
  } finally {
    await page.unroute(`http://${host}/**`);
    visitor.hosts.delete(host);
  }
}

/** A page of another origin on this machine posts a form; the browser sends the cookie, the console does not take it. */
async function foreign(world, visitor) {
  const target = `${world.cloud.endpoint}/console/do/CreateAlias`;
  const page = `<form method=post action="${target}"><input name=Name value=stolen><input name=RoutingStrategy.Type value=TERMINAL>
    <input name=RoutingStrategy.Message value=x><button>win</button></form>`;
  const server = http.createServer((_, response) => response.setHeader("Content-Type", "text/html").end(page));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `127.0.0.1:${server.address().port}`;
  visitor.hosts.add(origin);
  try {
    await visitor.page.goto(`http://${origin}/`);
    await visitor.click(visitor.page.getByRole("button", { name: "win" }));
    await visitor.shows("This form is too old or comes from somewhere else.");
    await world.pictures.take(visitor, "form-refused");
  } finally {
    visitor.hosts.delete(origin);
    server.closeAllConnections();
    server.close();
  }
  const { TotalCount } = await world.cloud.call("ListAliases");
  expect(TotalCount === 0, "nothing was made in the visitor's name", TotalCount);
}

/** The same cookie without the token, with one of somebody else, and with a header that says where it comes from. */
async function forged(world, visitor) {
  await visitor.go("/console/fleets");
  const token = await visitor.page.locator("meta[name=csrf]").getAttribute("content");
  const post = (form, headers = {}) =>
    visitor.context.request.post("/console/do/CreateAlias", { form, headers, maxRedirects: 0 });
  const tries = [
    ["no token", {}],
    ["an invented token", { _token: "00".repeat(32) }],
    ["a token that is no hex", { _token: "<script>" }],
    ["another origin", { _token: token }, { Origin: "http://127.0.0.1:1" }],
    ["another site", { _token: token }, { "Sec-Fetch-Site": "cross-site" }],
  ];
  for (const [what, form, headers] of tries) {
    const answer = await post(form, headers);
    expect(answer.status() === 403, `a form with ${what} is refused`, answer.status());
  }
  const put = await visitor.context.request.put("/console/upload?name=a&version=1&os=x", { data: "zip" });
  expect(put.status() === 403, "an upload without the token is refused", put.status());
  const good = await post({ _token: token });
  expect(good.status() === 400, "with the token it is the form that is refused", good.status());
}
