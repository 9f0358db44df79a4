// Within the simulator's frames the frame's name says whose phone this is: go on as that person, as
// the real client does without asking.
const held = /^wecom-simulator:(.+)$/.exec(window.name);
if (held) {
  document.querySelector("main").hidden = true;
  const here = new URL(location.href);
  here.searchParams.set("sim_user", held[1]);
  location.replace(here.pathname + here.search);
}
