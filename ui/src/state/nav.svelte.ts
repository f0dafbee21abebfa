/** Where the person is: the view, the overlay on it, and the list that the movement keys drive. Holds no data. */
export type ViewName = "inbox" | "runbooks" | "mappings" | "history" | "settings";
export type Overlay = "palette" | "help" | "quit" | null;

/** What a view's list does with the movement keys. */
export type ListKeys = { move(by: 1 | -1): void; enter(): void };

export class Nav {
  view: ViewName = $state("inbox");
  overlay: Overlay = $state(null);
  /** The three doors are wanted although there is a gateway. */
  setup: boolean = $state(false);
  /** In a narrow window: the view's detail is on screen instead of its list. */
  detail: boolean = $state(false);
  #list: ListKeys | null = null;

  go(view: ViewName): void {
    this.view = view;
    this.overlay = null;
    this.setup = false;
    this.detail = false;
  }

  /** The view on screen takes the movement keys; returns how to give them back. */
  drive(list: ListKeys): () => void {
    this.#list = list;
    return () => {
      if (this.#list === list) this.#list = null;
    };
  }

  get list(): ListKeys | null {
    return this.#list;
  }
}
