"""What Guichet says on its own: reminders and notices. It reads the journal; nobody calls it."""
