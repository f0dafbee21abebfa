/**
 * The engine behind the desktop shell. Three commands and two events: `view` carries each whole view, `open` a request whose
 * card is wanted. Nothing else crosses; the page opens no connection of its own.
 */
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { AppView } from "../bindings/AppView";
import type { RequestKey } from "../bindings/RequestKey";
import type { Backend } from "./backend";

export const tauri: Backend = {
  dispatch: (command) => invoke("dispatch", { command }),
  view: () => invoke("view"),
  query: (query) => invoke("query", { query }),
  onView: (listener) => follow<AppView>("view", listener),
  onOpen: (listener) => follow<RequestKey>("open", listener),
};

/** `listen` answers later than it is called: stopping before that must still stop. */
function follow<T>(event: string, listener: (payload: T) => void): () => void {
  const stop = listen<T>(event, ({ payload }) => listener(payload));
  return () => void stop.then((unlisten) => unlisten());
}
