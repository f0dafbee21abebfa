/** The typed context: components below the root get the console from here and from nowhere else. */
import { createContext } from "svelte";
import type { Console } from "./console.svelte";

export const [useConsole, provideConsole] = createContext<Console>();
