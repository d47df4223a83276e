// Walkthroughs W4 and W5 of operations.md 13.4 and 13.5 by mouse: placements near the players, and away from a region
// that is full, not reached or broken.
"use strict";

const { fleetByHand, openFleet, sessionByHand, upload } = require("../deeds");
const { expect } = require("../telling");
const { act, chooseRegion, enter, fill, says, submit, valueOf } = require("../visits");

const [NEAR, FAR] = ["ap-shanghai", "na-siliconvalley"];
/** The near fleet is to become full, the far one is not. */
const PROCESSES = { [NEAR]: 2, [FAR]: 8 };
/** Player, region, milliseconds. */
const LATENCIES = [["1", NEAR, 100], ["1", FAR, 50], ["2", NEAR, 60], ["2", FAR, 80]];

module.exports = async function placement(world) {
  const { part, cloud } = world;
  const visitor = await enter(world);

  part("W4, nearby scheduling: a fleet in each of two regions");
  const fleets = {};
  for (const region of [FAR, NEAR]) {
    await chooseRegion(visitor, region);
    const asset = await upload(visitor, { ...world, cloud: cloud.in(region) }, { name: `nearby ${region}` });
    const id = await fleetByHand(visitor, { asset, name: `nearby ${region}`, processes: PROCESSES[region] });
    const { FleetAttributes } = await cloud.in(region).call("DescribeFleetAttributes", { FleetIds: [id] });
    fleets[region] = { id, arn: FleetAttributes[0].FleetArn };
  }

  part("W4: a queue with both, and a placement of two players that the form tries out");
  await queue(visitor, "dispatchingnearby", [fleets[NEAR], fleets[FAR]], [[80, 10], [100, 10], [150]]);
  await place(visitor, "dispatchingnearby", "nearby-1", LATENCIES);
  await placed(visitor, FAR);
  const { GameServerSessionPlacement } = await cloud.call("DescribeGameServerSessionPlacement", { PlacementId: "nearby-1" });
  const session = GameServerSessionPlacement.GameServerSessionId;
  expect(session.includes(fleets[FAR].id) && session.endsWith("/nearby-1"), "the session is of the far fleet", session);
  expect(GameServerSessionPlacement.PlacedPlayerSessions.length === 2, "both players have a place");
  const { PlayerSessions } = await cloud.in(FAR).call("DescribePlayerSessions", { GameServerSessionId: session });
  expect(PlayerSessions.every(({ Status }) => Status === "RESERVED"), "their places are RESERVED", PlayerSessions);
  await world.pictures.take(visitor, "w4-placement");
  await openFleet(visitor, fleets[NEAR].id, "Game server sessions");
  await visitor.shows("There is nothing here yet.");
  await visited(visitor, session, fleets[FAR].id);

  await disaster(world, visitor, fleets);
};

/** The session lies in another region than its placement; its link is good in a tab of its own, as are those from there on. */
async function visited(visitor, session, fleet) {
  await visitor.go("/console/placement?id=nearby-1");
  const href = await visitor.page.locator('main a[href^="/console/session?"]').getAttribute("href");
  const there = Object.create(visitor, { page: { value: await visitor.context.newPage() } });
  await there.go(href);
  expect((await there.page.locator("#region").inputValue()) === FAR, "the tab is in the far region");
  await there.click(there.page.locator(`main a[href^="/console/fleets/${fleet}"]`).first());
  await there.click(there.link("Game server sessions"));
  await there.page.locator(`main a[href*="${encodeURIComponent(session)}"]`).first().waitFor();
  await there.page.close();
  await visitor.page.bringToFront();
}

/** W5. */
async function disaster({ part, pictures }, visitor, fleets) {
  const name = "disasterrecovery";
  part("W5, disaster recovery: both regions qualify, the first in order wins");
  await queue(visitor, name, [fleets[NEAR], fleets[FAR]], [[150]]);
  await place(visitor, name, "d-1", LATENCIES);
  await placed(visitor, NEAR);

  part("W5: a region that players do not reach is passed over, as one without figures is");
  await place(visitor, name, "d-1", LATENCIES.map(([player, region, ms]) => [player, region, region === NEAR ? 0 : ms]));
  await placed(visitor, FAR);
  await place(visitor, name, "d-2", LATENCIES.filter(([, region]) => region === FAR));
  await placed(visitor, FAR);

  part("W5: the queue is led to the far region alone, and back to both");
  await change(visitor, name, () => visitor.click(visitor.page.locator('main button[name="_edit"][value="drop Destinations.0"]')));
  await place(visitor, name, "d-3", LATENCIES);
  await placed(visitor, FAR);
  await change(visitor, name, () => fill(visitor, targets([fleets[NEAR], fleets[FAR]])));

  part("W5: a region that is full is passed over");
  await openFleet(visitor, fleets[NEAR].id, "Game server sessions");
  await sessionByHand(visitor, fleets[NEAR].id);
  await place(visitor, name, "d-4", LATENCIES);
  await placed(visitor, FAR);

  part("W5: a region that is broken is passed over; the page that breaks it says so everywhere until it is well again");
  await openFault(visitor, NEAR, "Make it fail");
  await pictures.take(visitor, "w5-fault-form");
  await submit(visitor);
  await says(visitor, `${NEAR} is down`, conditionOf(visitor, NEAR), /^down$/);
  await pictures.take(visitor, "w5-faults");
  await place(visitor, name, "d-5", []);
  await placed(visitor, FAR);
  await visitor.shows(FORGOTTEN);
  await pictures.take(visitor, "w5-broken-region");
  await openFault(visitor, NEAR, "Clear the fault");
  await submit(visitor);
  await says(visitor, `${NEAR} is well`, conditionOf(visitor, NEAR), /^well$/);
  expect((await visitor.page.getByText(FORGOTTEN).count()) === 0, "nothing is told of a fault that is over");

  part("W5: a fleet that is broken is passed over");
  await visitor.click("Choose a fleet");
  await fill(visitor, { fleet: fleets[NEAR].id });
  await submit(visitor);
  await says(visitor, "the near fleet is ERROR", visitor.page.locator("main h1 .status"), /^ERROR$/);
  await place(visitor, name, "d-6", []);
  await placed(visitor, FAR);
}

/** What every page of a region with a fault says. */
const FORGOTTEN = "Fault drill:";

/** Presses a button of a region on the page of faults. */
async function openFault(visitor, region, words) {
  await visitor.click(visitor.menu("Fault drill"));
  await visitor.click(rowOf(visitor, region).getByRole("link", { name: words, exact: true }));
}

const rowOf = ({ page }, region) => page.locator("main table tbody tr", { hasText: region });
const conditionOf = (visitor, region) => rowOf(visitor, region).locator(".status");

async function queue(visitor, name, destinations, policies) {
  await visitor.click(visitor.menu("Queues"));
  await act(visitor, "CreateGameServerSessionQueue");
  const members = { Name: name, TimeoutInSeconds: 30 };
  policies.forEach(([most, seconds], row) => {
    members[`PlayerLatencyPolicies.${row}.MaximumIndividualPlayerLatencyMilliseconds`] = most;
    if (seconds) members[`PlayerLatencyPolicies.${row}.PolicyDurationSeconds`] = seconds;
  });
  await fill(visitor, { ...members, ...targets(destinations) });
  await submit(visitor);
}

/** The targets of a queue, in their order. */
function targets(fleets) {
  return Object.fromEntries(fleets.map(({ arn }, row) => [`Destinations.${row}.DestinationArn`, arn]));
}

/** Opens the form that changes a queue, lets something be done in it, and sends it. */
async function change(visitor, queue, edit) {
  await visitor.click(visitor.menu("Queues"));
  await act(visitor, "UpdateGameServerSessionQueue", queue);
  await edit();
  await submit(visitor);
}

async function place(visitor, queue, id, latencies) {
  await visitor.click(visitor.menu("Queues"));
  await act(visitor, "StartGameServerSessionPlacement", queue);
  const members = { PlacementId: id, MaximumPlayerSessionCount: 2 };
  ["1", "2"].forEach((player, row) => {
    members[`DesiredPlayerSessions.${row}.PlayerId`] = player;
    members[`DesiredPlayerSessions.${row}.PlayerData`] = "-";
  });
  latencies.forEach(([player, region, ms], row) => {
    members[`PlayerLatencies.${row}.PlayerId`] = player;
    members[`PlayerLatencies.${row}.RegionIdentifier`] = region;
    members[`PlayerLatencies.${row}.LatencyInMilliseconds`] = ms;
  });
  await fill(visitor, members);
  await submit(visitor);
}

/** The page of the placement says where it went, in the ten seconds that W4 gives it and some for a busy machine. */
async function placed(visitor, region) {
  await says(visitor, "the placement is FULFILLED", visitor.page.locator("main h1 .status"), /FULFILLED/);
  await says(visitor, `it is in ${region}`, valueOf(visitor, "Region"), region);
}
