/**
 * Places virtual rows. Through the style object, not through markup: the page's policy forbids style attributes, and rightly.
 */
export function drop(topPx: number): (node: HTMLElement) => void {
  return (node) => {
    node.style.transform = `translateY(${topPx}px)`;
  };
}

export function tall(heightPx: number): (node: HTMLElement) => void {
  return (node) => {
    node.style.height = `${heightPx}px`;
  };
}
