"""What a group reads: its readings, the reading page, and where each reader is."""
