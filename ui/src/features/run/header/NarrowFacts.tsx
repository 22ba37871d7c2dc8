import { RunDetails } from "../detail/RunDetails";
import { Tags } from "../marks/Tags";
import { Disclosure } from "../panels/Disclosure";
import { TextFormChoice } from "../text/TextFormProvider";
import { RunOrigin } from "./RunOrigin";

/** On a narrow screen, the run's details are behind one line, to leave room for the story. */
export function NarrowFacts() {
  return (
    <div className="mt-1.5">
      <Disclosure summary="About this run">
        {() => (
          <div className="max-h-[50vh] space-y-2 overflow-y-auto text-xs">
            <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <RunOrigin />
              <Tags />
            </div>
            <TextFormChoice />
            <RunDetails />
          </div>
        )}
      </Disclosure>
    </div>
  );
}
