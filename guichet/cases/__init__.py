"""Cases: one matter raised by one person, whatever channels it travels through."""
