/**
 * Holds our types to what the server says it answers with: `schema.d.ts` is generated from its OpenAPI schema
 * (`npm run schema`), and this file does not compile where the two disagree. Nothing here is ever run.
 */
import type * as affected from "./affected";
import type * as decisions from "./decisions";
import type * as defences from "./defences";
import type * as feeds from "./feeds";
import type * as gate from "./gate";
import type * as ledger from "./ledger";
import type * as notifications from "./notifications";
import type { components } from "./schema";
import type * as signatures from "./signatures";
import type * as trends from "./trends";
import type * as ours from "./types";
import type * as uploads from "./uploads";
import type * as vulnerabilities from "./vulnerabilities";

type Served = components["schemas"];
type Fits<Ours, Theirs extends Ours> = [Ours, Theirs];

export type Contract = [
  Fits<ours.Environment, Served["Environment"]>,
  Fits<ours.Node, Served["Node"]>,
  Fits<ours.ConnectionTest, Served["ConnectionTest"]>,
  Fits<ours.EnrolmentToken, Served["EnrolmentToken"]>,
  Fits<ours.NewEnrolmentToken, Served["NewEnrolmentToken"]>,
  Fits<ours.ScannedHostKey, Served["ScannedHostKey"]>,
  Fits<ours.Pull, Served["Pull"]>,
  Fits<ours.PullDetail, Served["PullItem"]>,
  Fits<ours.Host, Served["Host"]>,
  Fits<ours.HostDetail, Served["HostItem"]>,
  Fits<ours.Container, Served["Container"]>,
  Fits<ours.ContainerDetail, Served["ContainerItem"]>,
  Fits<signatures.ImageSignatures, Served["ImageSignatures"]>,
  Fits<ours.Image, Served["Image"]>,
  Fits<ours.ImageDetail, Served["ImageItem"]>,
  Fits<ours.Check, Served["Check"]>,
  Fits<ours.CheckResult, Served["CheckResult"]>,
  Fits<ours.Finding, Served["Finding"]>,
  Fits<ours.FindingDetail, Served["FindingItem"]>,
  Fits<decisions.Decision, Served["Decision"]>,
  Fits<decisions.DecisionPreview, Served["DecisionPreview"]>,
  Fits<decisions.ScopeSuggestion, Served["Suggestion"]>,
  Fits<decisions.ChangePreview, Served["ChangePreview"]>,
  Fits<decisions.FindingChange, Served["Change"]>,
  Fits<decisions.Team, Served["Team"]>,
  Fits<decisions.OwnerRule, Served["OwnerRule"]>,
  Fits<trends.Trend, Served["Trend"]>,
  Fits<trends.Remediation, Served["Remediation"]>,
  Fits<trends.BurnDown, Served["BurnDown"]>,
  Fits<trends.Annotations, Served["Annotations"]>,
  Fits<trends.Changes, Served["Changes"]>,
  Fits<trends.Actions, Served["Actions"]>,
  Fits<ours.FindingGroup, Served["FindingGroup"]>,
  Fits<ledger.Ledger, Served["Ledger"]>,
  Fits<ledger.EnvironmentLedger, Served["EnvironmentLedger"]>,
  Fits<defences.HostMatrix, Served["HostMatrix"]>,
  Fits<defences.ContainerMatrix, Served["ContainerMatrix"]>,
  Fits<defences.Defence, Served["Defence"]>,
  Fits<defences.Mechanism, Served["Mechanism"]>,
  Fits<defences.DefenceGroup, Served["DefenceGroup"]>,
  Fits<defences.Divergence, Served["Divergence"]>,
  Fits<defences.HostProbe, Served["HostProbe"]>,
  Fits<defences.HostPackage, Served["HostPackage"]>,
  Fits<defences.ContainerProbe, Served["ContainerProbe"]>,
  Fits<vulnerabilities.Vulnerability, Served["Vulnerability"]>,
  Fits<vulnerabilities.VulnerabilityDetail, Served["VulnerabilityItem"]>,
  Fits<vulnerabilities.Package, Served["Package"]>,
  Fits<vulnerabilities.PackageDetail, Served["PackageItem"]>,
  Fits<vulnerabilities.ImageBuild, Served["ImageBuild"]>,
  Fits<vulnerabilities.ImagePackage, Served["ImagePackage"]>,
  Fits<vulnerabilities.ImageWord, Served["ImageWord"]>,
  Fits<vulnerabilities.Scan, Served["Scan"]>,
  Fits<uploads.Upload, Served["Upload"]>,
  Fits<uploads.UploadDetail, Served["UploadItem"]>,
  Fits<feeds.Feed, Served["Feed"]>,
  Fits<feeds.FeedDetail, Served["FeedItem"]>,
  Fits<notifications.Notifications, Served["Notifications"]>,
  Fits<notifications.Reminders, Served["Reminders"]>,
  Fits<notifications.Webhook, Served["Webhook"]>,
  Fits<notifications.NewWebhook, Served["WebhookCreated"]>,
  Fits<notifications.Digest, Served["Digest"]>,
  Fits<notifications.Message, Served["Message"]>,
  Fits<notifications.MessageDetail, Served["MessageItem"]>,
  Fits<affected.Affected, Served["Affected"]>,
  Fits<gate.GatePolicy, Served["GatePolicy"]>,
  Fits<gate.GateDecision, Served["GateDecision"]>,
  Fits<gate.GateDecisionDetail, Served["GateDecisionItem"]>,
  Fits<gate.TrialAnswer, Served["TrialAnswer"]>,
  Fits<ours.Token, Served["Token"]>,
  Fits<ours.SavedView, Served["SavedView"]>,
  Fits<ours.Freshness, Served["Freshness"]>,
  Fits<ours.SearchResult, Served["SearchResult"]>,
  Fits<ours.Page<ours.Host>, Served["PaginatedHostList"]>,
  Fits<{ facets: ours.Facet[] }, Served["Facets"]>,
];
