// Two tabs of one visitor in two regions: the region is remembered for both, and what is open stays where it was opened.
"use strict";

const { act, chooseRegion, enter } = require("../visits");
const { expect } = require("../telling");

const ELSEWHERE = "na-siliconvalley";

module.exports = async function region(world) {
  const { cloud, part } = world;
  const visitor = await enter(world);

  part("region: a page that follows stays in its region when another tab goes elsewhere");
  await visitor.go("/console/aliases");
  const other = Object.create(visitor, { page: { value: await visitor.context.newPage() } });
  await other.go("/console/aliases");
  await chooseRegion(other, ELSEWHERE);
  await visitor.page.bringToFront();
  const strategy = { Type: "TERMINAL", Message: "over" };
  const { Alias } = await cloud.call("CreateAlias", { Name: "seen in its region", RoutingStrategy: strategy });
  await visitor.page.getByText("seen in its region", { exact: true }).waitFor();
  visitor.calm();

  part("region: a form acts where it was opened, and says where that is");
  await act(visitor, "DeleteAlias", Alias.AliasId);
  const about = await visitor.page.locator("#confirm-what").innerText();
  expect(about.includes("seen in its region") && about.includes(cloud.region), "the question names the alias and its region", about);
  await visitor.click(visitor.page.locator("main button[name=_confirmed]"));
  const { TotalCount } = await cloud.call("ListAliases");
  expect(TotalCount === 0, "the alias is gone", TotalCount);
  expect(visitor.page.url().includes(`_region=${cloud.region}`), "the list that follows is of the same region", visitor.page.url());
  await other.page.close();
};
