"""What Plimsoll tells people and other programs by itself: reminders, suspended decisions, digests; by e-mail and webhook."""
