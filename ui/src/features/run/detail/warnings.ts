import type { StepBody } from "./stepData";

/** What a reader must know before trusting what is shown. */
export function warningsOf(facts: StepBody["facts"]): string[] {
  const { redacted, dropped, invalid_utf8, clamped } = facts;
  const warnings: (string | false)[] = [
    Number(redacted) > 0 && `${redacted} values were redacted when this step was received.`,
    Number(dropped) > 0 && `The SDK dropped ${dropped} attributes, events or links before it sent this step.`,
    invalid_utf8 === true && "Some text was no valid UTF-8; what could not be read is shown as �.",
    clamped === true && "The end that was sent lies before the start; the step is shown without duration.",
  ];
  return warnings.filter((warning) => warning !== false);
}
