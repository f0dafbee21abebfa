/** Starts the page: with the engine behind the shell, or, in the fake build only, with the scripted one. */
import "@fontsource-variable/inter/index.css";
import "@fontsource-variable/jetbrains-mono/index.css";
import "./styles/index.css";
import { root } from "./root";

const target = document.getElementById("app");
if (target !== null) void start(target);

async function start(page: HTMLElement): Promise<void> {
  if (import.meta.env.MODE === "fake") {
    const [{ Fake }, { fakeNow }, { scene }] = await Promise.all([import("./backend/fake/fake"), import("./backend/fake/make"), import("./backend/fake/scenes")]);
    const asked = new URLSearchParams(location.search);
    const still = asked.has("still");
    const now = fakeNow(still);
    const fake = new Fake(scene(asked.get("scene")), undefined, still ? "by hand" : "timed", now);
    // For the scripts that take pictures of a scene move by move.
    Object.assign(window, { fake });
    root(page, fake, now);
    return;
  }
  const { tauri } = await import("./backend/tauri");
  root(page, tauri);
}
