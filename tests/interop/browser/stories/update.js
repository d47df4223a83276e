// Walkthrough W2 of operations.md 13.2 by mouse: an update without downtime.
"use strict";

const { fleetByHand, openFleet, sessionByHand, upload } = require("../deeds");
const { expect, until } = require("../telling");
const { act, enter, fill, refuse, says, submit, valueOf } = require("../visits");

module.exports = async function update(world) {
  const { part, cloud } = world;
  const visitor = await enter(world);

  part("W2, update without downtime: two fleets and an alias that leads to the first");
  const asset = await upload(visitor, world, { name: "update" });
  const old = await fleetByHand(visitor, { asset, name: "version 1" });
  const young = await fleetByHand(visitor, { asset, name: "version 2" });
  await visitor.click(visitor.menu("Aliases"));
  await act(visitor, "CreateAlias");
  await fill(visitor, { Name: "zero-downtime", "RoutingStrategy.Type": "SIMPLE", "RoutingStrategy.FleetId": old });
  await submit(visitor);
  const { Aliases } = await cloud.call("ListAliases", { Name: "zero-downtime" });
  const alias = Aliases[0].AliasId;

  part("W2: a session by the alias is of the first fleet, and somebody plays");
  const first = await byAlias(visitor, alias, old);
  await join(visitor, "p1");

  part("W2: the alias moves; new sessions are of the second fleet, the old one goes on");
  await visitor.click(visitor.menu("Aliases"));
  await act(visitor, "UpdateAlias", alias);
  await fill(visitor, { "RoutingStrategy.FleetId": young });
  await submit(visitor);
  const moved = (await cloud.call("DescribeAlias", { AliasId: alias })).Alias;
  expect(moved.RoutingStrategy.FleetId === young, "the alias leads to the second fleet", moved);
  expect(moved.LastUpdatedTime >= moved.CreationTime, "it says when it was changed", moved);
  const second = await byAlias(visitor, alias, young);
  for (const [fleet, session] of [[old, first], [young, second]]) {
    await openFleet(visitor, fleet, "Game server sessions");
    const ids = await visitor.page.locator("main table tbody tr td:first-child code").allInnerTexts();
    expect(ids.length === 1 && ids[0] === session, `${fleet} has this session and no other`, ids);
  }
  await world.pictures.take(visitor, "w2-second-fleet");
  await openFleet(visitor, old, "Game server sessions");
  await visitor.click(visitor.page.locator("main table").getByRole("link").first());
  await join(visitor, "p2");

  part("W2: the last game of the first fleet ends, and the fleet goes");
  await act(visitor, "EndGameServerSessionAndProcess");
  await submit(visitor);
  await says(visitor, "the session has ended", visitor.page.locator("main h1 .status"), /TERMINATED/);
  await retire(world, visitor, old);

  part("W2: an alias that leads nowhere says why");
  await visitor.click(visitor.menu("Aliases"));
  await act(visitor, "UpdateAlias", alias);
  await fill(visitor, { "RoutingStrategy.Type": "TERMINAL", "RoutingStrategy.Message": "moved" });
  await submit(visitor);
  await act(visitor, "CreateGameServerSession", alias);
  await fill(visitor, { MaximumPlayerSessionCount: 10 });
  await refuse(visitor, "ResourceUnavailable", "moved");
  await world.pictures.take(visitor, "w2-terminal-alias");
};

async function byAlias(visitor, alias, fleet) {
  await visitor.click(visitor.menu("Aliases"));
  const session = await sessionByHand(visitor, alias);
  await says(visitor, `the session is of ${fleet}`, valueOf(visitor, "Fleet"), fleet);
  return session;
}

async function join(visitor, player) {
  await act(visitor, "JoinGameServerSession");
  await fill(visitor, { PlayerId: player });
  await submit(visitor);
  await says(visitor, `${player} has a place`, visitor.page.locator("main tr", { hasText: player }), "RESERVED");
}

/** A fleet with an instance cannot be deleted, and says what to do; one without can. */
async function retire({ cloud, pictures }, visitor, fleet) {
  await openFleet(visitor, fleet);
  await openDeletion(visitor, fleet);
  await visitor.shows("Only an empty fleet can be deleted.");
  await pictures.take(visitor, "w2-delete-refused");
  await visitor.click("Modify scaling");
  await fill(visitor, { mode: "manual", min: 0, desired: 0 });
  await submit(visitor);
  for (const name of ["Active", "Pending", "Terminating"]) await says(visitor, `${name} is 0`, valueOf(visitor, name), /^0$/);
  await openFleet(visitor, fleet);
  await openDeletion(visitor, fleet);
  await act(visitor, "DeleteFleet", fleet);
  await submit(visitor);
  await until("the fleet is TERMINATED", async () => {
    const { FleetAttributes } = await cloud.call("DescribeFleetAttributes", { FleetIds: [fleet] });
    return FleetAttributes[0]?.Status === "TERMINATED";
  });
  await visitor.go(`/console/fleets/${fleet}/events`);
  await says(visitor, "the events tell the end", visitor.page.locator("main table"), "FLEET_DELETED");
  await pictures.take(visitor, "w2-deleted-fleet");
}

async function openDeletion(visitor, fleet) {
  await visitor.click(visitor.page.locator(`main .head a[href$="/${fleet}/delete"]`));
}
