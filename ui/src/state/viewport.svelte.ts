/** Whether list and detail stand side by side, or one after the other (the narrow "pager" window, or a high zoom). */
export class Viewport {
  narrow: boolean = $state(false);

  /** Follows the window; returns how to stop. */
  start(): () => void {
    const query = window.matchMedia("(max-width: 760px)");
    const follow = () => (this.narrow = query.matches);
    follow();
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }
}
