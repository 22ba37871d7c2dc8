/** A colour of `styles.css` as the canvas takes it, in the light or dark that is shown now. */
export function ink(variable: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${variable})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
