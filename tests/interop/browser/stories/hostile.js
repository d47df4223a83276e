// Names that want to be something else than text: everything that takes a name gets each of them, and every page that
// shows it shows it as it is. What runs a script, opens a dialog or asks elsewhere fails by itself (browser.js).
"use strict";

const { active, createFleet, createSession, upload } = require("../deeds");
const { expect } = require("../telling");
const { enter, fill, submit } = require("../visits");

const NAMES = [
  `<script>alert("1")</script>`,
  `"><img src=x onerror=alert(2)>'`,
  "\u202egpj.live\u202c \u2066admin",
  "W".repeat(1024),
  "👩‍👩‍👧‍👦 🏴‍☠️ é 队伍",
];

/** As much of a name as a field takes, in characters or in bytes. */
const characters = (name, most) => [...name].slice(0, most).join("");
function bytes(name, most) {
  let kept = "";
  for (const character of name) {
    if (Buffer.byteLength(kept + character) > most) break;
    kept += character;
  }
  return kept;
}

module.exports = async function hostile(world) {
  const { part, cloud } = world;
  const visitor = await enter(world);
  const shown = [];

  part("hostile names: packages, by the upload form");
  const assets = [];
  for (const name of NAMES) {
    assets.push(await upload(visitor, world, { name: characters(name, 64), version: characters(name, 64) }));
    shown.push(["/console/assets", characters(name, 64)]);
  }

  part("hostile names: fleets, policies, timers, sessions and players");
  const fleets = await Promise.all(NAMES.map((name, number) => fleet(cloud, assets[number], name)));
  for (const [number, name] of NAMES.entries()) shown.push(...(await within(cloud, fleets[number].FleetId, name)));

  part("hostile names: aliases, by their form");
  for (const [number, name] of NAMES.entries()) {
    await visitor.go("/console/aliases");
    await visitor.click("Create");
    await fill(visitor, { Name: name, Description: name, "RoutingStrategy.Type": "TERMINAL", "RoutingStrategy.Message": name });
    await submit(visitor);
    expect(visitor.path() === "/console/aliases", "the list shows the new alias", visitor.path());
    const { Aliases } = await cloud.call("ListAliases", { Limit: 100 });
    const alias = Aliases.find(({ Name }) => Name === name);
    expect(alias, "what was typed is what is stored", name.slice(0, 40));
    shown.push(["/console/aliases", name], [`/console/do/UpdateAlias?AliasId=${alias.AliasId}`, name, "value"]);
    await queue(cloud, fleets[number].FleetArn, number, name);
    shown.push(["/console/queues", bytes(name, 127)]);
  }

  part("hostile names: each page shows them as text");
  await look(visitor, shown);
  await world.pictures.take(visitor, "hostile-last");
};

function fleet(cloud, asset, name) {
  const tag = { Key: bytes(name, 127), Value: bytes(name, 255) };
  return createFleet(cloud, { asset, name: characters(name, 50), Description: characters(name, 100), Tags: [tag] });
}

/** Fills a fleet with what has names, and says where they are shown. */
async function within(cloud, fleet, name) {
  await active(cloud, fleet);
  const base = `/console/fleets/${fleet}`;
  const policy = { FleetId: fleet, Name: name, PolicyType: "TargetBased", TargetConfiguration: { TargetValue: 30 } };
  await cloud.call("PutScalingPolicy", policy);
  await cloud.call("PutTimerScalingPolicy", { TimerScalingPolicy: timer(fleet, characters(name, 50)) });
  const session = await createSession(cloud, {
    FleetId: fleet,
    Name: bytes(name, 1024),
    CreatorId: bytes(name, 1024),
    GameServerSessionData: name,
    GameProperties: [{ Key: bytes(name, 32), Value: bytes(name, 96) }],
  });
  await cloud.call("JoinGameServerSession", { GameServerSessionId: session, PlayerId: bytes(name, 1024), PlayerData: name });
  const page = `/console/session?id=${encodeURIComponent(session)}`;
  return [
    ["/console/fleets", characters(name, 50)],
    ["/console/fleets", bytes(name, 255)],
    [base, characters(name, 50)],
    [base, characters(name, 100)],
    [`${base}/asset`, characters(name, 64)],
    [`${base}/scaling`, name],
    [`${base}/scaling`, characters(name, 50)],
    [`${base}/sessions`, bytes(name, 1024)],
    [page, bytes(name, 1024)],
    [page, bytes(name, 96)],
  ];
}

function timer(fleet, name) {
  const begin = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, "");
  return {
    TimerName: name,
    TimerFleetCapacity: { FleetId: fleet, ScalingType: 1, MinSize: 0, MaxSize: 1, DesiredInstances: 1, ScalingInterval: 10 },
    TimerConfiguration: { TimerType: 1, BeginTime: begin },
  };
}

async function queue(cloud, destination, number, name) {
  await cloud.call("CreateGameServerSessionQueue", {
    Name: `hostile-${number}`,
    TimeoutInSeconds: 30,
    Destinations: [{ DestinationArn: destination }],
    Tags: [{ Key: bytes(name, 127), Value: bytes(name, 255) }],
  });
}

/** Opens each page once and looks for all that it should show. */
async function look(visitor, shown) {
  const pages = group(shown);
  for (const [path, names] of pages) {
    await visitor.go(path);
    for (const [, name, where = "text"] of names) {
      const found = await visitor.page.evaluate(shows, [name, where]);
      expect(found, `${path} shows \`${name.slice(0, 60)}\` as it is`);
    }
    const made = await visitor.page.locator("main img, main script, main iframe, main [onerror]").count();
    expect(made === 0, `no name on ${path} has become markup`, made);
  }
}

function group(shown) {
  const pages = new Map();
  for (const entry of shown) pages.set(entry[0], [...(pages.get(entry[0]) ?? []), entry]);
  return pages;
}

/** Runs in the page. */
function shows([name, where]) {
  const main = document.querySelector("main");
  if (where === "text") return main.textContent.includes(name);
  return [...main.querySelectorAll("input, textarea")].some((field) => field.value === name);
}
