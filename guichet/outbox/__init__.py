"""Deliveries to the outside world: queued with what caused them, tried until sent or given up."""
