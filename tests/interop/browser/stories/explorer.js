// The API Explorer: every action has its form; what a form says is what is sent; and the code that it shows does the
// same when it is run.
"use strict";

const { execFile } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { isDeepStrictEqual, promisify } = require("node:util");
const { Refused } = require("../cloud");
const { active, createFleet, upload } = require("../deeds");
const { expect, tell } = require("../telling");
const { enter, fill } = require("../visits");

const ACTIONS = 74;
/** The languages whose code is run, the file that it becomes, and what runs it; then tccli, where it is installed. */
const RUN = [
  ["curl", "call.sh", ["bash"]],
  ["Python", "call.py", ["python3"]],
  ["Node.js", "call.js", [process.execPath]],
];
const TCCLI = ["tccli", "call-tccli.sh", ["bash"]];
const ALL_LANGUAGES = ["curl", "tccli", "Python", "Node.js", "Java", "Go", "Rust"];
/** Nothing of this may leave its quotes in any language. */
const CUNNING = "it's \"quoted\" \\ $(touch escaped) `touch escaped` ${x} %s #{y} \u2028 </code> 😀 @BODY@";

module.exports = async function explorer(world) {
  const { part, cloud } = world;
  const visitor = await enter(world);
  await visitor.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: cloud.endpoint });

  part("explorer: every action has a form");
  await visitor.click(visitor.menu("API Explorer"));
  const actions = await visitor.page.locator("main section li a").allInnerTexts();
  expect(new Set(actions).size === ACTIONS, `there are ${ACTIONS} actions`, actions.length);

  part("explorer: a form is filled in, the request is shown, and it is called for real");
  const alias = await aliasByForm(world, visitor);

  part("explorer: the code that it shows does the same when it is run");
  const queue = await aQueue(world, visitor);
  const tccli = installedTccli();
  if (!tccli) tell({ answer: "the code for tccli is not run: `cargo xtask interop` without `--browser-only` installs tccli" });
  const samples = [
    ["a read", "DescribeFleetAttributes", { Limit: 5 }],
    ["a write", "UpdateAlias", { AliasId: alias, Description: CUNNING }],
    ["nested lists", "UpdateGameServerSessionQueue", queue],
    ["a refusal", "DescribeAlias", { AliasId: "alias-nobodyhasit" }],
  ];
  for (const [what, action, members] of samples) await codeOf({ ...world, tccli }, visitor, what, action, members);
  const { Alias } = await cloud.call("DescribeAlias", { AliasId: alias });
  expect(Alias.Description === CUNNING, "what was typed arrives as it was typed", Alias.Description);
};

async function aliasByForm(world, visitor) {
  await visitor.click(visitor.page.locator("main").getByRole("link", { name: "CreateAlias", exact: true }));
  await fill(visitor, { Name: "explored", "RoutingStrategy.Type": "TERMINAL", "RoutingStrategy.Message": "away" });
  await visitor.click("Show request and code");
  const request = await visitor.page.locator("#result pre").first().innerText();
  for (const line of ["X-TC-Action: CreateAlias", "X-TC-Version: 2019-11-12", "TC3-HMAC-SHA256 Credential=", '"Name": "explored"']) {
    expect(request.toLowerCase().includes(line.toLowerCase()), `the request has \`${line}\``, request);
  }
  expect(!request.includes(world.cloud.key), "the secret key is not in the request");
  await visitor.shows("Not called yet.");
  await visitor.click("Call it");
  const answer = JSON.parse(await visitor.page.locator("#result pre.good").innerText());
  const { Alias } = await world.cloud.call("DescribeAlias", { AliasId: answer.Alias.AliasId });
  expect(Alias.Name === "explored" && Alias.RoutingStrategy.Message === "away", "the alias is there", Alias);
  await world.pictures.take(visitor, "explorer-called");

  await visitor.go("/console/explorer/DescribeAlias");
  await fill(visitor, { AliasId: "alias-nobodyhasit" });
  await visitor.click("Call it");
  await visitor.page.locator("#result [role=alert]").getByText("ResourceNotFound").waitFor();
  await world.pictures.take(visitor, "explorer-refused");
  return Alias.AliasId;
}

/** A queue with two destinations; the members of a change of it. */
async function aQueue(world, visitor) {
  const asset = await upload(visitor, world, { name: "explored" });
  const fleets = await Promise.all(["one", "two"].map((name) => createFleet(world.cloud, { asset, name: `explored ${name}` })));
  // An answer that changes by itself cannot be compared.
  await Promise.all(fleets.map(({ FleetId }) => active(world.cloud, FleetId)));
  const [one, two] = fleets.map(({ FleetArn }) => FleetArn);
  await world.cloud.call("CreateGameServerSessionQueue", { Name: "explored", TimeoutInSeconds: 30, Destinations: [{ DestinationArn: one }] });
  return {
    Name: "explored",
    TimeoutInSeconds: 60,
    "PlayerLatencyPolicies.0.MaximumIndividualPlayerLatencyMilliseconds": 80,
    "PlayerLatencyPolicies.0.PolicyDurationSeconds": 10,
    "PlayerLatencyPolicies.1.MaximumIndividualPlayerLatencyMilliseconds": 150,
    "Destinations.0.DestinationArn": two,
    "Destinations.1.DestinationArn": one,
  };
}

/** Fills in the form, takes the code from the page, runs it, and compares its answer with that of a direct call. */
async function codeOf(world, visitor, what, action, members) {
  await visitor.go(`/console/explorer/${action}`);
  await fill(visitor, members);
  await visitor.click("Show request and code");
  const languages = await visitor.page.locator("#result details:has(button[data-copy]) > summary").allInnerTexts();
  expect(isDeepStrictEqual(languages, ALL_LANGUAGES), "there is code in seven languages", languages);
  const wanted = still(await direct(world.cloud, action, nested(members)));
  const all = world.tccli ? [...RUN, TCCLI] : RUN;
  for (const [language, file, runner] of all) {
    const code = await shownCode(visitor, language);
    const answer = still(await (language === "tccli" ? runTccli : run)(world, file, runner, code));
    expect(isDeepStrictEqual(answer, wanted), `${language} is answered as a direct call of ${action} is`, { answer, wanted });
  }
  tell({ answer: `${what}, ${action}: ${all.map(([language]) => language).join(", ")} are answered alike` });
}

/** The code of a language, as the button copies it. */
async function shownCode(visitor, language) {
  const box = visitor.page.locator("#result details", { has: visitor.page.locator("summary", { hasText: new RegExp(`^${language}$`) }) });
  await box.locator("summary").click();
  const code = await box.locator("code").innerText();
  await box.getByRole("button", { name: "Copy" }).click();
  await box.getByText("✓").waitFor();
  const copied = await visitor.page.evaluate("navigator.clipboard.readText()");
  expect(copied.trim() === code.trim(), `the button copies the ${language} code that is shown`);
  return copied;
}

async function run(world, file, runner, code) {
  const { stdout } = await execute(world, file, runner, code);
  return JSON.parse(stdout).Response;
}

async function execute({ cloud, scratch }, file, [program, ...before], code, more = {}) {
  const folder = path.join(scratch, "explored");
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, file), code);
  const env = { PATH: process.env.PATH, HOME: folder, TENCENTCLOUD_SECRET_ID: cloud.id, TENCENTCLOUD_SECRET_KEY: cloud.key, ...more };
  try {
    return await promisify(execFile)(program, [...before, file], { cwd: folder, env, timeout: 60_000 });
  } finally {
    expect(!fs.existsSync(path.join(folder, "escaped")), `nothing that was typed is run by ${file}`);
  }
}

/** tccli prints what is in `Response`, and a refusal as text. */
async function runTccli(world, file, runner, code) {
  const programs = path.join(world.scratch, "programs");
  fs.mkdirSync(programs, { recursive: true });
  // Its own start script names an interpreter that is only there while it is installed.
  fs.writeFileSync(path.join(programs, "tccli"), `#!/bin/sh\nexec python3 '${world.tccli}/bin/tccli' "$@"\n`, { mode: 0o755 });
  const more = {
    PATH: `${programs}:${process.env.PATH}`,
    PYTHONPATH: world.tccli,
    PYTHONPYCACHEPREFIX: path.join(world.tccli, "../bytecode"),
  };
  try {
    return JSON.parse((await execute(world, file, runner, code, more)).stdout);
  } catch (failed) {
    const refused = /\[TencentCloudSDKException\] code:(\S+) message:([^]*) requestId:(?!None)\S+\s*$/.exec(failed.stderr ?? "");
    if (!refused) throw failed;
    return { Error: { Code: refused[1], Message: refused[2] } };
  }
}

/** The folder of tccli, which `cargo xtask interop` keeps beside the packages of this story; nothing if it is not there. */
function installedTccli() {
  const kept = path.join(process.env.NODE_PATH, "../..");
  const clients = fs.readdirSync(kept).filter((name) => /^clients-[0-9a-f]{16}$/.test(name)).map((name) => path.join(kept, name));
  // An older one is of other requirements.
  const newest = clients.sort((one, other) => fs.statSync(other).mtimeMs - fs.statSync(one).mtimeMs)[0];
  return newest && path.join(newest, "tccli");
}

async function direct(cloud, action, members) {
  try {
    return await cloud.call(action, members);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { Error: error.error };
  }
}

/** Without what is another one each time, and without the nulls that tccli writes for members that are not there. */
function still(answer) {
  const text = JSON.stringify(answer, (name, value) => (value === null || /^(RequestId|LastUpdatedTime)$/.test(name) ? undefined : value));
  return JSON.parse(text);
}

/** Dotted names as lists and structures. */
function nested(members) {
  const body = {};
  for (const [name, value] of Object.entries(members)) {
    const steps = name.split(".");
    const last = steps.pop();
    const holder = steps.reduce((at, step, index) => (at[step] ??= /^\d+$/.test(steps[index + 1] ?? last) ? [] : {}), body);
    holder[last] = value;
  }
  return body;
}
