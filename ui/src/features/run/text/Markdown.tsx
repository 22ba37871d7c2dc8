/**
 * Renders Markdown in messages safely: HTML is shown as text (there is no raw-HTML plugin), links show their target and cannot
 * be followed, and images are not loaded.
 *
 * Loaded on demand: the parser is larger than the rest of the page.
 */
import type { ReactNode } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { visible } from "../../../lib/text";

const COMPONENTS: Components = {
  a: ({ children, href }) => <Shown where={href}>{children}</Shown>,
  img: ({ alt, src }) => <Shown where={typeof src === "string" ? src : undefined}>image: {alt}</Shown>,
  // The page's headings outline the run, and a message's headings must not mix with them.
  h1: ({ children }) => <p className="prose-heading">{children}</p>,
  h2: ({ children }) => <p className="prose-heading">{children}</p>,
  h3: ({ children }) => <p className="prose-heading">{children}</p>,
  h4: ({ children }) => <p className="prose-heading">{children}</p>,
  h5: ({ children }) => <p className="prose-heading">{children}</p>,
  h6: ({ children }) => <p className="prose-heading">{children}</p>,
  input: ({ checked }) => <span>{checked ? "☑ " : "☐ "}</span>,
  table: ({ children }) => (
    <div className="overflow-x-auto">
      <table>{children}</table>
    </div>
  ),
};

function Shown({ where, children }: { readonly where: string | undefined; readonly children: ReactNode }) {
  return (
    <span className="prose-link" title={where && visible(where)}>
      {children}
    </span>
  );
}

interface Node {
  type: string;
  value?: string;
  children?: Node[];
}

/** Line breaks stay where the writer made them: models write for chat windows, which keep them. */
function keepBreaks() {
  const walk = (node: Node) => {
    if (!node.children) return;
    node.children = node.children.flatMap((child) => {
      walk(child);
      if (child.type !== "text") return [child];
      const lines = (child.value ?? "").split("\n");
      return lines.flatMap((value, at): Node[] => [
        ...(at > 0 ? [{ type: "break" }] : []),
        ...(value ? [{ type: "text", value }] : []),
      ]);
    });
  };
  return walk;
}

export default function Markdown({ text }: { readonly text: string }) {
  return (
    <div className="prose-message">
      <ReactMarkdown
        remarkPlugins={[remarkGfm, keepBreaks]}
        components={COMPONENTS}
        urlTransform={(url) => url}
      >
        {visible(text)}
      </ReactMarkdown>
    </div>
  );
}
