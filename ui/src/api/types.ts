/** The API's types, under the names that the pages use. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Audit = Schemas["Audit"];
export type AuditRecord = Schemas["AuditRecord"];
export type CallContext = Schemas["CallContext"];
export type CallCost = Schemas["CallCost"];
export type Columns = Schemas["Columns"];
export type Config = Schemas["Config"];
export type ContextSegment = Schemas["ContextSegment"];
export type ErrorInfo = Schemas["ErrorInfo"];
export type FactExplanation = Schemas["FactExplanation"];
export type Group = Schemas["Group"];
export type Hit = Schemas["Hit"];
export type ListedRun = Schemas["ListedRun"];
export type Occurrence = Schemas["Occurrence"];
export type PriceRow = Schemas["PriceRow"];
export type Run = Schemas["Run"];
export type RunContext = Schemas["RunContext"];
export type RunCost = Schemas["RunCost"];
export type RunDetail = Schemas["RunDetail"];
export type RunList = Schemas["RunList"];
export type RunStatistics = Schemas["RunStatistics"];
export type Score = Schemas["Score"];
export type SearchReply = Schemas["SearchReply"];
export type Session = Schemas["Session"];
export type SettingValue = Schemas["Value"];
export type Step = Schemas["Step"];
export type StepExplanation = Schemas["StepExplanation"];
export type StepGroup = Schemas["StepGroup"];
export type Turn = Schemas["Turn"];
export type UnpricedModel = Schemas["UnpricedModel"];
export type Usage = Schemas["Usage"];
export type ValueCount = Schemas["ValueCount"];
export type Verdict = Schemas["VerdictInfo"];
export type Waiting = Schemas["Waiting"];
