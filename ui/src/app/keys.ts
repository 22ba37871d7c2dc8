/** The keys as the help shows them; the pages themselves listen to theirs. */
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
      ["p", "look at it beside the list"],
      ["Enter", "open it"],
      ["n", "show new runs"],
    ],
  },
  {
    where: "A run",
    keys: [
      ["s  t  g  c", "story, tree, timeline, context"],
      ["j  k", "next, previous step"],
      ["Esc", "let go of the step"],
      ["[  ]", "fold, unfold the turn (story) or the step"],
      ["+  -  0  z", "closer, farther, all of it, the step (timeline)"],
      [",  .", "earlier, later (timeline)"],
      ["{  }", "fold the turns, the details"],
    ],
  },
];
