import type { StepBody } from "./stepData";

/** What a reader must know before relying on what is shown. */
export function warningsOf(facts: StepBody["facts"]): string[] {
  const { redacted, dropped, invalid_utf8, clamped, implausible_count, contents_deleted } = facts;
  const warnings: (string | false)[] = [
    contents_deleted === true &&
      "What this step was sent with was deleted by a rule of retention. What it did and cost is kept.",
    Number(redacted) > 0 && `${redacted} values were redacted when this step was received.`,
    Number(dropped) > 0 && `The SDK dropped ${dropped} attributes, events or links before it sent this step.`,
    invalid_utf8 === true && "Some text was not valid UTF-8. Unreadable bytes are shown as �.",
    clamped === true && "The step was sent with an end before its start, so it is shown without a duration.",
    implausible_count === true &&
      "A count or a cost was negative or too large to be true, so it is shown as unknown. The attributes have what was sent.",
  ];
  return warnings.filter((warning) => warning !== false);
}
