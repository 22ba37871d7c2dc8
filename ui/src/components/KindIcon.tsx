import {
  BookOpen,
  Bot,
  Circle,
  Database,
  FlaskConical,
  Globe,
  type LucideIcon,
  MessageSquare,
  Network,
  Repeat,
  ShieldCheck,
  Sparkles,
  SquareFunction,
  Upload,
  Wrench,
} from "lucide-react";
import { kindColour } from "../lib/colours";

const icons: Record<string, LucideIcon> = {
  run: Bot,
  workflow: Network,
  turn: Repeat,
  llm: MessageSquare,
  embedding: SquareFunction,
  tool: Wrench,
  mcp: Wrench,
  retrieval: BookOpen,
  rerank: BookOpen,
  memory: Database,
  policy: ShieldCheck,
  sanitizer: Sparkles,
  ingest: Upload,
  evaluation: FlaskConical,
  http: Globe,
};

const titles: Record<string, string> = {
  run: "agent",
  llm: "model call",
  tool: "tool call",
  mcp: "MCP message",
  policy: "check by a policy",
  http: "HTTP request",
  rerank: "re-ranking",
  ingest: "documents taken in",
};

/** A kind of step in plain words. */
export const kindTitle = (kind: string): string => titles[kind] ?? kind;

/** The kind of a step, by shape as well as by colour. */
export function KindIcon({ kind, size = 14 }: { kind: string; size?: number }) {
  const Icon = icons[kind] ?? Circle;
  return (
    <Icon
      size={size}
      aria-label={kindTitle(kind)}
      role="img"
      style={{ color: kindColour(kind) }}
      className="shrink-0"
    />
  );
}
