"""What people look at: alerts as they come, answers, the fleet; and what they do about alerts."""
