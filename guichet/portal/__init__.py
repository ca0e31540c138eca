"""The face of citizens: home, single form, follow-up, legal pages."""
