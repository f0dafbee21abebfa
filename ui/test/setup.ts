/** What jsdom lacks and the page needs: media queries, scrolling, animation frames in order. Unmounts after each test. */
import { cleanup } from "@testing-library/svelte";
import { afterEach, vi } from "vitest";

Element.prototype.scrollIntoView = () => undefined;
window.matchMedia = (query: string) => ({ matches: false, media: query, onchange: null, addEventListener: () => undefined, removeEventListener: () => undefined, addListener: () => undefined, removeListener: () => undefined, dispatchEvent: () => false });
globalThis.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
};

afterEach(() => {
  cleanup();
  localStorage.clear();
  vi.useRealTimers();
});
