// Walkthrough W3 of operations.md 13.3 by mouse: scaling by the sessions that are free. A minute of it lasts a second
// here; what the policies decided is read from the page.
"use strict";

const { fleetByHand, openFleet, sessionByHand, upload } = require("../deeds");
const { expect } = require("../telling");
const { act, enter, fill, openScaling, refuse, says, submit, valueOf } = require("../visits");

const PROCESSES = 10;

module.exports = async function scaling(world) {
  const { part, cloud } = world;
  const visitor = await enter(world);

  part("W3, autoscaling: a fleet of one instance with a buffer of 30 %");
  const asset = await upload(visitor, world, { name: "scaling" });
  const fleet = await fleetByHand(visitor, { asset, name: "scaling", processes: PROCESSES });
  await openFleet(visitor, fleet, "Scaling");
  await openScaling(visitor);
  await fill(visitor, { mode: "automatic", min: 0, max: 3, buffer: 30, cool_down: 3 });
  await world.pictures.take(visitor, "w3-form");
  await submit(visitor);
  const { ScalingPolicies } = await cloud.call("DescribeScalingPolicies", { FleetId: fleet });
  const [policy] = ScalingPolicies;
  expect(policy.TargetConfiguration.TargetValue === 30 && policy.Status === "ACTIVE", "the policy is ACTIVE", policy);

  part("W3: seven sessions leave exactly 30 % free: one instance stays");
  const sessions = [];
  await more(visitor, fleet, sessions, 7);
  await decided(visitor, fleet, "7 of 10 sessions were in use, 30 % free", 1);

  part("W3: the eighth brings a second instance");
  await more(visitor, fleet, sessions, 1);
  await openFleet(visitor, fleet, "Scaling");
  await counts(visitor, { Desired: 2, Active: 2, Idle: 1 });
  await decided(visitor, fleet, "8 of 20 sessions were in use, 60 % free", 2);
  await world.pictures.take(visitor, "w3-grown");

  part("W3: one fewer would leave exactly 30 % on one instance: two stay; another one fewer, and one goes");
  await end(visitor, fleet, sessions.pop());
  await decided(visitor, fleet, "7 of 20 sessions were in use, 65 % free", 2);
  await end(visitor, fleet, sessions.pop());
  await openFleet(visitor, fleet, "Scaling");
  await counts(visitor, { Desired: 1, Active: 1, Terminating: 0 });
  const { TotalCount } = await cloud.call("DescribeGameServerSessions", { FleetId: fleet, StatusFilter: "ACTIVE" }).then(count);
  expect(TotalCount === 6, "the other six sessions go on", TotalCount);
  await world.pictures.take(visitor, "w3-shrunk");

  part("W3: switched off, the number is what somebody says, within the range and at once");
  await openScaling(visitor);
  await fill(visitor, { mode: "manual" });
  await submit(visitor);
  await says(visitor, "the mode is manual", valueOf(visitor, "Mode"), /^manual$/i);
  await more(visitor, fleet, sessions, 4);
  await openFleet(visitor, fleet, "Scaling");
  await counts(visitor, { Desired: 1, Active: 1 });
  await openScaling(visitor);
  await fill(visitor, { desired: 4 });
  await refuse(visitor, "InvalidParameterValue");
  await fill(visitor, { desired: 3 });
  await submit(visitor);
  await counts(visitor, { Desired: 3, Active: 3 });
};

const count = ({ GameServerSessions }) => ({ TotalCount: GameServerSessions.length });

/** So many more sessions. */
async function more(visitor, fleet, sessions, number) {
  for (let made = 0; made < number; made += 1) {
    await openFleet(visitor, fleet, "Game server sessions");
    sessions.push(await sessionByHand(visitor, fleet));
  }
}

async function end(visitor, fleet, session) {
  await openFleet(visitor, fleet, "Game server sessions");
  await visitor.click(visitor.page.locator("main table").getByRole("link", { name: session }));
  await act(visitor, "EndGameServerSessionAndProcess");
  await submit(visitor);
  await says(visitor, "the session has ended", visitor.page.locator("main h1 .status"), /TERMINATED/);
}

/** The page says why, and the number is this one. */
async function decided(visitor, fleet, why, desired) {
  await openFleet(visitor, fleet, "Scaling");
  await says(visitor, `the policies saw ${why}`, visitor.page.locator("main"), why);
  await counts(visitor, { Desired: desired });
}

async function counts(visitor, numbers) {
  for (const [name, number] of Object.entries(numbers)) {
    await says(visitor, `${name} is ${number}`, valueOf(visitor, name), new RegExp(`^${number}$`));
  }
}
