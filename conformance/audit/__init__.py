"""The meter alone: cheap probes, billed against counted tokens, and the law that joins them."""
