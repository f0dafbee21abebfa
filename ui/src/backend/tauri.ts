/**
 * The engine behind the desktop shell: three commands and one event, `view`, which carries each whole view. Nothing else
 * crosses; the page opens no connection of its own.
 */
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { WindowView } from "../bindings/WindowView";
import type { Backend } from "./backend";

export const tauri: Backend = {
  dispatch: (wish) => invoke("dispatch", { command: wish }),
  view: () => invoke("view"),
  query: (query) => invoke("query", { query }),
  onView: (listener) => {
    const stop = listen<WindowView>("view", ({ payload }) => listener(payload));
    // `listen` answers later than it is called: stopping before that must still stop.
    return () => void stop.then((unlisten) => unlisten());
  },
};
