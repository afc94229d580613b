/** Cards of agents, as they are typed. */
import type { AgentCard, AgentDetail } from "@/api/agents";
import { compact, objectOf } from "./json";

/** What a new card begins with. */
export const SAMPLE: AgentCard = {
  protocolVersion: "0.3.0",
  name: "my-agent",
  version: "1.0.0",
  description: "",
  url: "https://agent.example.com/a2a",
  preferredTransport: "JSONRPC",
  capabilities: { streaming: false },
  defaultInputModes: ["text"],
  defaultOutputModes: ["text"],
  skills: [{ id: "answer", name: "Answer", description: "Answers questions", tags: [] }],
};

/** What has to be there. */
const NEEDED = ["name", "version", "protocolVersion", "preferredTransport", "url"] as const;

/** The card that a text is. @throws Error with a message's key */
export function cardOf(text: string): AgentCard {
  const card = objectOf(text) as AgentCard | undefined;
  if (!card) throw new Error("common.required");
  return card;
}

/** Which members a card lacks. */
export function lacking(card: AgentCard): string[] {
  return NEEDED.filter((field) => typeof card[field] !== "string" || !card[field].trim());
}

/** A card as it was published, of a detail, which tells more. */
export function withoutFacts(detail: AgentDetail): AgentCard {
  const { registrationType: _type, latestVersion: _latest, ...card } = detail;
  if (_type === "SERVICE") delete card.additionalInterfaces; // those that answer now
  return compact(card);
}
