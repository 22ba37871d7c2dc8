/**
 * How large a scrolled list is before it was measured: as the window. With it a virtual list has its rows in the first
 * drawing, and not, once more, in a second one.
 */
export const firstRect = () => ({ width: window.innerWidth, height: window.innerHeight });
