// What stories do with packages, fleets and sessions besides what they are about.
"use strict";

const { expect, until } = require("./telling");
const { act, fill, says, submit } = require("./visits");

const LOBBY = "/local/game/game-server";
const TRANSIENT = new Set(["NEW", "DOWNLOADING", "VALIDATING", "BUILDING", "ACTIVATING"]);

/** Chooses the file and presses the button; gives the id of the package, which is ready. */
async function upload(visitor, { cloud, zip }, { name, version = "1.0" }) {
  const before = new Set((await assets(cloud)).map(({ AssetId }) => AssetId));
  await visitor.go("/console/assets/upload");
  await visitor.page.getByLabel("Name", { exact: true }).fill(name);
  await visitor.page.getByLabel("Version", { exact: true }).fill(version);
  const chooser = visitor.page.waitForEvent("filechooser");
  await visitor.page.locator("input[type=file]").click();
  await (await chooser).setFiles(zip);
  await visitor.click("Upload a package");
  expect(/^.console.assets.asset-/.test(visitor.path()), "after an upload comes what is wrong with the package", visitor.path());
  const { AssetId } = await until("the package is checked", async () => {
    const made = (await assets(cloud)).find(({ AssetId }) => !before.has(AssetId));
    return made?.Stauts === 2 && made;
  });
  return AssetId;
}

async function assets(cloud) {
  return (await cloud.call("DescribeAssets", { AssetRegion: cloud.region, Limit: 100, Offset: 0 })).Assets;
}

/** A fleet of lobbies, made by a script. */
async function createFleet(cloud, { asset, name, processes = 1, ...more }) {
  const { FleetAttributes } = await cloud.call("CreateFleet", {
    AssetId: asset,
    Name: name,
    InstanceType: "S5.LARGE8",
    RuntimeConfiguration: {
      ServerProcesses: [{ LaunchPath: LOBBY, Parameters: "--host lobby", ConcurrentExecutions: processes }],
    },
    InboundPermissions: [{ FromPort: 1025, ToPort: 60000, Protocol: "UDP", IpRange: "0.0.0.0/0" }],
    ...more,
  });
  return FleetAttributes;
}

async function active(cloud, fleet) {
  await until(`${fleet} is ACTIVE`, async () => {
    const { FleetAttributes } = await cloud.call("DescribeFleetAttributes", { FleetIds: [fleet] });
    const state = FleetAttributes[0].Status;
    expect(state === "ACTIVE" || TRANSIENT.has(state), `${fleet} is on its way to ACTIVE`, state);
    return state === "ACTIVE";
  }, 120);
}

/** A session that players can join. */
async function createSession(cloud, members) {
  const { GameServerSession } = await cloud.call("CreateGameServerSession", { MaximumPlayerSessionCount: 10, ...members });
  const id = GameServerSession.GameServerSessionId;
  await until(`${id} is ACTIVE`, async () => {
    const { GameServerSessions } = await cloud.call("DescribeGameServerSessions", { GameServerSessionId: id });
    return GameServerSessions[0]?.Status === "ACTIVE";
  });
  return id;
}

/** A fleet of lobbies, made by hand; the page says when it is ACTIVE. */
async function fleetByHand(visitor, { asset, name, processes = 1 }) {
  await visitor.click(visitor.menu("Asset packages"));
  await act(visitor, "CreateFleet", asset);
  const launch = "RuntimeConfiguration.ServerProcesses.0";
  await fill(visitor, {
    Name: name,
    InstanceType: "S5.LARGE8",
    [`${launch}.LaunchPath`]: LOBBY,
    [`${launch}.Parameters`]: "--host lobby",
    [`${launch}.ConcurrentExecutions`]: processes,
  });
  await submit(visitor);
  await says(visitor, `${name} is ACTIVE`, visitor.page.locator("main h1 .status"), /^ACTIVE$/, 120);
  return visitor.path().split("/").at(-1);
}

/** A session of a fleet or an alias, from the page that has its button. */
async function sessionByHand(visitor, about, members = {}) {
  await act(visitor, "CreateGameServerSession", about);
  await fill(visitor, { MaximumPlayerSessionCount: 10, ...members });
  await submit(visitor);
  await says(visitor, "the session is ACTIVE", visitor.page.locator("main h1 .status"), /^ACTIVE$/);
  return new URL(visitor.page.url()).searchParams.get("id");
}

/** Opens a tab of a fleet, by the menu and the list. */
async function openFleet(visitor, fleet, tab) {
  await visitor.click(visitor.menu("Fleets"));
  await visitor.click(visitor.page.locator("main").getByRole("link", { name: fleet }).first());
  if (tab) await visitor.click(visitor.page.locator("nav.tabs").getByRole("link", { name: tab, exact: true }));
}

module.exports = { LOBBY, active, createFleet, createSession, fleetByHand, openFleet, sessionByHand, upload };
