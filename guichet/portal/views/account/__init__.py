"""The pages of an account: entering, protecting, leaving."""
