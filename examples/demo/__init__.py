"""The first two minutes: estimates, a mock endpoint honest and lying, and their reports."""
