"""A believable Region to show, test and measure with."""
