"""What members report, and what moderators see of it."""
