"""What is known of vulnerabilities: advisories, exploited ones, likely ones; and which versions they concern."""
