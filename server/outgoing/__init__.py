"""What leaves the building when a leak stays unaccepted: durable rows, sent by plug-ins (webhook, SMS, voice)."""
