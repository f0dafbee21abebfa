/** How much room there is. */
export class Viewport {
  /** List and detail stand one after the other (the narrow "pager" window, or a high zoom), not side by side. */
  narrow: boolean = $state(false);
  /** So little room that a card's procedure begins below the fold. */
  compact: boolean = $state(false);

  /** Follows the window; returns how to stop. */
  start(): () => void {
    const stops = [
      follow("(max-width: 760px)", (matches) => (this.narrow = matches)),
      follow("(max-width: 1000px), (max-height: 720px)", (matches) => (this.compact = matches)),
    ];
    return () => stops.forEach((stop) => stop());
  }
}

function follow(media: string, take: (matches: boolean) => void): () => void {
  const query = window.matchMedia(media);
  const changed = () => take(query.matches);
  changed();
  query.addEventListener("change", changed);
  return () => query.removeEventListener("change", changed);
}
