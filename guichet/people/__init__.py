"""Persons and organisations the Region deals with. A person is not a login."""
