/** The page's one clock: `now` moves once a second, so that ages and time left are of one moment everywhere. */
export class Clock {
  /** Milliseconds since the epoch. */
  now: number = $state(0);

  constructor(private readonly read: () => number = Date.now) {
    this.now = read();
  }

  /** Starts to move; returns how to stop. */
  start(): () => void {
    const timer = setInterval(() => (this.now = this.read()), 1000);
    return () => clearInterval(timer);
  }
}
