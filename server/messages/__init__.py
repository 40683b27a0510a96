"""Words between the centre and a technician's phone: kept, delivered at least once, shown as delivered and as read."""
