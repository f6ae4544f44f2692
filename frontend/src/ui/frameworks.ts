const WORDS: [prefix: RegExp, name: string][] = [
  [/^gdpr/, "GDPR"],
  [/^pci/, "PCI DSS"],
  [/^cis.?docker/, "CIS Docker"],
  [/^cis.?kube/, "CIS Kubernetes"],
  [/^cis/, "CIS"],
  [/^nist.?(sp.?)?800.?190/, "NIST SP 800-190"],
  [/^nist.?(sp.?)?800.?53/, "NIST SP 800-53"],
  [/^nist.?csf/, "NIST CSF"],
  [/^iso/, "ISO 27001"],
  [/^soc.?2/, "SOC 2"],
  [/^hipaa/, "HIPAA"],
  [/^nsa.?cisa/, "NSA/CISA Kubernetes"],
  [/^mitre/, "MITRE ATT&CK"],
  [/^k8s.?pss/, "Kubernetes PSS"],
];

/** A framework's id as people write its name; an unknown one as it is. */
export function frameworkName(id: string): string {
  return WORDS.find(([prefix]) => prefix.test(id.toLowerCase()))?.[1] ?? id.replaceAll(/[-_]/g, " ");
}
