/** The keys for the help dialog. Each page handles its own keys. */
export const keys: { where: string; keys: [string, string][] }[] = [
  {
    where: "Everywhere",
    keys: [
      ["?", "this help"],
      ["⌘K  Ctrl K", "go anywhere"],
      ["/", "search or filter"],
      ["Esc", "back, close"],
    ],
  },
  {
    where: "Runs",
    keys: [
      ["j  k", "next, previous run"],
      ["p", "show it beside the list"],
      ["x", "select it"],
      ["Enter", "open it"],
      ["n", "show new runs"],
      ["v", "saved views"],
    ],
  },
  {
    where: "A run",
    keys: [
      ["s  t  g  c", "story, tree, timeline, context"],
      ["j  k", "next, previous step"],
      ["/  ⌘F", "find in the run; Enter for the next hit"],
      ["Esc", "clear the selection"],
      ["[  ]", "fold, unfold the turn (story) or the step"],
      ["+  -  0  z", "zoom in, zoom out, whole run, selected step (timeline)"],
      [",  .", "earlier, later (timeline)"],
      ["{  }", "fold the turns, the details"],
    ],
  },
];
