/**
 * The assumed size of a scrolled list before it is measured: that of the window. With it, a virtual list draws its rows in the
 * first render instead of a second one.
 */
export const firstRect = () => ({ width: window.innerWidth, height: window.innerHeight });
