"""Pictures drawn from records: each is marks to be written as SVG, and the table behind it."""
