"""What was billed against what was counted: laws of meters, and logs reconciled by them."""
