"""The phone's SQLite file: jobs as the server sent them, events not yet confirmed, the archive, the cursor."""
