// What every story stands in: a service with a house of its own, its API and a browser, gone when the
// stories of a file are told; and the plainest step that a template can have.
import { after, before } from "node:test";
import { Api } from "./api.mjs";
import { openBrowser } from "./browser.mjs";
import { startHouse } from "./house.mjs";

/** Sets it up, and hands it to `ready` before the first story. */
export function setting(ready) {
  const all = {};
  before(async () => {
    [all.house, all.browser] = await Promise.all([startHouse(), openBrowser()]);
    all.api = new Api(all.house);
    await ready(all);
  });
  after(async () => {
    await all.browser?.close();
    await all.house?.stop();
  });
}

/** A step for these people, with four hours to do it. */
export const step = (userids) => ({
  if_nobody: { do: "hold" },
  assign: { by: "people", userids },
  limit: {
    minutes: 240,
    escalate: [{ minutes: 60, to: { by: "people", userids: ["wangfang"] } }],
  },
});
