"""What stands on a page, as plain records, before any of it is written as HTML."""
