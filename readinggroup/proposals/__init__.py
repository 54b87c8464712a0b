"""What members would like to read, and how the group decides."""
