import { visible } from "../../../lib/text";
import { JsonView } from "../json/JsonView";
import { ValueView } from "../json/ValueView";
import { Disclosure } from "../panels/Disclosure";
import type { ToolDefinition } from "./stepData";

/** The tools offered to the model, each with its schema. */
export function ToolsTab({ tools }: { readonly tools: readonly ToolDefinition[] }) {
  return (
    <ul className="space-y-3">
      {tools.map((tool) => (
        <li key={tool.name}>
          <Disclosure
            open={tools.length === 1}
            summary={<span className="font-mono font-semibold text-text text-xs">{visible(tool.name)}</span>}
          >
            {() => (
              <>
                {tool.description !== null && <ValueView value={tool.description} label="description" />}
                {tool.parameters !== null && (
                  <JsonView value={tool.parameters} label="schema" openDepth={3} />
                )}
              </>
            )}
          </Disclosure>
        </li>
      ))}
    </ul>
  );
}
